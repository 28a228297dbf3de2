// Writes to a module's mount and flushes, all the time, as a guest does; what it measures is what a guest would feel.
using System.Diagnostics;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A guest's disk at work.</summary>
internal sealed class SteadyWriter : IDisposable
{
    private const int WriteBytes = 64 << 10, FileBytes = 16 << 20;

    private readonly Lock _lock = new();
    private readonly Thread _thread;
    private volatile bool _end;
    private long _writes;
    private double _longest;
    private Exception? _failure;

    public SteadyWriter(string path)
    {
        _thread = new Thread(() => Run(path)) { IsBackground = true, Name = "writer" };
        _thread.Start();
    }

    /// <summary>Flushed writes in the time, and the longest of them in seconds; counts anew from here on.</summary>
    public async Task<(double PerSecond, double Longest)> MeasureAsync(TimeSpan time)
    {
        lock (_lock) (_writes, _longest) = (0, 0);
        var clock = Stopwatch.StartNew();
        await Task.Delay(time); // What is measured takes this long; nothing is waited for.
        return Taken(clock);
    }

    /// <summary>As above, while something else goes on.</summary>
    public async Task<(double PerSecond, double Longest)> MeasureAsync(Func<Task> meanwhile)
    {
        lock (_lock) (_writes, _longest) = (0, 0);
        var clock = Stopwatch.StartNew();
        await meanwhile();
        return Taken(clock);
    }

    public void Dispose()
    {
        _end = true;
        _thread.Join(AgentProcess.Patience);
    }

    private (double PerSecond, double Longest) Taken(Stopwatch clock)
    {
        lock (_lock)
        {
            Assert.True(_failure is null, $"Writing failed: {_failure}");
            return (_writes / clock.Elapsed.TotalSeconds, _longest);
        }
    }

    private void Run(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, 0);
            var block = new byte[WriteBytes];
            for (long at = 0; !_end; at = (at + WriteBytes) % FileBytes)
            {
                Random.Shared.NextBytes(block.AsSpan(0, 64));
                var clock = Stopwatch.StartNew();
                file.Seek(at, SeekOrigin.Begin);
                file.Write(block);
                file.Flush(flushToDisk: true);
                lock (_lock)
                {
                    _writes++;
                    _longest = Math.Max(_longest, clock.Elapsed.TotalSeconds);
                }
            }
        }
        catch (Exception error)
        {
            lock (_lock) _failure = error;
        }
    }
}
