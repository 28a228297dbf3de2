using System.Diagnostics;
using System.Globalization;
using HaMirror.Simulator;

// hamirror-simulator --histories N [--seed S] [--threads T] [--without-disk-faults] [--trace]: plays N histories, tells how far it is, and
// ends with one JSON line. Each history that breaks the contract is told by its seed at once.
// ... --shrink S [--mutation NAME]: plays the history of one seed and makes a short story of it.
// ... --play FILE: plays a scenario, whose expectations are left out, and tells its transitions.
// ... --mutations [--shrunk] (last): how many histories it takes to find each of the wrong products, at most N, and its story.
// Exit code 0: no violation; 1: a violation, whose seed and shortest story are printed; 2: wrong arguments.
var histories = 1000;
var seed = Random.Shared.Next(1, 1_000_000_000);
var threads = Environment.ProcessorCount;
var (trace, shrunk, shrinks, mutates, diskFaults) = (false, false, false, false, true);
var mutation = Mutation.None;
var played = new Scenario();
for (var index = 0; index < args.Length; index++)
{
    var next = index + 1 < args.Length ? args[index + 1] : "";
    if (args[index] == "--trace") trace = true;
    else if (args[index] == "--shrunk") shrunk = true;
    else if (args[index] == "--without-disk-faults") diskFaults = false;
    else if (args[index] == "--mutations") mutates = true;
    else if (args[index] == "--histories" && int.TryParse(next, CultureInfo.InvariantCulture, out histories)) index++;
    else if (args[index] == "--threads" && int.TryParse(next, CultureInfo.InvariantCulture, out threads) && threads > 0) index++;
    else if (args[index] is "--seed" or "--shrink" && int.TryParse(next, CultureInfo.InvariantCulture, out seed))
    {
        shrinks |= args[index] == "--shrink";
        index++;
    }
    else if (args[index] == "--play" && File.Exists(next))
    {
        foreach (var block in File.ReadAllText(next).Split("\n\n"))
            foreach (var line in played.Play(block.Split('\n').TakeWhile(line => line != "----"))) Console.WriteLine(line);
        return played.Violation is null ? 0 : 1;
    }
    else if (args[index] == "--mutation" && Mutation.All.FirstOrDefault(known => known.Name == next) is { } named)
    {
        mutation = named;
        index++;
    }
    else
    {
        Console.Error.WriteLine($"'{args[index]}' is not understood. Usage: hamirror-simulator --histories N [--seed S] [--threads T] [--without-disk-faults] [--trace] "
            + "| --shrink S [--without-disk-faults] [--mutation NAME] | --play FILE | --histories N [--seed S] --mutations [--shrunk]");
        return 2;
    }
}

if (mutates)
{
    Parallel.ForEach(Mutation.All.Where(wrong => mutation == Mutation.None || wrong == mutation), new ParallelOptions { MaxDegreeOfParallelism = threads }, wrong =>
    {
        var found = Batch.PlayUntilFound(wrong, histories, seed);
        lock (Mutation.All)
        {
            Console.WriteLine($"{found?.Histories.ToString(CultureInfo.InvariantCulture) ?? "never"}: {wrong}");
            if (shrunk && found is not null) TellShrunk(found.Value.Found, wrong);
        }
    });

    return 0;
}

if (shrinks)
{
    var result = History.Run(seed, mutation: mutation, diskFaults: diskFaults);
    if (result.Violation is null)
    {
        Console.WriteLine($"The history of seed {seed} keeps the contract: there is nothing to shrink.");
        return 0;
    }

    TellShrunk(result, mutation);
    return 1;
}

var watch = Stopwatch.StartNew();
var told = TimeSpan.Zero;
var batch = Batch.Play(histories, seed, threads, diskFaults, progress =>
{
    if (progress.Found is { } found) Console.WriteLine($"VIOLATION seed {found.Story.Options.Seed}: {found.Violation}");
    var elapsed = watch.Elapsed;
    if (elapsed - told < TimeSpan.FromSeconds(10)) return;
    told = elapsed;
    var rate = progress.Played / elapsed.TotalSeconds;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{progress.Played} of {histories} histories, {rate:0}/s, {TimeSpan.FromSeconds((histories - progress.Played) / rate):hh\\:mm\\:ss} left, {progress.Violations} violations"));
});
foreach (var failed in batch.Violations.Take(3))
{
    TellShrunk(failed, Mutation.None);
    Console.WriteLine($"play it again: hamirror-simulator --histories 1 --seed {failed.Story.Options.Seed} --trace{(diskFaults ? "" : " --without-disk-faults")}");
}

if (trace)
    foreach (var line in History.Run(seed, tracing: true, diskFaults: diskFaults).Trace) Console.WriteLine(line);
foreach (var (why, count) in batch.Excuses) Console.WriteLine($"excused: {count} histories: {why}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{{\"histories\":{histories},\"violations\":{batch.Violations.Count},\"seed\":{seed},\"acknowledged\":{batch.Acknowledged},\"seconds\":{watch.Elapsed.TotalSeconds:0.0}}}"));
return batch.Violations.Count == 0 ? 0 : 1;

static void TellShrunk(HistoryResult failed, Mutation mutation)
{
    Console.WriteLine($"# seed {failed.Story.Options.Seed}: {failed.Violation}");
    var story = Shrinking.Shrink(failed, mutation);
    foreach (var line in story.Lines()) Console.WriteLine(line);
    Console.WriteLine("----");
    foreach (var line in new Scenario(mutation).Play(story.Lines())) Console.WriteLine(line);
    Console.WriteLine();
}
