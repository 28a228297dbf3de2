// Locks of byte ranges as QEMU takes them (open file descriptions) and as databases do (processes): whoever holds one is alone.
using System.Runtime.InteropServices;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Torture;

/// <summary>Takes locks and looks whether they hold.</summary>
internal sealed unsafe partial class LockOperations : IDisposable
{
    private const int SetOfd = 37, SetProcess = 6;
    private const short WriteLock = 1, Unlock = 2;

    private readonly ControlPage _page;
    private readonly long _self;
    private readonly Violations _violations;
    private readonly int _file;

    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type, Whence;
        public long Start, Length;
        public int Process;
    }

    public LockOperations(string directory, ControlPage page, int slot, Violations violations)
    {
        (_page, _violations) = (page, violations);
        _self = (page.Epoch << 8) | (long)(slot + 1);
        _file = Shim.Check(Shim.Open(Shim.CurrentDirectory, Path.Combine(directory, "locks"), OpenFlags.Create | OpenFlags.ReadWrite, 0x1A4), "open the locks");
    }

    /// <returns>0 or -errno.</returns>
    public int Step(Random random)
    {
        var index = random.Next(ControlPage.LockCount);
        var kind = index % 2 == 0 ? SetOfd : SetProcess; // the two exclude each other too, but one process' own do not
        var result = Set(kind, WriteLock, index);
        if (result == -Errno.EAGAIN)
            return 0;
        if (result < 0)
            return result;
        // A holder that was killed left its mark: only marks of this epoch's living count, and the kernel gave its lock back.
        var before = _page.LockHolder(index);
        _page.SetLockHolder(index, _self);
        Thread.SpinWait(random.Next(2000));
        var after = _page.LockHolder(index);
        if (after != _self || (before != 0 && before >> 8 == _self >> 8))
            _violations.Add($"two processes held the lock of byte {index}: {before:X} was there, {after:X} came.");
        _page.SetLockHolder(index, 0);
        return Set(kind, Unlock, index);
    }

    public void Dispose() => _ = Shim.Close(_file);

    private int Set(int command, short type, int index)
    {
        var range = new FileLock { Type = type, Start = index, Length = 1 };
        return Control(_file, command, &range) == 0 ? 0 : -Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, FileLock* range);
}
