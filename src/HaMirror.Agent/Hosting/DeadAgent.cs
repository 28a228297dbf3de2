// An agent that was killed and cannot end: one of its threads waits in one of its own mounts, which nobody serves any more.
// Its process is a zombie whose descriptors are still open, /dev/fuse and the API's socket among them. Aborting the mounts ends it.
using System.Diagnostics;
using System.Net.Sockets;
using HaMirror.Agent.Modules;
using HaMirror.Io.Hooks;
using HaMirror.Io.Native;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Hosting;

/// <summary>Looks whether an agent of this node lives, and helps a dead one to its end.</summary>
internal static class DeadAgent
{
    private const int KindHaMirror = 1;
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentials = 17; // SO_PEERCRED: process, user, group
    private const int CredentialsBytes = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>A socket that nobody answers on is a dead agent's and is removed; a living one keeps this one from starting.</summary>
    /// <exception cref="IOException">Another agent lives, or does not end.</exception>
    public static void Settle(AgentFiles files)
    {
        var path = files.AgentSocket;
        for (var since = Stopwatch.StartNew(); File.Exists(path); Thread.Sleep(LookInterval))
        {
            if (Owner(path) is not { } owner)
            {
                File.Delete(path);
                return;
            }

            if (ProcessEntry.Read(owner) is { IsAlive: true })
                throw new IOException($"another hamirrord (process {owner}) answers on {path}. Stop it first (systemctl stop hamirrord).");
            if (since.Elapsed > Patience)
                throw new IOException($"an earlier hamirrord (process {owner}) was killed and does not end: a thread of it waits for a disk or a mount. "
                    + "'dmesg' may show which one; when it does not come back only a restart of this host helps.");
            Abort(files);
        }
    }

    private static void Abort(AgentFiles files)
    {
        var catalog = new ModuleCatalog(files, new VersionStore(files, TimeProvider.System));
        foreach (var directory in catalog.Names().SelectMany(name => catalog.Load(name).Active?.Replication?.Directories ?? []))
        {
            if (Shim.MountKind(directory.Path) == KindHaMirror) _ = Shim.FuseAbort(directory.Path); // what stays is StaleMounts' to say
        }
    }

    /// <returns>The process that listens; null: none does.</returns>
    public static int? Owner(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            Span<byte> credentials = stackalloc byte[CredentialsBytes];
            _ = socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
            return BitConverter.ToInt32(credentials);
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
