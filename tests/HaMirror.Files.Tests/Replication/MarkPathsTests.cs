using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Target;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Files.Tests.Replication;

/// <summary>What a target tells of its marks.</summary>
public sealed class MarkPathsTests
{
    [Fact]
    public void Collect_FileOfSeveralNames_IsToldUnderEach()
    {
        // Tied together while this node served alone: at the source each name may be a file of its own.
        var folder = Directory.CreateTempSubdirectory("hamirror-marks-").FullName;
        Shell.Run("mkdir d; echo a > a; ln a b; ln a d/c; echo x > x; echo y > y", folder);
        var root = Shim.Check(Shim.Open(Shim.CurrentDirectory, folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        try
        {
            var marks = new MarkSet();
            marks.MarkWhole(new FileKey(0, TargetSessionTests.Stat(Path.Combine(folder, "a")).Inode));
            marks.Mark(new FileKey(0, TargetSessionTests.Stat(Path.Combine(folder, "x")).Inode), 0, 1);
            var found = MarkPaths.Collect(marks, [new ResyncRoot(root, _ => true)]);
            Assert.Equal(
                ["a True", "b True", "d/c True", "x False"],
                found.Select(file => $"{file.Path} {file.Whole}").Order(StringComparer.Ordinal));
        }
        finally
        {
            _ = Shim.Close(root);
            Directory.Delete(folder, true);
        }
    }
}
