// A file system of its own on a loop device, to be broken or hung as a real disk is.
// Broken: EXT4_IOC_SHUTDOWN, after which everything that needs the device is EIO. Hung: the loop device's file lies in a FUSE
// file system (bindfs, a process of its own that nothing else uses) whose process is stopped, so I/O begins and does not end.
using System.Diagnostics;
using System.Runtime.InteropServices;
using HaMirror.Io.Native;
using Xunit;

namespace HaMirror.Files.Tests.Replication;

internal sealed partial class FaultyDisk : IDisposable
{
    private const uint ShutdownRequest = 0x8004587d; // EXT4_IOC_SHUTDOWN
    private const int Stop = 19;
    private const int Continue = 18;
    private const char Stopped = 'T'; // proc_pid_stat(5)
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly string _parent = Directory.CreateTempSubdirectory("hamirror-diskfaults-").FullName;
    private readonly Process? _slow;
    private readonly string _device;

    public FaultyDisk(long bytes = 128 << 20, bool canHang = false)
    {
        File.SetUnixFileMode(_parent, (UnixFileMode)0b111_101_101);
        var lower = System.IO.Directory.CreateDirectory(Path.Combine(_parent, "lower")).FullName;
        var files = lower;
        using (var image = new FileStream(Path.Combine(lower, "disk.img"), FileMode.CreateNew))
            image.SetLength(bytes);
        Mounted = System.IO.Directory.CreateDirectory(Path.Combine(_parent, "disk")).FullName;
        if (canHang)
        {
            files = System.IO.Directory.CreateDirectory(Path.Combine(_parent, "slow")).FullName;
            _slow = Process.Start(new ProcessStartInfo("bindfs", ["-f", lower, files]) { RedirectStandardError = true })!;
            Until(() => File.Exists(Path.Combine(files, "disk.img")), "bindfs serves");
        }
        Run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0", Path.Combine(lower, "disk.img"));
        _device = Run("losetup", "-f", "--show", Path.Combine(files, "disk.img")).Trim();
        Run("mount", _device, Mounted);
    }

    /// <summary>Where its file system is.</summary>
    public string Mounted { get; private set; }

    /// <summary>From now on the device answers nothing but errors.</summary>
    public unsafe void Break()
    {
        var descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, Mounted, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        uint noFlush = 2;
        Assert.Equal(0, Ioctl(descriptor, ShutdownRequest, &noFlush));
        _ = Shim.Close(descriptor);
    }

    /// <summary>From now on the device answers nothing at all.</summary>
    public void Hang()
    {
        // What is cached is no use to a disk that hangs.
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
        Assert.Equal(0, Kill(_slow!.Id, Stop));
        // The signal takes its time, and what is answered meanwhile is no hang.
        Until(() => File.ReadAllText($"/proc/{_slow.Id}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == Stopped, "the disk hangs");
    }

    /// <summary>Mounts it elsewhere.</summary>
    public void MoveTo(string path)
    {
        Until(() => TryRun("umount", Mounted), "the disk is unmounted");
        Mounted = System.IO.Directory.CreateDirectory(path).FullName;
        Run("mount", _device, Mounted);
    }

    /// <summary>Mounts it where it was made.</summary>
    public void MoveBack() => MoveTo(Path.Combine(_parent, "disk"));

    /// <summary>Another disk in its place, with an empty file system.</summary>
    public void Replace()
    {
        Until(() => TryRun("umount", Mounted), "the disk is unmounted");
        Run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", _device);
        Run("mount", _device, Mounted);
    }

    /// <summary>The same disk, well again.</summary>
    public void Repair()
    {
        Until(() => TryRun("umount", Mounted), "the disk is unmounted");
        Run("mount", _device, Mounted);
    }

    public void Resume()
    {
        if (_slow is not null)
            Assert.Equal(0, Kill(_slow.Id, Continue));
    }

    public void Dispose()
    {
        Resume();
        Until(() => TryRun("umount", Mounted), "the disk is unmounted");
        Run("losetup", "-d", _device);
        if (_slow is not null)
        {
            Until(() => TryRun("umount", Path.Combine(_parent, "slow")), "bindfs is unmounted");
            // Where another name space has a copy of its mount it would live as long as that.
            if (!_slow.WaitForExit(EndPatience))
                _slow.Kill();
            _slow.WaitForExit();
            _slow.Dispose();
        }
        System.IO.Directory.Delete(_parent, true);
    }

    private static void Until(Func<bool> condition, string what)
    {
        for (var deadline = DateTime.UtcNow + Patience; !condition(); Thread.Sleep(20))
            Assert.True(DateTime.UtcNow < deadline, $"Waited in vain until {what}.");
    }

    private static bool TryRun(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command}: {error}");
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static unsafe partial int Ioctl(int descriptor, nuint request, uint* argument);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
