// The bindings, each through a call that shows that arguments arrive in their places. The C tests cover behaviour.
using System.Text;
using HaMirror.Io.Native;

namespace HaMirror.Io.Tests.Native;

public sealed unsafe class ShimTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hamirror-shim").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Crc32C_CheckValue_MatchesCore()
    {
        fixed (byte* at = "123456789"u8)
        {
            Assert.Equal(0xe3069283u, Shim.Crc32C(0, at, 9));
            Assert.Equal(Core.Wire.Crc32C.Compute(new ReadOnlySpan<byte>(at, 9)), Shim.Crc32C(0, at, 9));
        }
    }

    [Fact]
    public void Files_WrittenAndRead_AreEqual()
    {
        var directory = Shim.Check(Shim.Open(Shim.CurrentDirectory, folder, OpenFlags.Directory, 0), "open " + folder);
        var file = Shim.Check(
            Shim.Open(directory, "täst", OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.ReadWrite, 0x180), "make a file");
        fixed (byte* text = "hello"u8)
        {
            Assert.Equal(5, Shim.WriteAt(file, text, 5, 4096));
        }

        var back = stackalloc byte[8];
        Assert.Equal(5, Shim.ReadAt(file, back, 8, 4096));
        Assert.Equal("hello", Encoding.UTF8.GetString(back, 5));
        Assert.Equal(4096, Shim.Seek(file, 0, 3));
        Assert.Equal(0, Shim.SetTimes(file, 11, 12, 13, 14));
        NativeStat stat;
        Assert.Equal(0, Shim.StatAt(directory, "täst", &stat));
        Assert.Equal((4101ul, 11L, 12u, 13L, 14u, 1u), (stat.Size, stat.AccessSeconds, stat.AccessNanoseconds,
            stat.ModifySeconds, stat.ModifyNanoseconds, stat.Links));
        Assert.Equal(0x8180u, stat.Mode);
        Assert.Equal(0, Shim.Close(file));
        Assert.Equal(0, Shim.Close(directory));
        Assert.True(File.Exists(Path.Combine(folder, "täst")));
    }

    [Fact]
    public void Check_FailedCall_NamesThingAndError()
    {
        var refused = Assert.Throws<ShimException>(
            () => Shim.Check(Shim.Open(Shim.CurrentDirectory, "/none/at/all", 0, 0), "open /none/at/all"));
        Assert.Equal("Cannot open /none/at/all: no such file or directory (ENOENT).", refused.Message);
        Assert.Equal(Errno.ENOENT, refused.Errno);
    }

    [Fact]
    public void Ring_WriteAndFlush_CompletesBoth()
    {
        using var ring = Shim.RingCreate(8);
        Assert.False(ring.IsInvalid);
        var file = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, Path.Combine(folder, "f"), OpenFlags.Create | OpenFlags.ReadWrite, 0x180), "open");
        using var block = new PageBlock(4096);
        block.Address[4095] = 9;
        var ios = stackalloc NativeIo[2];
        ios[0] = new NativeIo
        {
            Operation = NativeIoOperation.Write, Descriptor = file, Data = block.Address, Bytes = 4096, User = 7,
        };
        ios[1] = new NativeIo { Operation = NativeIoOperation.Fsync, Descriptor = file, User = 8 };
        Assert.Equal(2, Shim.RingSubmit(ring, ios, 2));
        var taken = stackalloc NativeDone[2];
        var done = new List<(ulong User, long Result)>();
        var poll = new NativePoll { Descriptor = Shim.RingDescriptor(ring), Events = NativePoll.In };
        while (done.Count < 2 && Shim.Poll(&poll, 1, 30000) == 1)
        {
            var count = Shim.RingHarvest(ring, taken, 2);
            for (var i = 0; i < count; i++)
            {
                done.Add((taken[i].User, taken[i].Result));
            }
        }

        Assert.Equal([(7ul, 4096L), (8ul, 0L)], done.Order());
        Assert.Equal(9, File.ReadAllBytes(Path.Combine(folder, "f"))[4095]);
        Shim.Close(file);
    }

    [Fact]
    public void Event_SignalledByAnotherThread_EndsPoll()
    {
        var descriptor = Shim.Check(Shim.EventCreate(), "make an event");
        var signaller = new Thread(() => Shim.EventSignal(descriptor));
        signaller.Start();
        var poll = new NativePoll { Descriptor = descriptor, Events = NativePoll.In };
        Assert.Equal(1, Shim.Poll(&poll, 1, 30000));
        Assert.Equal(NativePoll.In, poll.Happened);
        signaller.Join();
        Shim.EventClear(descriptor);
        Assert.Equal(0, Shim.Poll(&poll, 1, 0));
        Shim.Close(descriptor);
    }

    [Fact]
    public void Describe_AnyNumber_HasWords()
    {
        Assert.Equal("no space left on the file system (ENOSPC)", Errno.Describe(-Errno.ENOSPC));
        Assert.Equal("error 4000", Errno.Describe(4000));
    }
}
