using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using HaMirror.Core.Extents;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Tests.Peer;

namespace HaMirror.Files.Tests.Target;

public sealed unsafe class TargetSessionTests
{
    internal static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static NamespaceChange Create(string path, uint mode = 0x81A4) =>
        new(ChangeKind.Create, 0, path) { Mask = AttributeMask.Mode | AttributeMask.Owner, Mode = mode, Uid = 12, Gid = 34 };

    internal static byte[] Length(ulong bytes)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, bytes);
        return payload;
    }

    [Fact]
    public void Flush_FileEverythingAndDurableWrite_EachIsAnswered()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        target.Source.Bind(2, "");
        var wanted = new List<ulong>();
        for (var round = 0; round < 20; round++)
        {
            target.Source.Send(FrameType.Write, Bytes(4096, round), 1, (ulong)round * 4096);
            wanted.Add(target.Source.Send(FrameType.Flush, file: 1, flags: FrameFlags.DataOnly));
            wanted.Add(target.Source.Send(FrameType.Write, Bytes(4096, round), 1, (ulong)round * 4096, flags: FrameFlags.Durable));
            wanted.Add(target.Source.Send(FrameType.Flush, file: 2));
        }
        wanted.Add(target.Source.Send(FrameType.Flush));
        var answered = new HashSet<ulong>();
        while (answered.Count < wanted.Count)
            Assert.True(answered.Add(target.Source.Expect(FrameType.Flushed)!.Value.Header.Sequence));
        Assert.Equal(wanted.Order(), answered.Order());
        // Alone on the link: the direct way must answer too.
        var alone = target.Source.Send(FrameType.Write, Bytes(4096, 1), 1, flags: FrameFlags.Durable);
        Assert.Equal(alone, target.Source.Expect(FrameType.Flushed)!.Value.Header.Sequence);
        alone = target.Source.Send(FrameType.Flush, file: 1);
        Assert.Equal(alone, target.Source.Expect(FrameType.Flushed)!.Value.Header.Sequence);
        alone = target.Source.Send(FrameType.Flush);
        Assert.Equal(alone, target.Source.Expect(FrameType.Flushed)!.Value.Header.Sequence);
    }

    [Fact]
    public void Silence_WhileTheTargetItselfWasKept_DoesNotEndTheLink()
    {
        var lockTimeout = TimeSpan.FromSeconds(2);
        using var target = new TargetFixture(lockTimeout: lockTimeout);
        using var goOn = new ManualResetEventSlim();
        target.Events.AfterOffer = goOn.Wait; // as a disk would that takes its time
        target.Offer();
        target.Source.SendControl(FrameType.Probe); // waits in the socket from here on: the source is not silent
        var until = Environment.TickCount64 + (long)(lockTimeout * 1.5).TotalMilliseconds;
        Assert.True(SpinWait.SpinUntil(() => Environment.TickCount64 > until, lockTimeout * 10)); // time is what is tried here
        goOn.Set();
        Assert.NotNull(target.Source.Expect(FrameType.ProbeReply));
        Assert.DoesNotContain("LinkDown", target.Events.Names);
    }

    [Fact]
    public void Change_EveryKind_TreeIsAsTheSourceSaid()
    {
        using var target = new TargetFixture(offered: true);
        var source = target.Source;
        source.Change(new NamespaceChange(ChangeKind.Mkdir, 0, "dir") { Mask = AttributeMask.Mode | AttributeMask.Owner, Mode = 0x45C7, Uid = 5, Gid = 6 });
        source.Change(Create("dir/setuid", 0x89ED));
        source.Change(new NamespaceChange(ChangeKind.Symlink, 0, "dir/link") { Other = "../anything at all", Mask = AttributeMask.Owner, Uid = 7, Gid = 8 });
        source.Change(new NamespaceChange(ChangeKind.Mknod, 0, "dir/fifo") { Mode = 0x11B4, Mask = AttributeMask.Mode | AttributeMask.Owner });
        source.Change(new NamespaceChange(ChangeKind.Mknod, 0, "dir/null") { Mode = 0x21B6, Mask = AttributeMask.Mode | AttributeMask.Owner, DeviceMajor = 1, DeviceMinor = 3 });
        source.Change(new NamespaceChange(ChangeKind.Link, 0, "dir/setuid") { Other = "second" });
        source.Change(Create("away"));
        source.Change(new NamespaceChange(ChangeKind.Unlink, 0, "away"));
        source.Change(new NamespaceChange(ChangeKind.Mkdir, 0, "gone") { Mask = AttributeMask.Mode, Mode = 0x41ED });
        source.Change(new NamespaceChange(ChangeKind.Rmdir, 0, "gone"));
        source.Change(Create("old name"));
        source.Change(new NamespaceChange(ChangeKind.Rename, 0, "old name") { Other = "dir/new name" });
        source.Change(new NamespaceChange(ChangeKind.SetAttributes, 0, "dir/new name")
        {
            Mask = AttributeMask.Size | AttributeMask.AccessTime | AttributeMask.ModifyTime | AttributeMask.Mode,
            Mode = 0x8180,
            Size = 123456,
            AccessTime = -1_500_000_000,
            ModifyTime = 1_700_000_000_123_456_789,
        });
        source.Change(new NamespaceChange(ChangeKind.SetXattr, 0, "dir/new name") { Name = "user.colour", Value = "blue"u8.ToArray() });
        source.Change(new NamespaceChange(ChangeKind.SetXattr, 0, "dir/new name") { Name = "user.away", Value = "x"u8.ToArray() });
        source.Change(new NamespaceChange(ChangeKind.RemoveXattr, 0, "dir/new name") { Name = "user.away" });
        source.Change(new NamespaceChange(ChangeKind.SetXattr, 0, "dir/new name") { Name = "trusted.libvirt.security.dac", Value = "x"u8.ToArray() });
        source.Settle();
        Assert.Equal("dir/fifo:fifo:1b4:0:0;dir/link:symbolic link:1ff:7:8;dir/new name:regular file:180:12:34;"
            + "dir/null:character special file:1b6:0:0;dir/setuid:regular file:9ed:12:34;dir:directory:5c7:5:6;second:regular file:9ed:12:34", Describe(target.Root));
        Assert.Equal("../anything at all", new FileInfo(target.PathOf("dir/link")).LinkTarget);
        var stat = Stat(target.PathOf("dir/new name"));
        Assert.Equal(123456UL, stat.Size);
        Assert.Equal((-2L, 500_000_000u), (stat.AccessSeconds, stat.AccessNanoseconds));
        Assert.Equal((1_700_000_000L, 123_456_789u), (stat.ModifySeconds, stat.ModifyNanoseconds));
        Assert.Equal(Stat(target.PathOf("second")).Inode, Stat(target.PathOf("dir/setuid")).Inode);
        Assert.Equal("user.colour=\"blue\"", Run("getfattr", "--absolute-names", "-d", "-m", "-", target.PathOf("dir/new name")).Split('\n')[1]);
        var device = Stat(target.PathOf("dir/null"));
        Assert.Equal((1u, 3u), (device.DeviceNodeMajor, device.DeviceNodeMinor));
    }

    [Fact]
    public void Fallocate_HoleAndTruncate_KeepTheirOrderWithWrites()
    {
        using var target = new TargetFixture(offered: true);
        var source = target.Source;
        source.Change(Create("disk"));
        source.Bind(1, "disk");
        source.Send(FrameType.Write, Bytes(1 << 16, 1), 1);
        source.Send(FrameType.Fallocate, Length(8192), 1, 4096, argument: 3);
        source.Send(FrameType.Write, Bytes(4096, 2), 1, 8192);
        source.Send(FrameType.Fallocate, Length(4096), 1, 1 << 20, argument: 0);
        source.Change(new NamespaceChange(ChangeKind.SetAttributes, 0, "disk") { Mask = AttributeMask.Size, Size = 16384 });
        source.Send(FrameType.Write, Bytes(100, 3), 1, 20000);
        source.Settle();
        var expected = new byte[20100];
        Bytes(1 << 16, 1).AsSpan(0, 16384).CopyTo(expected);
        expected.AsSpan(4096, 8192).Clear();
        Bytes(4096, 2).CopyTo(expected.AsSpan(8192));
        Bytes(100, 3).CopyTo(expected.AsSpan(20000));
        Assert.Equal(expected, File.ReadAllBytes(target.PathOf("disk")));
    }

    [Fact]
    public void Resync_BlocksZerosAndHashes_FileIsEqualAndSparse()
    {
        using var target = new TargetFixture();
        File.WriteAllBytes(target.PathOf("disk"), Bytes(8 << 20, 1));
        var source = target.Source;
        source.Bind(9, "disk");
        var same = Bytes(8 << 20, 1).AsSpan(0, 1 << 20).ToArray();
        var equal = Hash(source, 9, 0, same);
        var differs = Hash(source, 9, 1 << 20, same);
        source.Send(FrameType.ResyncZero, Length(4 << 20), 9, 2 << 20);
        var plain = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("again and again ", 4096)));
        var packed = new byte[plain.Length];
        long length;
        fixed (byte* from = plain, to = packed)
            length = Shim.Lz4Compress(from, (ulong)plain.Length, to, (ulong)packed.Length);
        Assert.InRange(length, 1, plain.Length / 4);
        source.Send(FrameType.ResyncBlock, packed.AsSpan(0, (int)length), 9, 1 << 20, (uint)plain.Length, FrameFlags.Lz4);
        source.Send(FrameType.ResyncBlock, Bytes(4096, 7), 9, 7 << 20);
        Assert.Equal(FrameFlags.Equal, source.Expect(FrameType.HashResult, header => header.Sequence == equal)!.Value.Header.Flags);
        Assert.Equal(FrameFlags.None, source.Expect(FrameType.HashResult, header => header.Sequence == differs)!.Value.Header.Flags);
        source.Settle();
        var expected = Bytes(8 << 20, 1);
        expected.AsSpan(2 << 20, 4 << 20).Clear();
        plain.CopyTo(expected.AsSpan(1 << 20));
        Bytes(4096, 7).CopyTo(expected.AsSpan(7 << 20));
        Assert.Equal(expected, File.ReadAllBytes(target.PathOf("disk")));
        Assert.InRange(Stat(target.PathOf("disk")).Blocks * 512, 0UL, (4UL << 20) + 65536);
        Assert.Equal(2L << 20, target.Session.ComparedBytes);
        Assert.Equal(plain.Length + 4096, target.Session.CopiedBytes);
    }

    [Fact]
    public void ResyncZero_BehindTheEnd_TheFileIsAsLongAsTheZerosReach()
    {
        using var target = new TargetFixture();
        File.WriteAllBytes(target.PathOf("disk"), Bytes(5000, 1));
        target.Source.Bind(9, "disk");
        target.Source.Send(FrameType.ResyncZero, Length(1_000_001), 9, 8192);
        target.Source.Settle();
        var expected = new byte[8192 + 1_000_001];
        Bytes(5000, 1).CopyTo(expected, 0);
        Assert.Equal(expected, File.ReadAllBytes(target.PathOf("disk")));
    }

    [Fact]
    public void Marks_OfTheTarget_ComeFirstAndEndWhenItIsReady()
    {
        var extents = new ExtentSet();
        extents.Add(8192, 4096);
        using var target = new TargetFixture(plan: null, marks: [new FileMarks(0, 4, "disk", false, extents), new FileMarks(0, 5, "other", true, new ExtentSet())]);
        var marks = target.Source.Expect(FrameType.Marks);
        Assert.Equal(FrameFlags.More, marks!.Value.Header.Flags);
        Assert.Equal(["disk", "other"], target.Source.Marks.Select(file => file.Path));
        Assert.Equal(8192UL, target.Source.Marks[0].Extents.Ranges().Single().Offset);
        target.Session.Begin(ResyncPlan.Dirty);
        Assert.Equal(FrameFlags.None, target.Source.Expect(FrameType.Marks)!.Value.Header.Flags);
    }

    [Fact]
    public void Data_BeforeThePlan_IsNotApplied()
    {
        using var target = new TargetFixture(plan: null);
        target.Source.Change(Create("early"));
        target.Source.SendControl(FrameType.Probe);
        Assert.NotNull(target.Source.Expect(FrameType.ProbeReply));
        Assert.False(File.Exists(target.PathOf("early")));
        target.Session.Begin(ResyncPlan.CopyAll);
        target.Source.SendControl(FrameType.Plan, argument: (uint)ResyncPlan.CopyAll);
        target.Source.Settle();
        Assert.True(File.Exists(target.PathOf("early")));
    }

    [Fact]
    public void Plan_Differs_LinkEndsWithBothNames()
    {
        using var target = new TargetFixture(plan: null);
        target.Session.Begin(ResyncPlan.CopyAll);
        target.Source.SendControl(FrameType.Plan, argument: (uint)ResyncPlan.Dirty);
        var bye = target.Source.Expect(FrameType.Bye);
        Assert.Matches("Dirty.*CopyAll", Encoding.UTF8.GetString(bye!.Value.Payload));
        Assert.DoesNotContain("TargetFailed", target.Events.Names);
    }

    [Fact]
    public void Control_OfferHandoverSwap_ReachTheirEvents()
    {
        using var target = new TargetFixture(offered: true);
        target.Session.AcceptOffer();
        Assert.NotNull(target.Source.Expect(FrameType.OfferAccepted));
        target.Session.SendSwapRequest();
        Assert.NotNull(target.Source.Expect(FrameType.SwapRequest));
        target.Source.SendControl(FrameType.Handover, flags: FrameFlags.Swap);
        Assert.Equal("True", target.Events.Wait("HandoverReceived"));
        target.Source.SendControl(FrameType.Bye, "The primary stops."u8);
        Assert.Contains("The primary stops.", target.EndOfLink());
        Assert.Equal(["LinkUp", "PlanReceived", "OfferReceived", "HandoverReceived", "LinkDown"], target.Events.Names);
    }

    [Fact]
    public void Link_LostAfterReceived_EverythingIsAppliedBeforeLinkDown()
    {
        for (var round = 0; round < 5; round++)
        {
            using var target = new TargetFixture(offered: true);
            target.Source.Change(Create("disk"));
            target.Source.Bind(1, "disk");
            for (var index = 0; index < 200; index++)
                target.Source.Send(FrameType.Write, Bytes(4096, index), 1, (ulong)index * 4096);
            var last = target.Source.Sequence;
            Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Sequence == last));
            target.Source.SendControl(FrameType.Bye, "gone"u8);
            target.EndOfLink();
            Assert.Equal(Bytes(4096, 199), File.ReadAllBytes(target.PathOf("disk"))[(199 * 4096)..]);
        }
    }

    [Fact]
    public void Source_Silent_LinkEndsAfterLockTimeout()
    {
        using var target = new TargetFixture(lockTimeout: TimeSpan.FromMilliseconds(1500));
        Assert.NotNull(target.Source.Expect(FrameType.Probe)); // the target itself keeps talking
        Assert.Contains("locktimeout", target.EndOfLink());
    }

    [Theory]
    [InlineData("checksum")]
    [InlineData("header")]
    [InlineData("gap")]
    [InlineData("garbage")]
    public void Stream_Damaged_LinkEndsWithASentenceAndKeepsWhatCameBefore(string damage)
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        target.Source.Send(FrameType.Write, Bytes(4096, 1), 1);
        var next = target.Source.Sequence + 1;
        var frame = SourceFrame(damage == "gap" ? next + 1 : next);
        switch (damage)
        {
            case "checksum":
                frame[FrameHeader.Size + 17] ^= 4;
                break;
            case "header":
                frame[9] ^= 1;
                break;
            case "garbage":
                new Random(1).NextBytes(frame);
                break;
        }
        target.Source.SendRaw(frame);
        var bye = target.Source.Expect(FrameType.Bye);
        Assert.Contains("broke the replication protocol", Encoding.UTF8.GetString(bye!.Value.Payload));
        target.EndOfLink();
        Assert.Equal(Bytes(4096, 1), File.ReadAllBytes(target.PathOf("disk")));
        Assert.DoesNotContain("TargetFailed", target.Events.Names);
    }

    [Fact]
    public void Payload_DoesNotDecode_TargetSaysThatItsReplicaFailed()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Send(FrameType.Change, [1, 2, 3]);
        Assert.NotNull(target.Source.Expect(FrameType.Bye));
        target.EndOfLink();
        Assert.Contains("TargetFailed", target.Events.Names); // it was acknowledged as received before it was looked at
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("link/inside")]
    public void Path_WouldLeaveTheRoot_NothingIsTouchedAndTheLinkEnds(string path)
    {
        using var outside = new TargetFixture();
        using var target = new TargetFixture(offered: true);
        Directory.CreateSymbolicLink(target.PathOf("link"), outside.Root);
        File.WriteAllText(outside.PathOf("inside"), "safe");
        target.Source.Send(FrameType.Bind, Encoding.UTF8.GetBytes(path), 1);
        target.Source.Send(FrameType.Write, Bytes(100, 1), 1);
        target.EndOfLink();
        Assert.Equal("safe", File.ReadAllText(outside.PathOf("inside")));
    }

    [Fact]
    public void Change_FailsAfterTheOffer_LinkEndsAndReplicaFailed()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(new NamespaceChange(ChangeKind.Unlink, 0, "never there"));
        Assert.Contains("never there", target.EndOfLink());
        Assert.Equal(["LinkUp", "PlanReceived", "OfferReceived", "TargetFailed", "LinkDown"], target.Events.Names);
    }

    [Fact]
    public void Disk_Full_LinkEndsWithASentenceThatNamesTheFile()
    {
        var directory = Directory.CreateTempSubdirectory("hamirror-target-full-").FullName;
        Run("mount", "-t", "tmpfs", "-o", "size=1m", "hm-target-full", directory);
        try
        {
            using var target = new TargetFixture(directory: directory, offered: true);
            target.Source.Change(Create("disk"));
            target.Source.Bind(1, "disk");
            for (var index = 0; index < 4; index++)
                target.Source.Send(FrameType.Write, Bytes(512 << 10, index), 1, (ulong)index * (512 << 10));
            var reason = target.EndOfLink();
            Assert.Contains($"{directory}/disk", reason);
            Assert.Contains("space", reason, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("TargetFailed", target.Events.Names);
        }
        finally
        {
            Run("umount", directory);
            Directory.Delete(directory);
        }
    }

    internal static NativeStat Stat(string path)
    {
        NativeStat stat;
        Shim.Check(Shim.StatAt(Shim.CurrentDirectory, path, &stat), $"look at {path}");
        return stat;
    }

    /// <summary>Names, types, modes (hexadecimal) and owners beneath a directory.</summary>
    internal static string Describe(string root) =>
        string.Join(';', Run("find", root, "-mindepth", "1", "-exec", "stat", "-c", "%n:%F:%f:%u:%g", "{}", ";")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[(root.Length + 1)..].Replace("regular empty file", "regular file"))
            .Select(line => line.Split(':') is var part ? $"{part[0]}:{part[1]}:{Convert.ToInt32(part[2], 16) & 0xFFF:x}:{part[3]}:{part[4]}" : "")
            .Order(StringComparer.Ordinal));

    internal static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
        return output;
    }

    private static byte[] SourceFrame(ulong sequence) =>
        HaMirror.Io.Tests.Peer.SourceEnd.Encode(FrameType.Write, Bytes(4096, 2), sequence, 1, 4096);

    private static ulong Hash(HaMirror.Io.Tests.Peer.SourceEnd source, ulong file, ulong offset, byte[] content)
    {
        var hash = new byte[16];
        fixed (byte* bytes = content, to = hash)
            Shim.Hash128(bytes, (ulong)content.Length, (ulong*)to);
        return source.Send(FrameType.ResyncHash, hash, file, offset, (uint)content.Length);
    }
}
