// One agent of a node at a time, to the last of its threads.
// An agent that has ended in order may still have a thread in a disk that hangs. Its process stays until the disk answers, and what it
// was writing lands then: over what the next agent has copied meanwhile. The kernel keeps a lock until the last thread of its process
// has ended, so the lock says it, whether the agent was killed or ended by itself.
using System.Diagnostics;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Hosting;

/// <summary>Held from the agent's start to the end of its process.</summary>
internal static class AgentLock
{
    /// <summary>Never closed: an agent that has ended in order gives nothing back that a thread of its may still use.</summary>
    public static IDisposable? Held { get; private set; }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    /// <exception cref="IOException">An earlier agent has not ended yet.</exception>
    public static void Take(AgentFiles files)
    {
        for (var since = Stopwatch.StartNew(); ; Thread.Sleep(LookInterval))
            try
            {
                // FileShare.None is flock(2); children do not inherit it.
                Held = new FileStream(files.AgentLockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return;
            }
            catch (IOException failure)
            {
                if (since.Elapsed < Patience) continue;
                throw new IOException(
                    $"an earlier hamirrord holds {files.AgentLockFile} and has not ended: one of its threads waits for a disk or a mount, and what it was writing "
                    + "may still land. 'dmesg' may show which disk; repair or replace it. When it does not come back only a restart of this host helps.", failure);
            }
    }
}
