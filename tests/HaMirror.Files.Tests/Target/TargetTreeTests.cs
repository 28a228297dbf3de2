using System.Collections.Immutable;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Files.Tests.Target;

/// <summary>ResyncDirectory against real directories: whatever the target held, it becomes equal to the source.</summary>
public sealed unsafe class TargetTreeTests
{
    [Fact]
    public void Visit_TargetEmpty_BecomesEqual()
    {
        using var model = new RandomTree(seed: 1);
        model.Grow(60);
        using var target = new TargetFixture(ResyncPlan.CopyAll);
        SendTree(target, model.Root);
        AssertEqual(model.Root, target);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Visit_TargetIsAnotherTree_BecomesEqual(int seed)
    {
        using var model = new RandomTree(seed);
        model.Grow(80);
        using var other = new RandomTree(seed + 1000);
        other.Grow(80);
        using var target = new TargetFixture(ResyncPlan.Dirty, directory: other.Root);
        SendTree(target, model.Root);
        AssertEqual(model.Root, target);
        // A second pass finds nothing to do and reports nothing.
        target.Source.Marks.Clear();
        SendTree(target, model.Root);
        AssertEqual(model.Root, target);
        Assert.Empty(target.Source.Marks);
    }

    [Fact]
    public void Visit_FileMadeAnew_IsReportedWhole()
    {
        using var model = new RandomTree(seed: 1);
        File.WriteAllText(Path.Combine(model.Root, "full"), "content");
        File.WriteAllText(Path.Combine(model.Root, "empty"), "");
        using var target = new TargetFixture(ResyncPlan.Dirty);
        SendTree(target, model.Root);
        Assert.Equal(("full", true), target.Source.Marks.Where(file => file.Path.Length > 0).Select(file => (file.Path, file.Whole)).Single());
    }

    [Fact]
    public void Visit_ExcludedPaths_StayWithWhatHoldsThem()
    {
        using var model = new RandomTree(seed: 1);
        using var target = new TargetFixture(ResyncPlan.Dirty, excluded: ["keep", "dir/deep/keep"]);
        Directory.CreateDirectory(target.PathOf("dir/deep"));
        File.WriteAllText(target.PathOf("keep"), "local");
        File.WriteAllText(target.PathOf("dir/deep/keep"), "local");
        File.WriteAllText(target.PathOf("dir/deep/stale"), "stale");
        File.WriteAllText(target.PathOf("stale"), "stale");
        SendTree(target, model.Root);
        Assert.Equal("local", File.ReadAllText(target.PathOf("keep")));
        Assert.Equal("local", File.ReadAllText(target.PathOf("dir/deep/keep")));
        Assert.False(File.Exists(target.PathOf("stale")));
        Assert.False(File.Exists(target.PathOf("dir/deep/stale")));
    }

    [Fact]
    public void Visit_DirectoryLargerThanAFrame_IsSplitAndBecomesEqual()
    {
        using var model = new RandomTree(seed: 1);
        for (var index = 0; index < 12_000; index++)
            File.WriteAllBytes(Path.Combine(model.Root, $"a file whose name has a certain length {index:D6}"), []);
        using var target = new TargetFixture(ResyncPlan.CopyAll);
        Assert.True(SendTree(target, model.Root) > 1);
        AssertEqual(model.Root, target);
    }

    [Fact]
    public void Visit_SymlinkStandsForADirectory_NothingBehindItIsTouched()
    {
        using var outside = new RandomTree(seed: 1);
        File.WriteAllText(Path.Combine(outside.Root, "precious"), "safe");
        using var model = new RandomTree(seed: 1);
        Directory.CreateDirectory(Path.Combine(model.Root, "dir"));
        using var target = new TargetFixture(ResyncPlan.Dirty);
        Directory.CreateSymbolicLink(target.PathOf("dir"), outside.Root);
        Directory.CreateSymbolicLink(target.PathOf("stale"), outside.Root);
        SendTree(target, model.Root);
        Assert.Equal("safe", File.ReadAllText(Path.Combine(outside.Root, "precious")));
        AssertEqual(model.Root, target);
    }

    [Fact]
    public void LiveChanges_BeforeTheVisit_AreRepairedByIt()
    {
        using var target = new TargetFixture(ResyncPlan.Dirty);
        File.WriteAllText(target.PathOf("stale"), "stale content");
        // Nothing of "dir" is here yet, and "stale" is another file than the source's new one.
        target.Source.Change(new NamespaceChange(ChangeKind.Create, 0, "dir/new") { Mask = AttributeMask.Mode, Mode = 0x81A4 });
        target.Source.Bind(1, "dir/new");
        target.Source.Send(FrameType.Write, new byte[5000], 1, 8192);
        target.Source.Change(new NamespaceChange(ChangeKind.Create, 0, "stale") { Mask = AttributeMask.Mode, Mode = 0x81A4 });
        target.Source.Bind(2, "stale");
        target.Source.Send(FrameType.Write, "new"u8, 2);
        target.Source.Settle();
        Assert.Equal("new", File.ReadAllText(target.PathOf("stale")));
        var lost = target.Source.Marks.Single(file => file.Path == "dir/new");
        Assert.Equal((8192UL, 8192UL), (lost.Extents.Ranges().Single().Offset, lost.Extents.Ranges().Single().Length));

        using var model = new RandomTree(seed: 1);
        Directory.CreateDirectory(Path.Combine(model.Root, "dir"));
        File.WriteAllText(Path.Combine(model.Root, "stale"), "new");
        File.WriteAllBytes(Path.Combine(model.Root, "dir/new"), new byte[13192]);
        SendTree(target, model.Root);
        // The number that meant nothing means the file that the visit has made.
        target.Source.Send(FrameType.Write, "now it is here"u8, 1);
        target.Source.Settle();
        Assert.StartsWith("now it is here", File.ReadAllText(target.PathOf("dir/new")));
    }

    [Fact]
    public void Visit_FileChangedByItsSecondName_SizeAndAttributesFollow()
    {
        using var model = new RandomTree(seed: 1);
        Directory.CreateDirectory(Path.Combine(model.Root, "one"));
        var second = Path.Combine(Directory.CreateDirectory(Path.Combine(model.Root, "two")).FullName, "b");
        File.WriteAllBytes(Path.Combine(model.Root, "one/a"), new byte[9000]);
        Link(Path.Combine(model.Root, "one/a"), second);
        using var target = new TargetFixture(ResyncPlan.Dirty);
        SendTree(target, model.Root);
        // Only the directory of the name that was used is visited again.
        using (var file = new FileStream(second, FileMode.Open))
            file.SetLength(100);
        File.SetUnixFileMode(second, UnixFileMode.UserRead);
        SendDirectory(target, model.Root, Path.Combine(model.Root, "two"));
        AssertEqual(model.Root, target);
    }

    [Theory]
    [InlineData("a", "b", "c")]
    [InlineData("c", "b", "a")]
    [InlineData("1/a", "2/b", "3/c")]
    public void Visit_FirstNameIsAnotherFileNow_TheOthersStayTogetherWithoutIt(string replaced, string second, string third)
    {
        using var model = new RandomTree(seed: 1);
        foreach (var name in (string[])["1", "2", "3"])
            Directory.CreateDirectory(Path.Combine(model.Root, name));
        File.WriteAllText(Path.Combine(model.Root, replaced), "of three names");
        Link(Path.Combine(model.Root, replaced), Path.Combine(model.Root, second));
        Link(Path.Combine(model.Root, replaced), Path.Combine(model.Root, third));
        using var target = new TargetFixture(ResyncPlan.Dirty);
        SendTree(target, model.Root);
        AssertEqual(model.Root, target);
        File.WriteAllText(Path.Combine(model.Root, "beside"), "a new one");
        File.Move(Path.Combine(model.Root, "beside"), Path.Combine(model.Root, replaced), true);
        SendDirectory(target, model.Root, Path.GetDirectoryName(Path.Combine(model.Root, replaced))!);
        SendDirectory(target, model.Root, model.Root);
        AssertEqual(model.Root, target);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Visit_FileMadeBehindABarrierThatCoversData_IsReportedWhateverThePlan(bool hasData)
    {
        using var model = new RandomTree(seed: 1);
        File.WriteAllText(Path.Combine(model.Root, "full"), "content");
        using var target = new TargetFixture(ResyncPlan.CompareAll);
        SendTree(target, model.Root);
        if (hasData)
        {
            target.Source.Bind(1, "full");
            target.Source.Send(FrameType.ResyncBlock, "content"u8, file: 1);
        }
        target.Source.Send(FrameType.Barrier);
        target.Source.Settle();
        Assert.DoesNotContain(target.Source.Marks, file => file.Path == "full");
        File.Delete(target.PathOf("full"));
        SendTree(target, model.Root);
        // Without data nothing was done yet that would have to be done again.
        Assert.Equal(hasData, target.Source.Marks.Any(file => file is { Path: "full", Whole: true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Visit_FirstNameIsGone_AFurtherNameJoinsTheOthers(bool taken)
    {
        using var model = new RandomTree(seed: 1);
        Directory.CreateDirectory(Path.Combine(model.Root, "dir"));
        File.WriteAllText(Path.Combine(model.Root, "first"), "content");
        Link(Path.Combine(model.Root, "first"), Path.Combine(model.Root, "dir/second"));
        using var target = new TargetFixture(ResyncPlan.Dirty);
        SendTree(target, model.Root);
        File.Delete(Path.Combine(model.Root, "first"));
        if (taken)
            File.WriteAllText(Path.Combine(model.Root, "first"), "another");
        SendDirectory(target, model.Root, model.Root);
        Link(Path.Combine(model.Root, "dir/second"), Path.Combine(model.Root, "third"));
        SendDirectory(target, model.Root, model.Root);
        AssertEqual(model.Root, target);
    }

    [Fact]
    public void Visit_FileOfTwoNamesMade_IsReportedUnderBoth()
    {
        using var model = new RandomTree(seed: 1);
        File.WriteAllText(Path.Combine(model.Root, "a"), "content");
        Directory.CreateDirectory(Path.Combine(model.Root, "dir"));
        Link(Path.Combine(model.Root, "a"), Path.Combine(model.Root, "dir/b"));
        using var target = new TargetFixture(ResyncPlan.Dirty);
        SendTree(target, model.Root);
        // The source may have removed the first name before it reads the report.
        Assert.Equal(["a", "dir/b"], target.Source.Marks.Where(file => file.Path.Length > 0).Select(file => file.Path).Order(StringComparer.Ordinal));
    }

    private static void Link(string from, string to)
    {
        var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, from, OpenFlags.Path | OpenFlags.NoFollow, 0), "open");
        Shim.Check(Shim.Link(file, Shim.CurrentDirectory, to), "link");
        _ = Shim.Close(file);
    }

    [Fact]
    public void Rename_OfAMissingFile_ItsNumberFollows()
    {
        using var target = new TargetFixture(ResyncPlan.Dirty);
        target.Source.Bind(1, "dir/a");
        target.Source.Change(new NamespaceChange(ChangeKind.Rename, 0, "dir") { Other = "moved" });
        target.Source.Send(FrameType.Write, "x"u8, 1);
        target.Source.Settle();
        Assert.Contains(target.Source.Marks, file => file.Path == "moved/a");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void Changes_RandomSequence_TreeEqualsTheModel(int seed)
    {
        using var model = new RandomTree(seed);
        using var target = new TargetFixture(offered: true);
        model.Changed = change => target.Source.Change(change);
        model.Grow(400);
        AssertEqual(model.Root, target, times: false);
    }

    /// <summary>Visits every directory, parents first; the number of frames of the root.</summary>
    private static int SendTree(TargetFixture target, string root)
    {
        var frames = 0;
        foreach (var directory in Directory.EnumerateDirectories(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Prepend(root).Order(StringComparer.Ordinal))
        {
            var count = SendDirectory(target, root, directory);
            frames = directory.Length == root.Length ? count : frames;
        }
        target.Source.Settle();
        return frames;
    }

    /// <summary>Visits one directory; the number of frames.</summary>
    private static int SendDirectory(TargetFixture target, string root, string directory)
    {
        var entries = Directory.EnumerateFileSystemEntries(directory).Select(path => Entry(path)).ToList();
        var parts = DirectoryPart.Split(0, directory.Length == root.Length ? "" : directory[(root.Length + 1)..], Attributes(directory), entries, out var culprit);
        Assert.True(parts is not null, culprit);
        foreach (var (flags, payload) in parts)
            target.Source.Send(FrameType.ResyncDirectory, payload, flags: flags);
        return parts.Count;
    }

    private static DirectoryEntry Entry(string path)
    {
        var stat = TargetSessionTests.Stat(path);
        return new DirectoryEntry(Path.GetFileName(path), stat.Links > 1 && (stat.Mode & 0xF000) != 0x4000 ? stat.Inode : 0,
            new FileInfo(path).LinkTarget ?? "", Attributes(path));
    }

    private static EntryAttributes Attributes(string path)
    {
        var stat = TargetSessionTests.Stat(path);
        return new EntryAttributes(stat.Mode, stat.Uid, stat.Gid, stat.Size,
            (stat.AccessSeconds * 1_000_000_000) + stat.AccessNanoseconds, (stat.ModifySeconds * 1_000_000_000) + stat.ModifyNanoseconds,
            stat.DeviceNodeMajor, stat.DeviceNodeMinor, [.. Names(path).Select(name => new ExtendedAttribute(name, Value(path, name)))]);
    }

    private static string[] Names(string path)
    {
        var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.Path | OpenFlags.NoFollow, 0), "open");
        var list = new byte[4096];
        long bytes;
        fixed (byte* at = list)
            bytes = Shim.ListAttributes(file, at, 4096);
        _ = Shim.Close(file);
        return bytes <= 0 ? [] : System.Text.Encoding.UTF8.GetString(list, 0, (int)bytes).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    private static byte[] Value(string path, string name)
    {
        var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.Path | OpenFlags.NoFollow, 0), "open");
        var value = new byte[4096];
        long bytes;
        fixed (byte* at = value)
            bytes = Shim.Check(Shim.GetAttribute(file, name, at, 4096), "read an attribute");
        _ = Shim.Close(file);
        return value[..(int)bytes];
    }

    private static void AssertEqual(string root, TargetFixture target, bool times = true)
    {
        target.Source.Settle();
        Assert.Equal(Snapshot(root, times), Snapshot(target.Root, times));
    }

    /// <summary>Everything but data: names, attributes, link texts, xattrs, and which names are one file.</summary>
    private static ImmutableSortedDictionary<string, string> Snapshot(string root, bool times)
    {
        var firstOf = new Dictionary<ulong, string>();
        var found = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var path in TargetSessionTests.Run("find", root, "-print0").Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
        {
            var entry = Entry(path);
            var at = entry.Attributes;
            var same = entry.SameInode == 0 ? "" : firstOf.TryGetValue(entry.SameInode, out var first) ? first : firstOf[entry.SameInode] = path[root.Length..];
            var isDirectory = (at.Mode & 0xF000) == 0x4000;
            found[path[root.Length..]] = $"{at.Mode:x} {at.Uid}:{at.Gid} {(isDirectory ? 0 : at.Size)} {at.DeviceMajor}:{at.DeviceMinor} "
                + $"'{entry.LinkTarget}' {(times ? at.ModifyTime : 0)} {same} "
                + string.Join(',', at.Extended.Select(extended => $"{extended.Name}={Convert.ToHexString(extended.Value.Span)}").Order());
        }
        return found.ToImmutable();
    }
}
