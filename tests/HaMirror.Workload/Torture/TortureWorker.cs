// One of several processes that do at random, on few names, what a file system can be asked for. Most of it fails (a name is
// missing, taken, not empty): part of the game, and equal on both replicas.
using HaMirror.Io.Native;

namespace HaMirror.Workload.Torture;

/// <summary>Works until it is killed; pauses when asked.</summary>
internal sealed class TortureWorker(string directory, string ledgers, int slot)
{
    private const int Failed = 1;
    private const int ParkedPollMs = 2;
    private const int PauseEvery = 8;

    public int Run()
    {
        using var page = new ControlPage(ledgers);
        while (page.Verified != page.Epoch)
            Thread.Sleep(ParkedPollMs);
        var epoch = page.Epoch;
        var violations = new Violations(ledgers, page, epoch, $"torture {slot}");
        using var alive = Alive.Hold(directory, slot);
        var random = new Random(HashCode.Combine(epoch, slot));
        var root = System.IO.Directory.CreateDirectory(Path.Combine(directory, "torture")).FullName;
        using var names = new NameOperations(root, random);
        using var files = new FileOperations(root, random);
        using var locks = new LockOperations(directory, page, slot, violations);
        while (true)
        {
            if (page.Ticket is not 0 and var ticket)
            {
                files.Flush();
                page.Park(slot, ticket);
                while (page.Ticket == ticket)
                    Thread.Sleep(ParkedPollMs);
            }
            var result = random.Next(10) switch
            {
                < 4 => names.Step(),
                9 => locks.Step(random),
                _ => files.Step(),
            };
            page.CountStep(slot);
            // The mount is gone: as for any service, that is its end.
            if (result is -Errno.ENOTCONN or -Errno.ECONNABORTED or -Errno.EIO or -Errno.EROFS)
            {
                Console.Error.WriteLine($"torture {slot} in epoch {epoch} ends: {Errno.Describe(-result)}");
                return Failed;
            }
            if (random.Next(PauseEvery) == 0)
                Thread.Sleep(1);
        }
    }
}
