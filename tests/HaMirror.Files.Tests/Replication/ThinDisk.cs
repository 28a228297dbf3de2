// A disk whose writes fail for a while, as a thin pool's that is full: a loop device whose file has holes, in a small tmpfs that
// something else fills. What the page cache holds is lost then, and the kernel says so once.
using System.Diagnostics;

namespace HaMirror.Files.Tests.Replication;

internal sealed class ThinDisk : IDisposable
{
    private const int PoolBytes = 24 << 20;
    private const long DiskBytes = 64 << 20;

    private readonly string _parent = Directory.CreateTempSubdirectory("hamirror-thin-").FullName;
    private readonly string _pool;
    private readonly string _device;

    public ThinDisk()
    {
        File.SetUnixFileMode(_parent, (UnixFileMode)0b111_101_101);
        _pool = Directory.CreateDirectory(Path.Combine(_parent, "pool")).FullName;
        Mounted = Directory.CreateDirectory(Path.Combine(_parent, "disk")).FullName;
        Run("mount", "-t", "tmpfs", "-o", $"size={PoolBytes}", "hamirror-thin", _pool);
        var image = Path.Combine(_pool, "disk.img");
        using (var file = new FileStream(image, FileMode.CreateNew))
            file.SetLength(DiskBytes);
        // Without a journal: one that cannot be written would end the whole file system, and with it the transience.
        Run("mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", image);
        _device = Run("losetup", "-f", "--show", image).Trim();
        Run("mount", "-o", "errors=continue", _device, Mounted);
    }

    public string Mounted { get; }

    private string Filler => Path.Combine(_pool, "filler");

    /// <summary>From now on nothing can be written where nothing was before.</summary>
    public void Exhaust()
    {
        using var file = new FileStream(Filler, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        var block = new byte[64 << 10];
        for (var bytes = block.Length; bytes >= 4096; bytes /= 2)
            try
            {
                while (true)
                    file.Write(block, 0, bytes);
            }
            catch (IOException)
            {
                // Full for a block of this size.
            }
    }

    public void Relieve() => File.Delete(Filler);

    public void Dispose()
    {
        Relieve();
        Run("umount", "-l", Mounted); // a session that has ended closes its files a little later
        Run("losetup", "-d", _device);
        Run("umount", "-l", _pool);
        Directory.Delete(_parent, true);
    }

    private static string Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command}: {error}");
    }
}
