// Losing versions that are being written out, or put back: one step or two, each of about as many bytes.
// Invariant: what is put back reaches the module through its mount by processes of their own (SalvageDesk); how far such a process is
// is read from its own entry in /proc, never from the mount.
using System.Diagnostics;
using System.Globalization;
using HaMirror.Agent.Operations;
using HaMirror.Io.Preimages;

namespace HaMirror.Agent.Modules;

/// <summary>How far an export or a restoration is, and its end if it is stopped.</summary>
/// <param name="restores">Whether what is written out is put back then.</param>
internal sealed class SalvageTask(bool restores) : IDisposable
{
    /// <summary>Shorter than this a rate says nothing.</summary>
    private static readonly TimeSpan RateTime = TimeSpan.FromSeconds(0.5);

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _cancellation = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _copied;
    private long _copying;
    private volatile string? _file;

    /// <summary>Of what is written out.</summary>
    public SalvageProgress Written { get; } = new();

    public CancellationToken Cancellation => _cancellation.Token;

    /// <summary>What it shows as an operation.</summary>
    public OperationProgress Progress
    {
        get
        {
            var isCopying = _file is not null;
            // Once all is written out it is known how much that was.
            var step = isCopying ? Written.BytesDone : Math.Max(Written.BytesTotal, Written.BytesDone);
            var total = restores ? 2 * step : step;
            var done = Math.Min(Math.Min(Written.BytesDone, step) + Interlocked.Read(ref _copied) + Interlocked.Read(ref _copying), total);
            var rate = _clock.Elapsed > RateTime ? done / _clock.Elapsed.TotalSeconds : 0;
            var text = _file is { } file ? $"{file} is put back." : "The losing versions are written out.";
            return total == 0
                ? new OperationProgress(text)
                : new OperationProgress(text, Math.Min(100.0 * done / total, 99.9), done, total, rate, rate > 0 ? (total - done) / rate : null);
        }
    }

    public void Stop() => _cancellation.Cancel();

    public void Dispose() => _cancellation.Dispose();

    /// <summary>Follows a process that puts a file back until it ends; a stop ends it.</summary>
    public async Task FollowAsync(Process child, string file)
    {
        _file = file;
        await using var stop = Cancellation.Register(child.Kill);
        while (!child.HasExited)
        {
            Interlocked.Exchange(ref _copying, BytesWritten(child.Id));
            await Task.WhenAny(child.WaitForExitAsync(), Task.Delay(LookPeriod));
        }
        Interlocked.Exchange(ref _copying, 0);
        Cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>A file is back.</summary>
    /// <param name="bytes">Of its data.</param>
    public void PutBack(long bytes) => Interlocked.Add(ref _copied, bytes);

    private static long BytesWritten(int process)
    {
        const string written = "wchar: ";
        try
        {
            return File.ReadLines($"/proc/{process}/io").FirstOrDefault(line => line.StartsWith(written, StringComparison.Ordinal)) is { } line
                ? long.Parse(line[written.Length..], CultureInfo.InvariantCulture)
                : 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0; // It has just ended.
        }
    }
}
