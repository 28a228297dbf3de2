// The two nodes that benchmarks/nodes.sh made: what runs on which of them.
using System.Diagnostics;
using System.Globalization;

namespace HaMirror.Comparison.Figures;

/// <summary>One of them.</summary>
/// <param name="Holder">A process in its network name space.</param>
/// <param name="Directory">Its disk.</param>
internal sealed record BenchNode(int Holder, string Directory, string Address);

/// <summary>Both, and the programs that are measured.</summary>
/// <param name="Pair">The command of HaMirror.Pair, its words between blanks.</param>
/// <param name="Floor">The floor program.</param>
/// <param name="Proc">See <see cref="CpuClock.Read"/>.</param>
internal sealed record TwoNodes(BenchNode A, BenchNode B, string Pair, string Floor, string Proc)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static TwoNodes Parse(Options options) => new(
        new BenchNode((int)options.Number("holder-a"), options.Text("a"), options.Text("ip-a")),
        new BenchNode((int)options.Number("holder-b"), options.Text("b"), options.Text("ip-b")),
        options.Text("pair"), options.Text("floor"), options.Text("proc"));

    /// <summary>Starts a program on a node.</summary>
    public static Process Start(BenchNode node, IEnumerable<string> words, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("nsenter") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--net=/proc/{node.Holder}/ns/net"));
        foreach (var word in words)
        {
            start.ArgumentList.Add(word);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a program on a node to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="FormatException">It failed; the message says how.</exception>
    public static async Task<string> RunAsync(BenchNode node, IEnumerable<string> words, CancellationToken cancellation)
    {
        var command = words.ToList();
        using var process = Start(node, command);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        var (text, complaints) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new FormatException($"{command[0]} was not through after {Patience.TotalMinutes:0} min.");
        }

        return process.ExitCode == 0
            ? await text
            : throw new FormatException($"{string.Join(' ', command.Take(3))} failed: {(await complaints + await text).Trim()}");
    }

    /// <summary>One TCP stream from a to b: MB/s, CPU seconds of its sender for each GB, and whether a zero-copy one was copied.</summary>
    public async Task<(double Rate, double CpuPerGb, bool Copied)> StreamAsync(bool zeroCopy, int port, int mebibytes, CancellationToken cancellation)
    {
        using var drain = Start(B, [Floor, "drain", $"{B.Address}:{port}"]);
        try
        {
            var words = (await RunAsync(
                A, [Floor, "pour", zeroCopy ? "zero-copy" : "plain", $"{B.Address}:{port}", mebibytes.ToString(CultureInfo.InvariantCulture)], cancellation)).Trim().Split(' ');
            var (seconds, cpu, bytes) = (Number(words[0]), Number(words[1]), (double)mebibytes * (1 << 20));
            return (bytes / seconds / 1e6, cpu / bytes * 1e9, words.Length > 2);
        }
        finally
        {
            drain.Kill();
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
