using HaMirror.Core.Wire;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Every operation on a real mount, looked at from both sides and from the replica.</summary>
[Collection(MountsCollection.Name)]
public sealed class OperationTests
{
    [Fact]
    public void Names_MadeMovedAndRemoved_AreTheSameUnderneath()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            mkdir -m 750 a; mkdir a/b; echo one > a/one; ln a/one a/two; ln -s ../one a/b/link; mkfifo a/pipe
            mknod a/null c 1 3; mknod a/big b 259 70000; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("a/sock")'
            test "$(readlink a/b/link)" = ../one; test "$(stat -c %t:%T a/big)" = 103:11170
            test "$(stat -c %i a/one)" = "$(stat -c %i "$U"/a/one)"; test "$(stat -c %h a/one)" = 2
            mv a/b c; mv a/one c/one; rm a/two; test "$(stat -c %h c/one)" = 1; rmdir "$(mktemp -d -p .)"
            no mkdir c 2>/dev/null; no rmdir a 2>/dev/null; no rm missing 2>/dev/null; no cat missing 2>/dev/null
            mkdir -p deep/x/y/z; echo z > deep/x/y/z/f; mv deep/x/y deep2; mv deep2/z/f deep/f; ls -la . a c deep > /dev/null
            df . > /dev/null; test "$(stat -f -c %S .)" = "$(stat -f -c %S "$U"/)"
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void Rename_WithFlags_ExchangesAndRefuses()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            mkdir d; echo a > a; echo b > d/b; echo c > c
            cat > /dev/null < a
            python3 - <<'P'
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            def rename(x, y, flags):
                return 0 if libc.renameat2(-100, x.encode(), -100, y.encode(), flags) == 0 else ctypes.get_errno()
            import errno
            assert rename("a", "d", 1) == errno.EEXIST
            assert rename("a", "new", 1) == 0
            assert rename("new", "d/b", 2) == 0
            assert rename("c", "d", 2) == 0
            assert rename("d", "x", 4) == errno.EINVAL
            P
            test "$(cat c/b)" = a; test "$(cat new)" = b; test "$(cat d)" = c
            echo more >> c/b; echo again >> new
            mv -T c over; mkdir empty; mv -T over empty; echo last >> empty/b; echo r > r; mv r new
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void Attributes_Set_AreReplicatedWithTimes()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            echo x > f; chmod 4711 f; chown 33:44 f; test "$(stat -c %a f)" = 711; chmod 2640 f
            touch -d '2001-02-03 04:05:06.123456789' f; test "$(stat -c %y f)" = "2001-02-03 04:05:06.123456789 +0000"
            touch -a -d '2011-01-01' f; ln -s f l; chown -h 5:6 l; touch -h -d '1999-09-09' l; touch -d '1960-01-01' old
            mkdir d; chmod 3777 d; chgrp 50 d; touch -d '2002-02-02' d; truncate -s 12345 f; truncate -s 5 f; touch -d 2020-01-01 f
            test "$(stat -c %s f)" = 5; test "$(stat -c %Y old)" = -315619200
            """);
        Assert.Equal(Without(mount.UnderlyingImage(times: true)), Without(TreeImage.Of(mount.Replica.Folder, times: true)));
        mount.AssertReplicated();

        // The root's own time is the last creation's, which data and names imply and nobody replicates.
        static string Without(string image) => string.Join('\n', image.Split('\n').Where(line => !line.StartsWith('/')));
    }

    [Fact]
    public void Xattrs_AndAccessLists_AreReplicatedExceptLibvirtsOwn()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            echo x > f; mkdir d
            setfattr -n user.a -v 1 f; setfattr -n user.b -v 2 f; setfattr -x user.a f; setfattr -n trusted.t -v t d
            setfattr -n security.s -v s f; setfacl -m u:33:rw,g:44:r f; setfacl -d -m u:33:rwx,o::- d; umask 077
            echo i > d/inherits; mkdir d/sub; getfacl d/inherits | grep -q user:www-data:rw; setfacl -x g:44 f
            test "$(getfattr --only-values -n user.b f)" = 2; no getfattr -n user.none f 2>/dev/null
            dd if=/dev/zero bs=1 count=3000 status=none | tr '\0' x > big; setfattr -n user.big -v "$(cat big)" f
            setfattr -n trusted.libvirt.security.ref_dac -v 1 f
            no grep trusted <(setpriv --reuid=nobody --regid=nogroup --clear-groups getfattr -m - f)
            getfattr -m - f | grep -q trusted.libvirt
            no setfattr -n odd.name -v 1 f 2>/dev/null
            """);
        Assert.DoesNotContain(mount.Replica.Changes, change => change.Name.StartsWith("trusted.libvirt", StringComparison.Ordinal));
        mount.Run("setfattr -x trusted.libvirt.security.ref_dac f");
        mount.AssertReplicated();
    }

    [Fact]
    public void Allocation_AllModes_KeepsBothSidesEqualAndSparse()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            fallocate -l 8M f; head -c 8M /dev/urandom | dd of=f conv=notrunc bs=1M iflag=fullblock status=none
            fallocate -p -o 1M -l 2M f; fallocate -z -o 5000 -l 9000 f; fallocate -z -n -o 8M -l 1M f; fallocate -n -o 9M -l 1M f
            no fallocate -c -o 0 -l 1M f 2>/dev/null; no fallocate -i -o 0 -l 1M f 2>/dev/null
            truncate -s 1G sparse; echo end | dd of=sparse bs=1M seek=1000 conv=notrunc status=none
            cmp f "$U"/f; test "$(stat -c %b f)" = "$(stat -c %b "$U"/f)"; test "$(stat -c %b sparse)" -lt 100
            python3 - <<'P'
            import os
            for path in "f", "sparse":
                a, b = os.open(path, os.O_RDONLY), os.open(os.environ["U"] + "/" + path, os.O_RDONLY)
                size = os.fstat(a).st_size
                def holes(fd):
                    at, out = 0, []
                    try:
                        while at < size:
                            data = os.lseek(fd, at, os.SEEK_DATA); at = os.lseek(fd, data, os.SEEK_HOLE); out.append((data, at))
                    except OSError as e:
                        assert e.errno == 6
                    return out
                assert holes(a) == holes(b), (holes(a), holes(b))
                assert len(holes(a)) >= 1
            P
            """);
        Assert.True(long.Parse(Shell.Run($"stat -c %b {mount.Replica.Folder}/sparse")) < 100);
        mount.AssertReplicated();
    }

    [Fact]
    public void Copies_WithinTheMount_GoThroughReadsAndWrites()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            head -c 3M /dev/urandom > a; cp --reflink=auto a b; cmp a b; no cp --reflink=always a c 2>/dev/null; rm -f c
            python3 - <<'P'
            import os
            a, b = os.open("a", os.O_RDONLY), os.open("d", os.O_RDWR | os.O_CREAT)
            left = 3 << 20
            while left: left -= os.copy_file_range(a, b, left)
            P
            cmp a d
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void Opens_WithAppendTruncateAndExclusive_BehaveAsOnADisk()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            echo one > f; echo two >> f; test "$(cat f)" = $'one\ntwo'; echo three > f; test "$(cat f)" = three
            python3 - <<'P'
            import os, errno
            a = os.open("f", os.O_WRONLY | os.O_APPEND); b = os.open("f", os.O_WRONLY | os.O_APPEND)
            for i in range(50): os.write(a, b"a%d\n" % i); os.write(b, b"b%d\n" % i)
            d = os.open("f", os.O_WRONLY | os.O_APPEND | os.O_DIRECT)
            os.write(d, b"x" * 100); os.pwrite(b, b"tail\n", 0)
            assert os.stat("f").st_size == 6 + 2 * (10 * 3 + 40 * 4) + 100 + 5, os.stat("f").st_size
            try: os.open("f", os.O_CREAT | os.O_EXCL); raise SystemExit("opened")
            except FileExistsError: pass
            s = os.open("s", os.O_CREAT | os.O_RDWR | os.O_SYNC); os.write(s, b"durable"); os.fsync(s); os.fdatasync(s)
            os.fsync(os.open(".", os.O_RDONLY))
            u = os.open("gone", os.O_CREAT | os.O_RDWR); os.write(u, b"1"); os.unlink("gone"); os.write(u, b"2")
            os.ftruncate(u, 1); assert os.pread(u, 9, 0) == b"1"; assert os.fstat(u).st_nlink == 0; os.fchmod(u, 0o600)
            try: os.open(".", os.O_TMPFILE | os.O_RDWR); raise SystemExit("tmpfile")
            except OSError as e: assert e.errno == errno.EOPNOTSUPP, e
            w = os.open("wo", os.O_CREAT | os.O_WRONLY, 0o200); os.write(w, b"abc"); os.pwrite(w, b"X", 1)
            P
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void Directory_OfThousands_IsListedWhole()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            mkdir d; cd d; seq -f 'a-name-that-takes-some-room-%.0f' 3000 | xargs touch
            test "$(ls | wc -l)" = 3000; test "$(ls -l | wc -l)" = 3001; test "$(find . -type f -size 0 | wc -l)" = 3000
            test "$(ls -f | sort | md5sum)" = "$(ls -f "$U"/d | sort | md5sum)"
            rm a-name*7; test "$(ls | wc -l)" = 2700
            python3 - <<'P'
            import ctypes
            libc = ctypes.CDLL(None); libc.opendir.restype = ctypes.c_void_p; libc.readdir.restype = ctypes.c_void_p
            libc.telldir.restype = ctypes.c_long
            d = ctypes.c_void_p(libc.opendir(b".")); read = lambda: ctypes.string_at(libc.readdir(d) + 19)
            for i in range(500): read()
            where = libc.telldir(d); expected = [read() for i in range(700)]
            libc.seekdir(d, ctypes.c_long(where)); assert [read() for i in range(700)] == expected
            libc.rewinddir(d); n = 0
            while libc.readdir(d): n += 1
            assert n == 2702, n
            P
            """);
    }

    [Fact]
    public void Name_ThatIsNotUtf8_IsRefused()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            python3 - <<'P'
            import os, errno
            for action in (lambda: os.mkdir(b"\xff\xfe"), lambda: os.open(b"x\xc3", os.O_CREAT)):
                try: action(); raise SystemExit("made")
                except OSError as e: assert e.errno == errno.EILSEQ, e
            P
            mkdir grüße 世界; echo x > 世界/🐘; test "$(ls 世界)" = 🐘
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void ExcludedPaths_Change_ReplicateNothingAndStayApart()
    {
        using var mount = new ScratchMount(isReplicated: path => path != "tmp" && !path.StartsWith("tmp/", StringComparison.Ordinal));
        mount.Run("""
            mkdir tmp; echo a > tmp/a; chmod 600 tmp/a; truncate -s 9 tmp/a; mv tmp/a tmp/b; ln tmp/b tmp/c; rm tmp/c
            """);
        Assert.Empty(mount.Replica.Changes);
        mount.Run("""
            mv tmp/b out; no ln out tmp/linked 2>/dev/null; echo more >> out; mkdir sub; echo s > sub/s; mv sub tmp/
            """);
        Assert.Contains(mount.Replica.Changes, change => change is { Kind: ChangeKind.Create, Path: "out" });
        mount.Run("rm -r tmp");
        mount.AssertReplicated();
    }

    [Fact]
    public void CallsThatTheKernelDoesItself_AreNotSupportedHere()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            echo x > f; no lsattr f 2>/dev/null; test -r f; timeout 5 python3 - <<'P'
            import select, os
            f = os.open("f", os.O_RDONLY); p = select.poll(); p.register(f, select.POLLIN)
            assert p.poll(1000) == [(f, select.POLLIN)]
            P
            sync -f f
            """);
    }
}
