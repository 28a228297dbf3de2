// The disk of a node: ext4 in a sparse file on a loop device. Mounted in the machine room, so that both replicas can be read
// beneath every mount of HaMirror's, whose mounts exist in the nodes alone.
using System.Runtime.InteropServices;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>A disk that can lose what was not flushed.</summary>
internal sealed unsafe partial class NodeDisk : IDisposable
{
    /// <summary>EXT4_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH of the kernel's ext4.h.</summary>
    private const nuint Shutdown = 0x8004587d;
    private const uint NoLogFlush = 2;

    private static readonly TimeSpan UnmountLimit = TimeSpan.FromSeconds(30);

    private readonly MachineRoom _room;
    private readonly string _image;
    private readonly string _mount;
    private readonly string _device;

    /// <param name="image">File that is made.</param>
    /// <param name="mount">Directory of the room that it is mounted at.</param>
    public NodeDisk(MachineRoom room, string image, string mount, long bytes)
    {
        (_room, _image, _mount) = (room, image, mount);
        using (var file = new FileStream(image, FileMode.CreateNew))
            file.SetLength(bytes);
        Command.Run(Command.DefaultLimit, "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1", image).Success();
        _device = Command.Run(Command.DefaultLimit, "losetup", "-f", "--show", image).Success();
        Directory.CreateDirectory(mount);
        TurnOn();
    }

    private bool IsMounted => _room.Mounts.Contains($" {_mount} ", StringComparison.Ordinal);

    /// <summary>Mounts it; the journal is replayed.</summary>
    public void TurnOn()
    {
        if (!IsMounted)
            _room.Run("mount", _device, _mount).Success();
    }

    /// <summary>Here and now nothing more reaches the disk, and what was not flushed never will.</summary>
    public void StopWithoutFlush()
    {
        var directory = Shim.Check(Shim.Open(Shim.CurrentDirectory, _room.Door + _mount, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0), $"open {_mount}");
        var flags = NoLogFlush;
        var result = Ioctl(directory, Shutdown, &flags);
        _ = Shim.Close(directory);
        Assert.Equal(0, result);
    }

    /// <summary>Forgets it; once the node is gone. The file system ends only with its last mount, in whatever name space.</summary>
    public void TurnOff()
    {
        Eventually.True(UnmountLimit, $"{_mount} is unmounted", () => !IsMounted || _room.Run("umount", _mount).ExitCode == 0);
        Eventually.Is(UnmountLimit, $"nobody has {_device}", Holders, holders => holders is null);
    }

    /// <summary>Who still has the file system; null: nobody.</summary>
    private string? Holders()
    {
        var device = Shim.Open(Shim.CurrentDirectory, _device, OpenFlags.ReadOnly | OpenFlags.Exclusive | OpenFlags.CloseOnExec, 0);
        if (device >= 0)
        {
            _ = Shim.Close(device);
            return null;
        }
        var holders = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
            try
            {
                if (File.ReadAllText($"{process}/mounts").Contains($"{_device} ", StringComparison.Ordinal)
                    || Directory.GetFiles($"{process}/fd").Any(file => new FileInfo(file).LinkTarget?.StartsWith(_mount, StringComparison.Ordinal) == true))
                    holders.Add($"{Path.GetFileName(process)} ({File.ReadAllText($"{process}/cmdline").Replace('\0', ' ')})");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                continue; // It has ended meanwhile.
            }
        return $"held by {string.Join(", ", holders)}";
    }

    public void Dispose()
    {
        if (IsMounted)
            _room.Run("umount", "-l", _mount);
        Command.Run(Command.DefaultLimit, "losetup", "-d", _device);
        File.Delete(_image);
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int file, nuint request, uint* flags);
}
