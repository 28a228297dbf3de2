// A mount of its own over a directory of its own, gone again after the test whatever happens in it.
using System.Diagnostics;
using HaMirror.Core.Configuration;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

internal sealed class ScratchMount : IDisposable
{
    private readonly Process watchdog;
    private readonly int root;
    private readonly int device;
    private readonly string parent;
    private Exception? failure;

    internal ScratchMount(bool writable = true, Func<string, bool>? isReplicated = null, Action<string>? prepare = null, KernelUse? uses = null)
    {
        Shim.RaiseFileLimit();
        parent = Directory.CreateTempSubdirectory("hamirror-fuse-").FullName;
        File.SetUnixFileMode(parent, (UnixFileMode)0b111_101_101);
        Folder = Path.Combine(parent, "vm");
        Directory.CreateDirectory(Folder);
        prepare?.Invoke(Folder);
        root = Shim.Check(Shim.Open(Shim.CurrentDirectory, Folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        Replica = new ReplayedReplica(Path.Combine(parent, "replica"));
        System = new FuseFileSystem(7, root, isReplicated ?? (_ => true)) { Writable = writable, Uses = uses ?? KernelUse.Usual };
        device = Shim.Check(Shim.FuseMount(Folder, "hamirror-test", FuseFileSystem.TransferBytesMax), $"mount {Folder}");
        System.Device = device;
        watchdog = StartWatchdog(Folder);
        Loop = new FuseLoop(System, device, Replica, Failed);
    }

    /// <summary>The mount.</summary>
    internal string Folder { get; }

    /// <summary>The directory underneath, which the mount hides.</summary>
    internal string Underlying => $"/proc/{Environment.ProcessId}/fd/{root}";

    internal ReplayedReplica Replica { get; }

    internal FuseFileSystem System { get; }

    internal FuseLoop Loop { get; }

    internal string At(string name) => Path.Combine(Folder, name);

    /// <summary>Runs a script in the mount; $U is the directory underneath.</summary>
    internal string Run(string script) => Shell.Run(script, Folder, ("U", Underlying));

    internal (int Code, string Output, string Errors) Try(string script) =>
        Shell.Try(script, Folder, ("U", Underlying));

    internal void SwitchWritable(bool writable)
    {
        Loop.Post(() => System.Writable = writable);
        Assert.Equal(0, DropKernelCaches());
    }

    internal int DropKernelCaches()
    {
        KernelCaches? caches = null;
        Loop.Post(() => caches = System.SnapshotKernelCaches());
        return caches!.Drop(device);
    }

    /// <summary>Mount, directory underneath and replayed replica are the same.</summary>
    internal void AssertReplicated(bool times = false)
    {
        var underlying = UnderlyingImage(times);
        Assert.Equal(underlying, TreeImage.Of(Folder, times));
        Assert.Equal(underlying, TreeImage.Of(Replica.Folder, times));
    }

    internal string UnderlyingImage(bool times = false) => TreeImage.Of(root, times);

    public void Dispose()
    {
        Shim.FuseUnmount(Folder, 1);
        Loop.Dispose();
        System.Dispose();
        Replica.Dispose();
        Shim.Close(root);
        watchdog.Kill(entireProcessTree: true);
        watchdog.Dispose();
        Directory.Delete(parent, recursive: true);
        if (failure is not null)
        {
            throw new InvalidOperationException("The loop's thread died.", failure);
        }
    }

    // Whoever waits on the mount must not wait for ever.
    private void Failed(Exception e)
    {
        failure = e;
        Shim.FuseUnmount(Folder, 1);
    }

    // A killed test process cannot abort its mount, and while one of its threads waits on that mount it cannot even die.
    private static Process StartWatchdog(string folder) => Process.Start(new ProcessStartInfo("/usr/bin/setsid",
    [
        "bash", "-c",
        $"while grep -q 'State:.[^ZX]' /proc/{Environment.ProcessId}/status 2>/dev/null; do sleep 1; done; "
            + "umount -f \"$0\"; umount -l \"$0\"; rm -rf --one-file-system \"$(dirname \"$0\")\"",
        folder,
    ]))!;
}
