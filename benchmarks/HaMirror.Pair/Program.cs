// Two data paths as two processes, for measuring and for hunting stalls: see Arguments.Usage.
using System.Runtime.InteropServices;
using HaMirror.Pair;

const PosixSignal UserSignal = (PosixSignal)10, OtherUserSignal = (PosixSignal)12; // SIGUSR1, SIGUSR2
if (ResyncArguments.Parse(args) is { } resync)
{
    if (await new ResyncMeasurement(resync).RunAsync() is not { } sentence)
        return 0;
    Console.Error.WriteLine(sentence);
    return 1;
}
if (Arguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(Arguments.Usage);
    Console.Error.WriteLine(ResyncArguments.Usage);
    return 2;
}
var nodes = Enumerable.Range(0, arguments.Modules).Select(module => new PairNode(arguments.Of(module))).ToList();
using var figures = new ProcessFigures([.. nodes.Select(node => node.Storage)]);
var watches = nodes.Select(node => new StallWatch(node.Storage)).ToList();
var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
using var describe = PosixSignalRegistration.Create(UserSignal, context =>
{
    context.Cancel = true;
    foreach (var node in nodes)
        PairNode.Say(StallWatch.Describe(node.Storage));
});
using var tell = PosixSignalRegistration.Create(OtherUserSignal, context =>
{
    context.Cancel = true;
    Console.WriteLine(figures.Tell());
});
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    foreach (var node in nodes)
        if (await node.StartAsync() is { } failure)
        {
            Console.Error.WriteLine(failure);
            return 1;
        }
    PairNode.Say(await await Task.WhenAny(nodes.Select(node => node.Ended.Task).Append(ended.Task)));
    return 0;
}
finally
{
    watches.ForEach(watch => watch.Dispose());
    nodes.ForEach(node => node.Dispose());
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    ended.TrySetResult("It was told to end.");
}
