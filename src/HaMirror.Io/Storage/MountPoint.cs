// One replicated directory: the underlying directory held by descriptor, the mount over it, and the answers on their way.
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>A mounted directory. Belongs to the pump's thread once the pump runs.</summary>
internal sealed unsafe class MountPoint : IDisposable
{
    private readonly PageBlock _replies = new(SlotTable.Count * sizeof(NativeReply));
    private readonly int[] _slots = new int[SlotTable.Count];
    private Task _dropping = Task.CompletedTask;
    private int _count;

    private MountPoint(int root, string path, int descriptor, FuseFileSystem system, Func<string, bool> isReplicated) =>
        (Root, Path, Descriptor, System, IsReplicated) = (root, path, descriptor, system, isReplicated);

    /// <summary>Index in the module's list of directories.</summary>
    public int Root { get; }

    public string Path { get; }

    /// <summary>The underlying directory.</summary>
    public int Descriptor { get; }

    /// <summary>Of /dev/fuse; -1 before the mount was made and after it has gone.</summary>
    public int Device { get; private set; } = -1;

    public FuseFileSystem System { get; }

    public Func<string, bool> IsReplicated { get; }

    /// <summary>It is being unmounted: that the kernel says so is no failure.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Lets changes in or refuses them, and has the kernel forget what it cached under the other rule.</summary>
    public void SetWritable(bool writable)
    {
        if (System.Writable == writable)
            return;
        System.Writable = writable;
        if (Device < 0)
            return;
        var caches = System.SnapshotKernelCaches();
        var device = Device;
        // Another thread, because the kernel may wait for answers of the pump; one after the other, because the second
        // list is the newer one.
        _dropping = _dropping.ContinueWith(
            _ => caches.Drop(device), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public bool HasAnswers => _count > 0;

    /// <summary>Takes the underlying directory; nothing is mounted yet.</summary>
    /// <exception cref="IOException">It cannot be had; the message is a sentence.</exception>
    public static MountPoint Open(int root, string path, Func<string, bool> isReplicated)
    {
        const int currentDirectory = -100; // AT_FDCWD, where an absolute path is the operator's own
        var descriptor = Shim.Open(
            currentDirectory, path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
            throw new IOException(descriptor == -Errno.ENOENT
                ? $"The replicated directory {path} does not exist: create it, or correct the path in userconfig.xml."
                : $"The replicated directory {path} cannot be opened: {Errno.Describe(descriptor)}.");
        try
        {
            return new MountPoint(root, path, descriptor, new FuseFileSystem(root, descriptor, isReplicated), isReplicated);
        }
        catch
        {
            _ = Shim.Close(descriptor);
            throw;
        }
    }

    /// <exception cref="IOException">The mount cannot be made; the message is a sentence.</exception>
    public void Mount(string name)
    {
        var device = Shim.FuseMount(Path, name, (uint)System.Uses.RequestBytes);
        System.Device = device;
        Device = device >= 0
            ? device
            : throw new IOException(device == -Errno.ENOENT || device == -Errno.ENODEV
                ? $"{Path} cannot be mounted: /dev/fuse is missing. Load the kernel module fuse (modprobe fuse)."
                : $"{Path} cannot be mounted: {Errno.Describe(device)}.");
    }

    /// <returns>Null, or why the mount is still there, as a sentence.</returns>
    public string? Unmount(bool abort)
    {
        if (Device < 0)
            return null;
        var result = Shim.FuseUnmount(Path, abort ? 1 : 0);
        return result is 0 or -Errno.EINVAL or -Errno.ENOENT ? null : $"{Path} cannot be unmounted: {Errno.Describe(result)}.";
    }

    /// <summary>The kernel says that the mount has gone.</summary>
    public void Gone()
    {
        _count = 0;
        if (Device < 0)
            return;
        // Not before the last list was dropped: its number must not become another file's meanwhile.
        var device = Device;
        Device = System.Device = -1;
        _dropping = _dropping.ContinueWith(
            _ => Shim.Close(device), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Puts the answer of a slot into the next batch.</summary>
    public void Answer(Slot slot)
    {
        ((NativeReply*)_replies.Address)[_count] = slot.Request.ToReply();
        _slots[_count++] = slot.Index;
        slot.Answered = true;
    }

    /// <summary>Sends the batch.</summary>
    /// <returns>The slots whose answers have left; valid until the next call of <see cref="Answer"/>.</returns>
    public ReadOnlySpan<int> SendAnswers()
    {
        var count = _count;
        _count = 0;
        if (count > 0 && Device >= 0)
        {
            var sent = Shim.FuseReply(Device, (NativeReply*)_replies.Address, count);
            if (sent < 0 && sent is not (-Errno.ENODEV or -Errno.ENOTCONN))
                throw new IOException($"Requests on {Path} cannot be answered: {Errno.Describe(sent)}.");
        }
        return _slots.AsSpan(0, count);
    }

    /// <summary>After the pump has ended.</summary>
    public void Dispose()
    {
        Gone();
        _dropping.Wait();
        System.Dispose();
        _ = Shim.Close(Descriptor);
        _replies.Dispose();
    }
}
