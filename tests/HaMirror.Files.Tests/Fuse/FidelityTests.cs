namespace HaMirror.Files.Tests.Fuse;

/// <summary>What whole programs do with the mount.</summary>
[Collection(MountsCollection.Name)]
public sealed class FidelityTests
{
    [Fact]
    public void CopyOfATree_WithEverythingInIt_IsEqual()
    {
        using var mount = new ScratchMount(prepare: folder => Shell.Run($$"""
            d=$(dirname {{folder}})/source; mkdir "$d"; cd "$d"; mkdir -p x/y; echo a > x/a; ln x/a x/y/b; ln -s /no/where l
            truncate -s 5M holes; echo z | dd of=holes seek=4 bs=1M conv=notrunc status=none; mkfifo p; mknod n c 1 3
            setfattr -n user.k -v v x/a; setfacl -m u:33:rw x/a; setfacl -d -m g:44:rx x; chown 33:44 x/y; chmod 4755 holes
            head -c 300k /dev/urandom > r; chmod 0400 r; chmod 3711 x/y; find . -exec touch -h -d 2003-03-03T03:03:03.3 {} +
            """));
        mount.Run("cp -a ../source copy");
        Assert.Equal(TreeImage.Of(Path.Combine(mount.Folder, "..", "source"), times: true),
            TreeImage.Of(mount.At("copy"), times: true));
        Assert.True(long.Parse(mount.Run("stat -c %b \"$U\"/copy/holes")) < 100);
        mount.AssertReplicated();
        Assert.Equal(TreeImage.Of(mount.At("copy"), times: true), TreeImage.Of(Path.Combine(mount.Replica.Folder, "copy"), times: true));
    }

    [Fact]
    public void OtherUsers_HaveTheirRightsAndNoMore()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            mkdir -m 1777 t; mkdir -m 700 secret; echo s > secret/s; echo p > t/mine; chmod 600 t/mine
            mkdir g; chgrp users g; chmod 2777 g
            as() { setpriv --reuid=nobody --regid=nogroup --clear-groups bash -euc "$1"; }
            as 'umask 027; echo n > t/n; mkdir t/d; ln -s x t/l; mkfifo t/p; echo n > g/n; mkdir g/d; test "$(cat t/n)" = n'
            test "$(stat -c %U:%G:%a t/n t/d t/l t/p g/n g/d | tr '\n' ' ')" = \
              "nobody:nogroup:640 nobody:nogroup:750 nobody:nogroup:777 nobody:nogroup:640 nobody:users:640 nobody:users:2750 "
            no as 'cat secret/s' 2>/dev/null; no as 'cat t/mine' 2>/dev/null; no as 'echo x > t/mine' 2>/dev/null
            no as 'rm -f t/mine' 2>/dev/null; no as 'mkdir secret/x' 2>/dev/null; no as 'chown root t/n' 2>/dev/null
            as 'chmod 600 t/n; echo more >> t/n; mv t/n t/n2; touch -d 2001-01-01 t/n2; rm t/p'
            no as 'touch -d 2001-01-01 t/mine' 2>/dev/null
            mkfifo hold; chmod 666 t/n2
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void PrivilegeBits_FileChangedByOthers_AreDroppedHereAndOnThePeer()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            as() { setpriv --reuid=nobody --regid=nogroup --clear-groups bash -euc "$1"; }
            for f in w t o d a; do echo x > $f; chown root:root $f; chmod 6777 $f; done
            as 'echo y >> w; truncate -s 1 t; echo z > o; fallocate -l 1M a'
            as 'dd if=/dev/zero of=d bs=4096 count=1 oflag=direct conv=notrunc status=none'
            test "$(stat -c %a w t o d a | tr '\n' ' ')" = "777 777 777 777 777 "; test "$(stat -c %a "$U"/w)" = 777
            echo r > r; chmod 6777 r; echo root >> r; test "$(stat -c %a r)" = 6777
            cp /bin/true cap; setcap cap_net_raw+ep cap; chmod 777 cap; as 'printf x >> cap'; test -z "$(getcap cap)"
            chmod 6755 r; chown 33 r; test "$(stat -c %a r)" = 755
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void DirectFile_WrittenInParallel_IsWholeAndGoesPastTheCache()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            fio --name=p --filename=f --size=8M --rw=randwrite --bs=4k --direct=1 --ioengine=libaio --iodepth=16 \
              --numjobs=1 --verify=crc32c --verify_fatal=1 --do_verify=1 --output=/dev/null
            job="--filename=g --rw=randwrite --bs=8k --size=1M"
            fio --direct=1 --ioengine=psync --thread --verify=crc32c --verify_fatal=1 --output=/dev/null --name=a $job \
              --name=b $job --offset=1M --name=c $job --offset=2M --name=d $job --offset=3M
            fio --name=big --filename=h --size=16M --rw=write --bs=2M --direct=1 --ioengine=libaio --iodepth=4 \
              --verify=crc32c --verify_fatal=1 --output=/dev/null
            python3 - <<'P'
            import os, mmap
            f = os.open("odd", os.O_RDWR | os.O_CREAT | os.O_DIRECT); m = mmap.mmap(-1, 8192); m.write(b"q" * 8192)
            assert os.pwrite(f, memoryview(m)[:1000], 100) == 1000; assert os.pwrite(f, memoryview(m)[:4096], 4096) == 4096
            assert os.pread(f, 9, 1098) == b"qq" + bytes(7); assert os.stat("odd").st_size == 8192
            b = os.open("odd", os.O_RDONLY); assert os.pread(b, 8192, 0) == bytes(100) + b"q" * 1000 + bytes(2996) + b"q" * 4096
            os.pwrite(f, memoryview(m)[:4096], 0); assert os.pread(b, 8192, 0) == b"q" * 8192
            P
            """);
        Assert.True(mount.Loop.DirectWrites > 2000, $"{mount.Loop.DirectWrites} direct writes");
        mount.AssertReplicated();
    }

    [Fact]
    public void MappedFile_Changed_ReachesTheReplica()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            fio --name=m --filename=f --size=4M --rw=randwrite --bs=4k --ioengine=mmap --verify=crc32c --output=/dev/null
            python3 - <<'P'
            import os, mmap
            f = os.open("g", os.O_RDWR | os.O_CREAT); os.ftruncate(f, 10000); m = mmap.mmap(f, 10000); m[5000:5005] = b"hello"
            m.flush(); assert os.pread(f, 5, 5000) == b"hello"; os.pwrite(f, b"HE", 5000); assert m[5000:5005] == b"HEllo"
            m[0:1] = b"x"; m.close(); os.close(f)
            P
            cp /bin/ls ls; chmod 755 ls; ./ls > /dev/null
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void QemuImages_LockedAndWritten_AreAsOnADisk()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            qemu-img create -q -f qcow2 v.qcow2 64M
            for aio in threads native io_uring; do
              qemu-io -f qcow2 -t none -i $aio -c 'write -P 7 0 1M' -c 'write -P 9 3M 64k' -c flush -c 'discard 512k 64k' \
                -c 'write -z 4M 1M' -c 'read -P 7 0 512k' -c 'read -P 9 3M 64k' v.qcow2 > out; no grep -i fail out
            done
            rm out; qemu-img check -q v.qcow2; qemu-img snapshot -c one v.qcow2; qemu-img resize -q v.qcow2 128M
            coproc Q { qemu-io -f qcow2 -t none v.qcow2 2>&1; }; echo 'read 0 4k' >&"${Q[1]}"; read -r -u "${Q[0]}" line
            if qemu-io -f qcow2 -c 'write 0 4k' v.qcow2 > /tmp/q.$$ 2>&1; then exit 9; fi; grep -q 'write" lock' /tmp/q.$$; rm /tmp/q.$$
            echo quit >&"${Q[1]}"; wait
            qemu-img convert -O raw v.qcow2 raw.img; qemu-img compare -q v.qcow2 raw.img
            """);
        Assert.True(mount.Loop.DirectWrites > 0);
        mount.AssertReplicated();
    }

    [Fact]
    public void Locks_PosixAndOpenFileAndFlock_ExcludeOthers()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            echo x > f
            python3 - <<'P'
            import fcntl, os, struct, subprocess, sys
            def other(kind):
                code = '''
            import fcntl, os, struct, sys
            f = os.open("f", os.O_RDWR); kind = sys.argv[1]
            try:
                if kind == "posix": fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 0)
                elif kind == "ofd": fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 10, 0))
                else: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError: sys.exit(3)
            '''
                return subprocess.call([sys.executable, "-c", code.replace("\n            ", "\n"), kind])
            f = os.open("f", os.O_RDWR)
            fcntl.lockf(f, fcntl.LOCK_EX, 10, 0); assert other("posix") == 3 and other("ofd") == 3
            fcntl.lockf(f, fcntl.LOCK_UN, 10, 0); assert other("posix") == 0
            fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 10, 0)); assert other("posix") == 3 and other("ofd") == 3
            fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_UNLCK, 0, 0, 10, 0)); assert other("ofd") == 0
            fcntl.flock(f, fcntl.LOCK_EX); assert other("flock") == 3; fcntl.flock(f, fcntl.LOCK_UN); assert other("flock") == 0
            P
            """);
    }

    [Fact]
    public void Postgres_MakesAndRunsADatabase_InTheMount()
    {
        using var mount = new ScratchMount();
        mount.Run("""
            b=$(ls -d /usr/lib/postgresql/*/bin | tail -1); install -d -o postgres -m 700 pg; cd pg; p="setpriv --reuid=postgres --regid=postgres --init-groups"
            $p "$b"/initdb -D . -N -A trust > /dev/null
            printf "create table t(n int, s text);\ninsert into t select g, repeat('x', g %% 90) from generate_series(1, 20000) g;\ncreate index on t(n);\ncheckpoint;\nselect count(*), sum(n) from t;\n" \
              | $p "$b"/postgres --single -D . -F postgres 2> /dev/null | grep -q 200010000
            """);
        mount.AssertReplicated();
    }
}
