using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ReplicationFilterTests
{
    private static readonly Gen<string> Paths =
        from depth in Gen.Choose(1, 4)
        from parts in Gen.Elements("a", "b", "tmp", "a.log", "disk.qcow2").ArrayOf(depth)
        select string.Join('/', parts);

    private static ReplicationFilter Filter(string[] paths, params string[] patterns) =>
        new(new ReplicatedDirectory("/vm", [.. paths], [.. patterns], []));

    [Theory]
    [InlineData("", true)]
    [InlineData("cache", false)]
    [InlineData("cache/x/y", false)]
    [InlineData("cache2", true)]
    [InlineData("a/cache", true)]
    public void Filter_ExcludedPath_LeavesOutTheSubtreeOnly(string path, bool replicated) =>
        Assert.Equal(replicated, Filter(["cache"]).Replicates(path, isDirectory: false));

    [Theory]
    [InlineData("a.tmp", false)]
    [InlineData("d.tmp/inside", false)]
    [InlineData("a.tmpx", true)]
    [InlineData("sub/a.tmp", false)]
    public void Filter_ExcludingPattern_CountsForDirectoriesAbove(string path, bool replicated) =>
        Assert.Equal(replicated, Filter([], @"\.tmp$").Replicates(path, isDirectory: false));

    [Theory]
    [InlineData("disk.qcow2", false, true)]
    [InlineData("notes.txt", false, false)]
    [InlineData("snapshots", true, true)]
    [InlineData("snapshots/s1.qcow2", false, true)]
    public void Filter_SelectingPattern_ChoosesFilesAndKeepsDirectories(string path, bool directory, bool replicated) =>
        Assert.Equal(replicated, Filter([], @"!\.qcow2$").Replicates(path, directory));

    [Theory]
    [InlineData("anything/at.all", true)]
    [InlineData(".hamirror-kept", false)]
    [InlineData(".hamirror-kept/1764131627000/12", false)]
    [InlineData(".hamirror-kept2", true)]
    [InlineData("d/.hamirror-kept", true)]
    public void Filter_WithoutRules_LeavesOutOnlyWhatANodeKeepsForItself(string path, bool replicated) =>
        Assert.Equal((replicated, replicated), (Filter([]).Replicates(path, isDirectory: false), Filter([]).Replicates(path, isDirectory: true)));

    /// <summary>Nothing below a local path is mirrored, else the peer could not hold it.</summary>
    [Property(MaxTest = 300)]
    public Property Filter_LocalDirectory_HasOnlyLocalPathsBelow() => Prop.ForAll(
        Paths.ToArbitrary(), Paths.ToArbitrary(), Paths.ToArbitrary(), (excluded, path, below) =>
        {
            var filter = Filter([excluded], "tmp$", "!qcow2$");
            return filter.Replicates(path, isDirectory: true) || !filter.Replicates($"{path}/{below}", isDirectory: false);
        });

    /// <summary>A file is mirrored exactly when no part of it is excluded and every selecting pattern matches.</summary>
    [Property(MaxTest = 300)]
    public Property Filter_AnyPath_AgreesWithTheDefinition() => Prop.ForAll(
        Paths.ToArbitrary(), Paths.ToArbitrary(), (excluded, path) =>
        {
            var parts = path.Split('/');
            var prefixes = Enumerable.Range(1, parts.Length).Select(count => string.Join('/', parts.Take(count))).ToArray();
            var expected = !prefixes.Contains(excluded)
                && !prefixes.Any(prefix => prefix.EndsWith(".log", StringComparison.Ordinal))
                && path.Contains("disk", StringComparison.Ordinal);
            return Filter([excluded], "[.]log$", "!disk").Replicates(path, isDirectory: false) == expected;
        });

    [Theory]
    [InlineData("[[:digit:]]+", "a7", true)]
    [InlineData("^[[:alpha:]_]+$", "ab_c", true)]
    [InlineData("^[[:alpha:]_]+$", "ab7", false)]
    [InlineData(@"[\d]", "d", true)]
    [InlineData(@"[\d]", "7", false)]
    [InlineData(@"[]x]", "]", true)]
    [InlineData(@"[^]x]", "]", false)]
    [InlineData("[a-c]", "b", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("^a{2,3}$", "aaa", true)]
    [InlineData("(x|y)z", "yz", true)]
    [InlineData("a$", "a\n", false)]
    [InlineData("a.b", "a\nb", true)]
    [InlineData("[[]", "[", true)]
    public void Posix_Expression_MeansWhatPosixSays(string pattern, string text, bool matches) =>
        Assert.Equal(matches, PosixExpression.Compile(pattern).IsMatch(text));

    [Theory]
    [InlineData("[a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData(@"\d")]
    [InlineData("(?=a)")]
    [InlineData("[[:nope:]]")]
    [InlineData("[[.a.]]")]
    [InlineData("a{999999999}")]
    [InlineData("((((((a{1000}){1000}){1000}){1000}){1000}){1000}){1000}")]
    [InlineData(@"x\")]
    [InlineData("[z-a]")]
    [InlineData("")]
    public void Posix_Malformed_IsRefused(string pattern) =>
        Assert.Throws<FormatException>(() => PosixExpression.Compile(pattern));

    [Property(MaxTest = 500)]
    public bool Posix_AnyText_CompilesOrIsRefused(string? pattern)
    {
        try
        {
            PosixExpression.Compile(pattern ?? "").IsMatch("some/path.qcow2");
            return true;
        }
        catch (FormatException failure)
        {
            return failure.Message.Length > 0;
        }
    }
}
