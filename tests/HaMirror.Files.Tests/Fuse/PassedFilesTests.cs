using System.Diagnostics;
using HaMirror.Core.Configuration;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Files that the kernel reads by itself (Linux 6.9 or later, which this page of tests needs).</summary>
[Collection(MountsCollection.Name)]
public sealed class PassedFilesTests
{
    private static readonly KernelUse Passing = KernelUse.Usual with { Passthrough = true };

    [Fact]
    public void FileThatNobodyMayWrite_OpenedForReading_IsReadPastTheDaemonAndNotOpenedForWriting()
    {
        using var mount = Mount(Passing);
        Assert.True(mount.System.Agreement!.Passthrough, "this kernel has no FUSE_PASSTHROUGH: Linux 6.9 or later is needed");

        var (code, output, errors) = mount.Try("exec 3<base; cat <&3; exec 4<base; cat <&4; : >>base");

        Assert.Equal("basebase", output.Trim());
        Assert.NotEqual(0, code);
        Assert.Contains("Text file busy", errors, StringComparison.Ordinal);
        UntilNonePassed(mount);
        Assert.Equal("", mount.Run("echo more >>base"));
        mount.AssertReplicated();
    }

    [Fact]
    public void FileThatIsOpenForWriting_OpenedForReading_GoesThroughTheDaemon()
    {
        using var mount = Mount(Passing);

        Assert.Equal("basemore", mount.Run("exec 3>>base; exec 4<base; printf more >&3; cat <&4; printf more >&3"));

        Assert.Equal("basemoremore", mount.Run("cat base"));
        mount.AssertReplicated();
    }

    [Fact]
    public void FileThatSomebodyMayWrite_OpenedForReading_CanBeOpenedForWriting()
    {
        using var mount = Mount(Passing);

        Assert.Equal("diskmore", mount.Run("exec 3<disk; printf more >>disk; cat <&3"));

        mount.AssertReplicated();
    }

    [Fact]
    public void FileThatNobodyMayWrite_WhilePassthroughIsOff_GoesThroughTheDaemon()
    {
        using var mount = Mount(KernelUse.Usual);

        Assert.Equal("basemore", mount.Run("exec 3<base; printf more >>base; cat <&3"));

        mount.AssertReplicated();
    }

    [Fact]
    public void PassedFile_CutByItsName_ShowsItsNewEnd()
    {
        using var mount = Mount(Passing);

        Assert.Equal("ba", mount.Run("exec 3<base; chmod u+w base; python3 -c 'import os; os.truncate(\"base\", 2)'; cat <&3"));

        mount.AssertReplicated();
    }

    private static ScratchMount Mount(KernelUse uses)
    {
        var mount = new ScratchMount(uses: uses);
        mount.Run("printf base >base; chmod 444 base; printf disk >disk");
        return mount;
    }

    private static void UntilNonePassed(ScratchMount mount)
    {
        // The kernel tells of a closed file after its process has ended.
        for (var clock = Stopwatch.StartNew(); mount.System.PassedCount > 0; Thread.Yield())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "the file is still passed on");
        }
    }
}
