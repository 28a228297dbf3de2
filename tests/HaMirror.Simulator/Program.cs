using System.Diagnostics;
using System.Globalization;
using HaMirror.Simulator;

// hamirror-simulator --histories N [--seed S] [--trace]: plays N histories and ends with one JSON line.
// ... --mutations (last): how many histories it takes to find each of the wrong products, at most N.
// Exit code 0: no violation; 1: a violation, whose seed and trace are printed; 2: wrong arguments.
var histories = 1000;
var seed = Random.Shared.Next(1, 1_000_000_000);
var trace = false;
for (var index = 0; index < args.Length; index++)
{
    var next = index + 1 < args.Length ? args[index + 1] : "";
    if (args[index] == "--trace") trace = true;
    else if (args[index] == "--mutations")
    {
        foreach (var mutation in Mutation.All)
            Console.WriteLine($"{Batch.PlayUntilFound(mutation, histories, seed)?.ToString(CultureInfo.InvariantCulture) ?? "never"}: {mutation}");
        return 0;
    }
    else if (args[index] == "--histories" && int.TryParse(next, CultureInfo.InvariantCulture, out histories)) index++;
    else if (args[index] == "--seed" && int.TryParse(next, CultureInfo.InvariantCulture, out seed)) index++;
    else
    {
        Console.Error.WriteLine($"'{args[index]}' is not understood. Usage: hamirror-simulator --histories N [--seed S] [--trace] [--mutations]");
        return 2;
    }
}

var watch = Stopwatch.StartNew();
var batch = Batch.Play(histories, seed, Environment.ProcessorCount);
foreach (var failed in batch.Violations.Take(3))
{
    Console.WriteLine($"history of seed {failed.Seed}: {failed.Violation}");
    foreach (var line in History.Run(failed.Seed, tracing: true).Trace) Console.WriteLine($"  {line}");
    Console.WriteLine($"play it again: hamirror-simulator --histories 1 --seed {failed.Seed} --trace");
}

if (trace && batch.Violations.Count == 0)
    foreach (var line in History.Run(seed, tracing: true).Trace) Console.WriteLine(line);
foreach (var (why, count) in batch.Excuses) Console.WriteLine($"excused: {count} histories: {why}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{{\"histories\":{histories},\"violations\":{batch.Violations.Count},\"seed\":{seed},\"acknowledged\":{batch.Acknowledged},\"seconds\":{watch.Elapsed.TotalSeconds:0.0}}}"));
return batch.Violations.Count == 0 ? 0 : 1;
