// A module's service that remembers. At its start it looks for everything that any service before it was promised, on
// whichever node; what is missing is a violation. Then each job works on a thread of its own, until the process is killed.
using HaMirror.Workload.Jobs;

namespace HaMirror.Workload;

/// <summary>Writes, and knows what was acknowledged.</summary>
/// <param name="isImage">Nothing but random writes to a large sparse image, as fast as they are answered; else a bit of
/// everything.</param>
internal sealed class Service(string directory, string ledgers, string node, bool isImage)
{
    public const int Slot = 0;

    private const int Failed = 1, Violated = 3;

    /// <summary>Between two steps of a job, in ms at most: two nodes and their disks share a small machine.</summary>
    private const int PauseMsMax = 2;

    private const int ParkedPollMs = 2;

    private readonly ControlPage _page = new(ledgers);
    private readonly Barrier _parking = new(0);
    private volatile string? _failure;

    public int Run()
    {
        var epoch = _page.BeginEpoch();
        var violations = new Violations(ledgers, _page, epoch, node);
        for (var index = 0; index < ControlPage.LockCount; index++)
            _page.SetLockHolder(index, 0);
        using var alive = Alive.Hold(directory, Slot);
        var jobs = Jobs(violations);
        var plain = _page.PlainWritesCount;
        var wrong = jobs.SelectMany(job => job.Verify(plain)).ToArray();
        foreach (var text in wrong)
            violations.Add($"lost: {text}");
        if (wrong.Length > 0)
            return Violated;
        foreach (var job in jobs)
            job.Begin();
        _page.Verified = epoch;
        _parking.AddParticipants(jobs.Length);
        var threads = jobs.Select((job, index) => new Thread(() => Work(job, new Random(HashCode.Combine(epoch, index))))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Console.Error.WriteLine($"epoch {epoch} on {node} ends: {_failure}");
        return Failed;
    }

    private Job[] Jobs(Violations violations) => isImage
        ? [new BlocksJob(directory, ledgers, violations, SparseImage.File, SparseImage.BlockCount, SparseImage.Layout, direct: true)]
        :
        [
            new RecordsJob(directory, ledgers, violations),
            new NamesJob(directory, ledgers, violations),
            new BlocksJob(directory, ledgers, violations, file: 1, blockCount: 4096, BlockLayout.Dense, direct: false),
            new BlocksJob(directory, ledgers, violations, file: 2, blockCount: 8192, BlockLayout.Dense, direct: true),
            new BlocksJob(directory, ledgers, violations, file: 3, blockCount: 1024, new BlockLayout(1, 2053), direct: false),
        ];

    private void Work(Job job, Random random)
    {
        try
        {
            while (_failure is null)
            {
                if (_page.Ticket is not 0 and var ticket)
                    Park(job, ticket);
                job.Step(random);
                _page.CountStep(Slot);
                if (!isImage)
                    Thread.Sleep(random.Next(PauseMsMax + 1));
            }
        }
        catch (Exception error)
        {
            // The mount is gone, or went read-only: as for any service, that is its end.
            _failure ??= $"{job.Name}: {error.Message}";
            Environment.Exit(Failed);
        }
    }

    private void Park(Job job, long ticket)
    {
        job.Flush();
        _parking.SignalAndWait();
        _page.Park(Slot, ticket);
        while (_page.Ticket == ticket)
            Thread.Sleep(ParkedPollMs);
    }
}
