namespace HaMirror.Files.Tests.Fuse;

/// <summary>What lies beside a replica and is HaMirror's own.</summary>
[Collection(MountsCollection.Name)]
public sealed class OwnPlaceTests
{
    [Fact]
    public void Kept_AtTheTop_IsInNoListingAndNobodyChangesIt()
    {
        using var mount = new ScratchMount(isReplicated: path => !path.StartsWith(".hamirror-kept", StringComparison.Ordinal), prepare: folder => Shell.Run("mkdir -p .hamirror-kept/1; echo old > .hamirror-kept/1/12", folder));
        mount.Run("""
            mkdir a; echo new > a/f; test "$(ls -A)" = a; test "$(find . -name 12)" = ""; test "$(ls -lA | wc -l)" = 2
            refused() { if "$@" 2> /tmp/op.$$; then echo "done: $*" >&2; exit 9; fi; grep -q 'not permitted' /tmp/op.$$; rm /tmp/op.$$; }
            refused mv -T a .hamirror-kept; refused mv -T .hamirror-kept b; refused rmdir .hamirror-kept
            rm -rf ./*; test "$(cat "$U"/.hamirror-kept/1/12)" = old
            """);
        // The export of a salvage set finds it by its name.
        mount.Run("""test "$(cat .hamirror-kept/1/12)" = old; mkdir -p d/.hamirror-kept; test "$(ls -A d)" = .hamirror-kept""");
        mount.Run("""rm -r "$U"/.hamirror-kept; if mkdir .hamirror-kept 2> /dev/null; then exit 9; fi; test "$(ls -A)" = d""");
    }
}
