// One export or import on a thread of its own.
using System.Diagnostics;
using HaMirror.Core.Api;
using HaMirror.Io.Replication;
using HaMirror.Io.Seeds;

namespace HaMirror.Agent.Modules;

/// <summary>A copy that runs, or has ended.</summary>
internal sealed class SeedTask : IDisposable
{
    /// <summary>Shorter than this a rate says nothing.</summary>
    private static readonly TimeSpan RateTime = TimeSpan.FromSeconds(0.5);

    private readonly CancellationTokenSource _cancellation = new();
    private readonly DateTimeOffset _begun;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly TreeCopy _copy;
    private readonly Task _task;
    private string? _end;
    private volatile bool _running = true;

    /// <param name="view">Disposed at the end.</param>
    /// <param name="finish">What makes a whole copy one; not called when it broke off.</param>
    /// <param name="ended">Told why it broke off; null: it ended well.</param>
    public SeedTask(SeedRequest request, ReplicaView view, TreeCopy copy, DateTimeOffset begun, Action<TreeCopy> finish, Action<string?> ended)
    {
        (Request, _copy, _begun) = (request, copy, begun);
        _task = Task.Factory.StartNew(() => Run(view, finish, ended), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public SeedRequest Request { get; }

    public bool Running => _running;

    public void Stop() => _cancellation.Cancel();

    public void Dispose()
    {
        Stop();
        _task.Wait();
        _cancellation.Dispose();
    }

    public SeedReport Report(string module, string node)
    {
        var (total, done, seconds) = (_copy.BytesTotal, _copy.BytesDone, _clock.Elapsed);
        var rate = seconds > RateTime ? done / seconds.TotalSeconds : 0;
        return new SeedReport(
            module, node, Request.Action, Request.Directory, _running, Volatile.Read(ref _end), _begun, _copy.Files, total, done, rate,
            rate > 0 && _running && total > 0 ? Math.Max(total - done, 0) / rate : null,
            !_running && _end is null ? 100 : total == 0 ? 0 : Math.Min(100.0 * done / total, 99.9));
    }

    private void Run(ReplicaView view, Action<TreeCopy> finish, Action<string?> ended)
    {
        try
        {
            using (view)
                _copy.Run(_cancellation.Token);
            finish(_copy);
        }
        catch (OperationCanceledException)
        {
            Volatile.Write(ref _end, "It was stopped by an operator; begun again, it starts from the beginning.");
        }
        catch (Exception failure)
        {
            Volatile.Write(ref _end, failure.Message); // Of whatever kind: a copy that broke off must not look whole.
        }
        finally
        {
            _clock.Stop();
            _running = false;
            ended(Volatile.Read(ref _end));
        }
    }
}
