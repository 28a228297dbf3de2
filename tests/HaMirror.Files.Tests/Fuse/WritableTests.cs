using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Read-only while somebody else changes the directory, writable afterwards, nothing stale in between.</summary>
[Collection(MountsCollection.Name)]
public sealed class WritableTests
{
    [Fact]
    public void ReadOnlyMount_AskedToChange_SaysSoAndKeepsEverything()
    {
        using var mount = new ScratchMount(writable: false, prepare: folder => Shell.Run("mkdir d; echo x > f; echo y > d/g; ln -s f l", folder));
        var before = mount.UnderlyingImage(times: true);
        mount.Run("""
            test "$(cat f)" = x; test "$(cat l)" = x; ls -lR > /dev/null; df . > /dev/null
            refused() { if "$@" 2> /tmp/ro.$$; then echo "done: $*" >&2; exit 9; fi; grep -q 'Read-only file system' /tmp/ro.$$; rm /tmp/ro.$$; }
            refused touch new; refused mkdir e; refused rm f; refused rmdir d; refused mv f g; refused ln f h; refused ln -s f m
            refused chmod 600 f; refused chown 1 f; refused truncate -s 0 f; refused setfattr -n user.a -v b f; refused mkfifo p
            refused bash -c 'echo z > f'; refused bash -c 'echo z >> f'; refused touch f; refused setfacl -m u:1:r f
            refused fallocate -l 1M new; refused dd if=/dev/zero of=f oflag=direct conv=notrunc
            refused python3 -c 'import os; os.open("f", os.O_RDWR)'
            """);
        Assert.Equal(before, mount.UnderlyingImage(times: true));
        Assert.Empty(mount.Replica.Changes);
    }

    [Fact]
    public void ReadOnlyMount_DirectoryChangedUnderneath_ShowsItAtOnce()
    {
        using var mount = new ScratchMount(writable: false, prepare: folder => Shell.Run("mkdir a b; echo 1 > a/f; echo keep > k", folder));
        mount.Run("""
            exec 5< a/f; test "$(cat a/f)" = 1; stat a/f b > /dev/null; no cat n 2>/dev/null
            echo 22 > "$U"/a/f; test "$(cat a/f)" = 22; test "$(stat -c %s a/f)" = 3; test "$(cat <&5)" = 22
            mv "$U"/a "$U"/b/a; no cat a/f 2>/dev/null; test "$(cat b/a/f)" = 22; echo n > "$U"/n; test "$(cat n)" = n
            rm "$U"/n; mkdir "$U"/n; test -d n; mv "$U"/k "$U"/k2; test "$(cat k2)" = keep; chmod 600 "$U"/k2; test "$(stat -c %a k2)" = 600
            """);
    }

    [Fact]
    public void Promotion_AfterChangesUnderneath_LeavesNothingStale()
    {
        using var mount = new ScratchMount(writable: false, prepare: folder => Shell.Run("mkdir a; echo 1 > a/f; echo l > a/h; ln a/h h2; seq 10000 > big; cp big other", folder));
        mount.Run("cat a/f big other > /dev/null; ls -lR > /dev/null");
        mount.Run("""
            mv "$U"/a "$U"/moved; echo 2222 > "$U"/moved/f; rm "$U"/moved/h; seq 5 > "$U"/big
            cp -a "$U"/. ../replica/; seq 20000 > "$U"/tmp; cat "$U"/tmp > "$U"/other; cp -a "$U"/other ../replica/; rm "$U"/tmp
            """);
        mount.SwitchWritable(true);
        mount.Run("""
            no stat a 2>/dev/null; test "$(cat moved/f)" = 2222; test "$(wc -l < big)" = 5; test "$(wc -l < other)" = 20000
            echo more >> moved/f; echo new >> h2; mv moved/f f; echo last >> f
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void Demotion_WithCachedNamesAndPages_ForgetsThem()
    {
        using var mount = new ScratchMount();
        mount.Run("mkdir d; seq 1000 > d/f; cat d/f > /dev/null; stat d/f > /dev/null; exec 3> open; echo x >&3");
        mount.SwitchWritable(false);
        mount.Run("""
            seq 7 > "$U"/d/f; test "$(wc -l < d/f)" = 7; test "$(stat -c %s d/f)" = 14; mv "$U"/d "$U"/e; mv ../replica/d ../replica/e; no ls d 2>/dev/null; test -f e/f
            """);
        mount.SwitchWritable(true);
        mount.Run("test \"$(wc -l < e/f)\" = 7; echo y >> e/f; cat e/f > /dev/null; cat e/f > /dev/null");
    }

    [Fact]
    public void OpenWriter_AfterDemotion_GetsNoFalseConfirmation()
    {
        using var mount = new ScratchMount();
        using var file = File.OpenHandle(mount.At("f"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.Write(file, "abc"u8, 0);
        mount.SwitchWritable(false);
        Assert.Contains("Read-only", Assert.ThrowsAny<IOException>(() => RandomAccess.Write(file, "abc"u8, 0)).Message,
            StringComparison.Ordinal);
        Assert.Equal(-Errno.EIO, Shim.Sync((int)file.DangerousGetHandle(), 0)); // .NET's own flush swallows some errors
        mount.SwitchWritable(true);
        RandomAccess.Write(file, "xyz"u8, 0);
        RandomAccess.FlushToDisk(file);
        Assert.Equal("xyz", File.ReadAllText(mount.At("f")));
    }
}
