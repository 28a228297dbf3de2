using HaMirror.Core.Wire;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Replication;

public sealed class ResyncFilesTests
{
    [Fact]
    public void Translate_NameTakenAnewSinceItsMove_MeansTheMovedAndTheNewFile()
    {
        var files = new ResyncFiles();
        files.Changed(Rename("a", "b"));
        // A second visit of names may since have told the target of another file 'a'.
        Assert.Equal(["a", "b"], files.Translate(0, "a").Order());
        Assert.Equal(["d/c"], files.Translate(0, "d/c"));
    }

    [Fact]
    public void Translate_BeneathAMovedDirectoryAndOverChains_FollowsEveryMove()
    {
        var files = new ResyncFiles();
        files.Changed(Rename("d", "e"));
        files.Changed(Rename("e/x", "y"));
        Assert.Contains("y", files.Translate(0, "d/x"));
        Assert.Contains("e/z", files.Translate(0, "d/z"));
        Assert.Equal(["d/x"], files.Translate(1, "d/x"));
        files.ForgetMoves();
        Assert.Equal(["d/x"], files.Translate(0, "d/x"));
    }

    private static NamespaceChange Rename(string from, string to) => new(ChangeKind.Rename, 0, from) { Other = to };
}
