using HaMirror.Core.Extents;
using HaMirror.Io.Replication;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A mark goes only when the target is known to be equal there for good.</summary>
public sealed class MarkSetTests
{
    private static readonly FileKey File = new(0, 7);

    [Fact]
    public void Cut_LinkEndsBeforeItIsDurable_IsMarkedAgain()
    {
        var marks = new MarkSet();
        marks.Mark(File, 0, 4096);
        marks.Mark(File, 8192, 3 * 4096);
        marks.Cut(File, 4000);
        Assert.Equal(4096UL, marks.Bytes);
        // The target has not cut its file yet; here it grows again over what it has there.
        marks.LinkEnded();
        Assert.Equal(
            [new ExtentRange(0, 4096), new ExtentRange(8192, 3 * 4096)], marks.Find(File)!.Extents.Ranges());
    }

    [Fact]
    public void Cut_IsDurable_IsGone()
    {
        var marks = new MarkSet();
        marks.Mark(File, 8192, 4096);
        marks.Cut(File, 4096);
        marks.Close(1);
        marks.Durable(1);
        marks.LinkEnded();
        Assert.Equal(0, marks.Count);
    }
}
