// Two processes of HaMirror.Pair, from their start until both are told to end.
// Invariant: a run that is disposed of has ended and left no mount, so that its directories can be used again.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HaMirror.Comparison.Figures;

/// <summary>A pair that runs.</summary>
internal sealed partial class PairRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly End _source;
    private End? _target;

    private PairRun(End source) => _source = source;

    /// <summary>Seconds until each module was ready, from the begin of the source's work.</summary>
    public IReadOnlyList<double> FromStart { get; private set; } = [];

    /// <summary>And from its link.</summary>
    public IReadOnlyList<double> FromLink { get; private set; } = [];

    /// <summary>Seconds that the first module of the source needed to be mounted.</summary>
    public double MountSeconds { get; private set; }

    /// <summary>Both ends' process ids.</summary>
    public int[] Processes => [_source.Process.Id, _target!.Process.Id];

    public bool IsReady => FromLink.Count > 0;

    /// <summary>Starts both.</summary>
    /// <param name="name">A directory beneath each node's.</param>
    public static async Task<PairRun> StartAsync(
        TwoNodes nodes, string name, int port, int modules, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellation, params string[] options)
    {
        string[] Words(string role, BenchNode node) =>
        [
            .. nodes.Pair.Split(' '), role, Path.Combine(node.Directory, name), $"{nodes.A.Address}:{port.ToString(CultureInfo.InvariantCulture)}",
            "--locktimeout", "30", "--modules", modules.ToString(CultureInfo.InvariantCulture), .. options,
        ];
        var run = new PairRun(new End(TwoNodes.Start(nodes.A, Words("source", nodes.A), environment)));
        try
        {
            await WaitAsync(() => Listens(nodes.A, port + modules - 1), run._source, "listen", cancellation);
            run._target = new End(TwoNodes.Start(nodes.B, Words("target", nodes.B), environment));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until all modules are ready.</summary>
    public async Task ReadyAsync(int modules, CancellationToken cancellation)
    {
        await WaitAsync(() => _source.Count("READY") >= modules, _source, "become ready", cancellation, _target!);
        var said = _source.Lines("READY").Select(line => ReadyLine().Match(line)).ToList();
        MountSeconds = double.Parse(MountedLine().Match(_source.Lines("MOUNTED")[0]).Groups[1].Value, CultureInfo.InvariantCulture);
        FromStart = [.. said.Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        FromLink = [.. said.Select(match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))];
    }

    /// <summary>All modules are ready by now.</summary>
    public bool HasBecomeReady(int modules) => _source.Count("READY") >= modules;

    /// <summary>What the processes cost: the source's answer, then the target's.</summary>
    public async Task<(ProcessFigures Source, ProcessFigures Target)> FiguresAsync(CancellationToken cancellation) =>
        (await AskAsync(_source, cancellation), await AskAsync(_target!, cancellation));

    public async ValueTask DisposeAsync()
    {
        foreach (var end in new[] { _target, _source })
        {
            if (end is null)
            {
                continue;
            }

            Signal(end.Process, "TERM");
            using var limit = new CancellationTokenSource(Patience);
            await end.Process.WaitForExitAsync(limit.Token);
            end.Process.Dispose();
        }
    }

    private static async Task<ProcessFigures> AskAsync(End end, CancellationToken cancellation)
    {
        var before = end.Count("FIGURES");
        Signal(end.Process, "USR2");
        await WaitAsync(() => end.Count("FIGURES") > before, end, "tell its figures", cancellation);
        var line = end.Lines("FIGURES").Last();
        return JsonSerializer.Deserialize(line[line.IndexOf('{', StringComparison.Ordinal)..], ProcessFiguresJson.Default.ProcessFigures)!;
    }

    private static void Signal(Process process, string name)
    {
        // One end ends by itself when the other one does: that it is gone already is no failure.
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    private static bool Listens(BenchNode node, int port)
    {
        // State 0A is LISTEN; addresses are written in the machine's byte order, ports are not.
        var end = $":{port.ToString("X4", CultureInfo.InvariantCulture)} ";
        return File.ReadLines($"/proc/{node.Holder.ToString(CultureInfo.InvariantCulture)}/net/tcp")
            .Any(line => line.Contains(end, StringComparison.Ordinal) && line.Contains(" 0A ", StringComparison.Ordinal));
    }

    private static async Task WaitAsync(Func<bool> isThere, End end, string what, CancellationToken cancellation, params End[] others)
    {
        for (var clock = Stopwatch.StartNew(); !isThere(); await Task.Delay(5, cancellation))
        {
            if (clock.Elapsed > Patience || others.Prepend(end).Any(one => one.Process.HasExited))
            {
                throw new FormatException($"HaMirror's data paths did not {what}: {string.Join(' ', others.Prepend(end).Select(one => one.Tail()))}");
            }
        }
    }

    [GeneratedRegex(@"READY after ([\d.]+) s, ([\d.]+) s from the link")]
    private static partial Regex ReadyLine();

    [GeneratedRegex(@"MOUNTED after ([\d.]+) s")]
    private static partial Regex MountedLine();

    /// <summary>One process and what it has said.</summary>
    private sealed class End
    {
        private readonly List<string> _said = [];

        public End(Process process)
        {
            Process = process;
            process.OutputDataReceived += (_, line) => Take(line.Data);
            process.ErrorDataReceived += (_, line) => Take(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public int Count(string word) => Lines(word).Count;

        public List<string> Lines(string word)
        {
            lock (_said)
            {
                return [.. _said.Where(line => line.Contains(word, StringComparison.Ordinal))];
            }
        }

        public string Tail()
        {
            lock (_said)
            {
                return string.Join(" | ", _said.TakeLast(3));
            }
        }

        private void Take(string? line)
        {
            lock (_said)
            {
                if (line is not null)
                {
                    _said.Add(line);
                }
            }
        }
    }
}
