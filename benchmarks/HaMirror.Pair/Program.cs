// Two data paths as two processes, for measuring and for hunting stalls: see Arguments.Usage.
using System.Runtime.InteropServices;
using HaMirror.Pair;

const PosixSignal UserSignal = (PosixSignal)10; // SIGUSR1
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
using var node = new PairNode(arguments);
using var watch = new StallWatch(node.Storage);
var ended = node.Ended;
using var describe = PosixSignalRegistration.Create(UserSignal, context =>
{
    context.Cancel = true;
    PairNode.Say(StallWatch.Describe(node.Storage));
});
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
if (await node.StartAsync() is { } failure)
{
    Console.Error.WriteLine(failure);
    return 1;
}
PairNode.Say(await ended.Task);
return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    ended.TrySetResult("It was told to end.");
}
