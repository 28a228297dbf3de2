/* Names, files, attributes, acting as somebody else, mounts, ping. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "hamirror_shim.h"

static int new_directory(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", scratch, name);
    mkdir(path, 0755);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void test_names(void)
{
    struct hm_stat stat;
    int dir = new_directory("names");
    int fd = hm_open(dir, "a", O_CREAT | O_EXCL | O_RDWR, 0640);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    CHECK_EQUAL(hm_open(dir, "a", O_CREAT | O_EXCL | O_RDWR, 0640), -EEXIST);
    CHECK_EQUAL(hm_open(dir, "none", O_RDONLY, 0), -ENOENT);
    CHECK_EQUAL(hm_open(dir, "../ring", O_RDONLY, 0), -EXDEV);
    CHECK_EQUAL(hm_open(dir, "/etc/passwd", O_RDONLY, 0), -EXDEV);
    CHECK_EQUAL(hm_symlink("/etc/passwd", dir, "out"), 0);
    CHECK_EQUAL(hm_symlink("/etc", dir, "outdir"), 0);
    CHECK_EQUAL(hm_open(dir, "out", O_RDONLY, 0), -ELOOP);
    CHECK_EQUAL(hm_open(dir, "outdir/passwd", O_RDONLY, 0), -ELOOP);
    /* Bits that openat2 would refuse, as the kernel's FUSE client passes them on: O_LARGEFILE, FMODE_EXEC. */
    int again = hm_open(dir, "a", O_RDONLY | 0100000 | 0x20, 0777777);
    CHECK(again >= 0);
    hm_close(again);
    int self = hm_open(dir, "", O_RDONLY | O_DIRECTORY, 0);
    CHECK(self >= 0 && self != dir);
    hm_close(self);
    CHECK_EQUAL(hm_open(AT_FDCWD, "", O_RDONLY, 0), -ENOENT);
    int absolute = hm_open(AT_FDCWD, "/etc", O_PATH | O_DIRECTORY, 0);
    CHECK(absolute >= 0);
    hm_close(absolute);
    int unnamed = hm_open(dir, ".", O_TMPFILE | O_RDWR, 0600);
    CHECK(unnamed >= 0 || unnamed == -EOPNOTSUPP);
    hm_close(unnamed);

    int link = hm_open(dir, "out", O_PATH, 0);
    char target[64];
    CHECK_EQUAL(hm_readlink(link, target, sizeof target), 11);
    CHECK(memcmp(target, "/etc/passwd", 11) == 0);
    CHECK_EQUAL(hm_readlink(fd, target, sizeof target), -ENOENT);

    CHECK_EQUAL(hm_stat_at(dir, "a", &stat), 0);
    CHECK_EQUAL(stat.mode, S_IFREG | 0640);
    struct stat plain;
    fstat(fd, &plain);
    CHECK(stat.ino == plain.st_ino && stat.dev == plain.st_dev && stat.nlink == 1 && stat.mtime_s == plain.st_mtime);
    CHECK_EQUAL(hm_stat_at(dir, "out", &stat), 0);
    CHECK(S_ISLNK(stat.mode));
    CHECK_EQUAL(hm_stat_at(dir, "", &stat), 0);
    CHECK(S_ISDIR(stat.mode));
    CHECK_EQUAL(hm_stat_at(dir, "none", &stat), -ENOENT);

    CHECK_EQUAL(hm_mkdir(dir, "d", 0700), 0);
    CHECK_EQUAL(hm_mkdir(dir, "d", 0700), -EEXIST);
    CHECK_EQUAL(hm_mknod(dir, "fifo", S_IFIFO | 0600, 0, 0), 0);
    CHECK_EQUAL(hm_mknod(dir, "null", S_IFCHR | 0600, 1, 3), 0);
    CHECK_EQUAL(hm_stat_at(dir, "null", &stat), 0);
    CHECK(S_ISCHR(stat.mode) && stat.rdev_major == 1 && stat.rdev_minor == 3);
    int by_path = hm_open(dir, "a", O_PATH, 0);
    CHECK_EQUAL(hm_link(by_path, dir, "b"), 0);
    CHECK_EQUAL(hm_link(by_path, dir, "b"), -EEXIST);
    CHECK_EQUAL(hm_link(link, dir, "out2"), 0);
    CHECK_EQUAL(hm_stat_at(dir, "out2", &stat), 0);
    CHECK(S_ISLNK(stat.mode) && stat.nlink == 2);
    CHECK_EQUAL(hm_rename(dir, "b", dir, "a2", 0), 0);
    CHECK_EQUAL(hm_rename(dir, "a2", dir, "out", 1 /* RENAME_NOREPLACE */), -EEXIST);
    CHECK_EQUAL(hm_rename(dir, "a2", dir, "out", 2 /* RENAME_EXCHANGE */), 0);
    CHECK_EQUAL(hm_unlink(dir, "d", 0), -EISDIR);
    CHECK_EQUAL(hm_unlink(dir, "d", 1), 0);
    CHECK_EQUAL(hm_unlink(dir, "a", 1), -ENOTDIR);
    CHECK_EQUAL(hm_unlink(dir, "a", 0), 0);
    CHECK_EQUAL(hm_unlink(dir, "a", 0), -ENOENT);

    int writable = hm_reopen(by_path, O_RDWR);
    CHECK(writable >= 0);
    CHECK_EQUAL(hm_pwrite(writable, "x", 1, 0), 1);
    CHECK_EQUAL(hm_reopen(-1, O_RDONLY), -ENOENT);
    hm_close(writable);
    hm_close(by_path);
    hm_close(link);
    hm_close(fd);
    char entries[4096];
    int64_t bytes = hm_getdents(dir, entries, sizeof entries);
    CHECK(bytes > 0);
    while (bytes > 0)
        bytes = hm_getdents(dir, entries, sizeof entries);
    CHECK_EQUAL(bytes, 0);
    CHECK_EQUAL(hm_lseek(dir, 0, SEEK_SET), 0);
    CHECK(hm_getdents(dir, entries, sizeof entries) > 0);
    CHECK_EQUAL(hm_lseek(dir, 0, SEEK_SET), 0);
    CHECK_EQUAL(hm_getdents(dir, entries, 4), -EINVAL);
    close(dir);
}

void test_files(void)
{
    enum { BLOCK = 4096, HOLE_AT = 1 << 20 };
    int dir = new_directory("files");
    int fd = hm_open(dir, "f", O_CREAT | O_RDWR, 0600), other = hm_open(dir, "g", O_CREAT | O_RDWR, 0600);
    uint8_t data[BLOCK], back[2 * BLOCK];
    memset(data, 5, sizeof data);
    CHECK_EQUAL(hm_pwrite(fd, data, BLOCK, HOLE_AT), BLOCK);
    CHECK_EQUAL(hm_pread(fd, back, sizeof back, HOLE_AT), BLOCK);
    CHECK(memcmp(data, back, BLOCK) == 0);
    CHECK_EQUAL(hm_pread(fd, back, sizeof back, 2 * HOLE_AT), 0);
    CHECK_EQUAL(hm_pread(-1, back, 1, 0), -EBADF);
    CHECK_EQUAL(hm_pwrite(-1, back, 1, 0), -EBADF);
    CHECK_EQUAL(hm_lseek(fd, 0, SEEK_DATA), HOLE_AT);
    CHECK_EQUAL(hm_lseek(fd, 0, SEEK_HOLE), 0);
    CHECK_EQUAL(hm_lseek(fd, 2 * HOLE_AT, SEEK_DATA), -ENXIO);
    CHECK_EQUAL(hm_truncate(fd, HOLE_AT + 1), 0);
    int by_path = hm_open(dir, "f", O_PATH, 0), read_only = hm_open(dir, "f", O_RDONLY, 0);
    CHECK_EQUAL(hm_truncate(by_path, HOLE_AT + 2), 0);
    CHECK_EQUAL(hm_truncate(read_only, HOLE_AT + 3), 0);
    CHECK_EQUAL(hm_lseek(fd, 0, SEEK_END), HOLE_AT + 3);
    CHECK_EQUAL(hm_truncate(-1, 0), -EBADF);
    CHECK_EQUAL(hm_truncate(dir, 0), -EISDIR);
    CHECK_EQUAL(hm_truncate(fd, UINT64_MAX), -EINVAL);
    CHECK_EQUAL(hm_fallocate(fd, 0, 0, HOLE_AT), 0);
    CHECK_EQUAL(hm_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, BLOCK), 0);
    CHECK_EQUAL(hm_fallocate(read_only, 0, 0, BLOCK), -EBADF);
    CHECK_EQUAL(hm_fsync(fd, 0), 0);
    CHECK_EQUAL(hm_fsync(fd, 1), 0);
    CHECK_EQUAL(hm_fsync(-1, 1), -EBADF);
    CHECK_EQUAL(hm_syncfs(dir), 0);
    CHECK_EQUAL(hm_syncfs(-1), -EBADF);
    CHECK_EQUAL(hm_pwrite(fd, data, BLOCK, 0), BLOCK);
    CHECK_EQUAL(hm_copy_range(fd, 0, other, BLOCK, BLOCK), BLOCK);
    CHECK_EQUAL(hm_pread(other, back, sizeof back, 0), 2 * BLOCK);
    CHECK(hm_is_zero(back, BLOCK) && memcmp(back + BLOCK, data, BLOCK) == 0);
    CHECK_EQUAL(hm_copy_range(fd, 0, read_only, 0, BLOCK), -EBADF);
    uint64_t space[9];
    CHECK_EQUAL(hm_statfs(by_path, space), 0);
    CHECK(space[1] > 0 && space[2] > space[3] && space[7] == 255);
    CHECK_EQUAL(hm_statfs(-1, space), -EBADF);
    struct rlimit limit;
    int highest = hm_raise_file_limit();
    getrlimit(RLIMIT_NOFILE, &limit);
    CHECK(highest >= 1024 && limit.rlim_cur == (rlim_t)highest);
    hm_close(fd), hm_close(other), hm_close(by_path), hm_close(read_only);
    close(dir);
}

void test_attributes(void)
{
    int dir = new_directory("attributes");
    int fd = hm_open(dir, "f", O_CREAT | O_RDWR, 0600), by_path = hm_open(dir, "f", O_PATH, 0);
    hm_symlink("nowhere", dir, "link");
    int link = hm_open(dir, "link", O_PATH, 0);
    struct hm_stat stat;
    int both[2] = { fd, by_path };
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(hm_chmod(both[i], 04711 + i), 0);
        CHECK_EQUAL(hm_stat_at(fd, "", &stat), 0);
        CHECK_EQUAL(stat.mode, S_IFREG | (04711 + i));
        CHECK_EQUAL(hm_chown(both[i], 1000 + i, (uint32_t)-1), 0);
        CHECK_EQUAL(hm_utimens(both[i], 1000, 5 + i, 2000, 6 + i), 0);
        CHECK_EQUAL(hm_stat_at(fd, "", &stat), 0);
        CHECK(stat.uid == 1000 + i && stat.gid == 0);
        CHECK(stat.atime_s == 1000 && stat.atime_ns == 5 + i && stat.mtime_s == 2000 && stat.mtime_ns == 6 + i);
        CHECK_EQUAL(hm_setxattr(both[i], "user.a", "value", 5, 0), 0);
        CHECK_EQUAL(hm_setxattr(both[i], "user.a", "value", 5, 1 /* XATTR_CREATE */), -EEXIST);
        char value[16], list[64];
        CHECK_EQUAL(hm_getxattr(both[i], "user.a", NULL, 0), 5);
        CHECK_EQUAL(hm_getxattr(both[i], "user.a", value, sizeof value), 5);
        CHECK(memcmp(value, "value", 5) == 0);
        CHECK_EQUAL(hm_getxattr(both[i], "user.a", value, 2), -ERANGE);
        CHECK_EQUAL(hm_listxattr(both[i], list, sizeof list), 7);
        CHECK_EQUAL(hm_removexattr(both[i], "user.a"), 0);
        CHECK_EQUAL(hm_removexattr(both[i], "user.a"), -ENODATA);
        CHECK_EQUAL(hm_getxattr(both[i], "user.a", value, sizeof value), -ENODATA);
    }
    CHECK_EQUAL(hm_utimens(fd, 0, UTIME_OMIT, 0, UTIME_NOW), 0);
    CHECK_EQUAL(hm_stat_at(fd, "", &stat), 0);
    CHECK(stat.atime_s == 1000 && stat.mtime_s > 1000000);
    CHECK_EQUAL(hm_chown(link, 33, 34), 0);
    CHECK_EQUAL(hm_utimens(link, 7, 8, 9, 10), 0);
    CHECK_EQUAL(hm_stat_at(dir, "link", &stat), 0);
    CHECK(stat.uid == 33 && stat.gid == 34 && stat.mtime_s == 9 && stat.mtime_ns == 10);
    CHECK(hm_chmod(link, 0600) < 0);
    CHECK_EQUAL(hm_setxattr(link, "user.a", "b", 1, 0), -EPERM);
    CHECK_EQUAL(hm_setxattr(link, "trusted.a", "b", 1, 0), 0);
    CHECK_EQUAL(hm_chmod(-1, 0600), -EBADF);
    CHECK_EQUAL(hm_chown(-1, 0, 0), -EBADF);
    CHECK_EQUAL(hm_utimens(-1, 0, 0, 0, 0), -EBADF);
    CHECK_EQUAL(hm_getxattr(-1, "user.a", NULL, 0), -EBADF);
    CHECK_EQUAL(hm_setxattr(-1, "user.a", "", 0, 0), -EBADF);
    CHECK_EQUAL(hm_listxattr(-1, NULL, 0), -EBADF);
    CHECK_EQUAL(hm_removexattr(-1, "user.a"), -EBADF);
    hm_close(fd), hm_close(by_path), hm_close(link);
    close(dir);
}

void test_identity(void)
{
    int dir = new_directory("identity");
    uint32_t before = (uint32_t)hm_umask(0);
    CHECK_EQUAL(hm_umask(0), 0);
    struct hm_stat stat;
    hm_mkdir(dir, "closed", 0700); /* root's: only a kept CAP_DAC_OVERRIDE lets 1234 in */
    CHECK_EQUAL(hm_act_as(1234, 2345), 0);
    int fd = hm_open(dir, "closed/theirs", O_CREAT | O_RDWR, 0666);
    CHECK(fd >= 0);
    CHECK_EQUAL(hm_mknod(dir, "closed/device", S_IFCHR | 0600, 1, 3), 0);
    CHECK_EQUAL(hm_chown(fd, 1234, 99), 0);
    CHECK_EQUAL(hm_link(fd, dir, "closed/second"), 0);
    CHECK_EQUAL(hm_act_as(0, 0), 0);
    CHECK_EQUAL(hm_stat_at(fd, "", &stat), 0);
    CHECK(stat.uid == 1234 && stat.gid == 99 && stat.mode == (S_IFREG | 0666) && stat.nlink == 2);
    CHECK_EQUAL(hm_stat_at(dir, "closed/device", &stat), 0);
    CHECK(stat.uid == 1234 && stat.gid == 2345);
    int mine = hm_open(dir, "mine", O_CREAT | O_RDWR, 0600);
    CHECK_EQUAL(hm_stat_at(mine, "", &stat), 0);
    CHECK(stat.uid == 0 && stat.gid == 0);
    CHECK_EQUAL(hm_act_as((uint32_t)-1, 0), -EINVAL);
    pid_t child = fork();
    if (child == 0)
        _exit(setresuid(1234, 1234, 1234) < 0 ? 1 : hm_act_as(4321, 0) == -EPERM ? 0 : 2);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQUAL(status, 0);
    hm_umask(before);
    hm_close(fd), hm_close(mine);
    close(dir);
}

void test_mounts(void)
{
    char path[160], link[160];
    snprintf(path, sizeof path, "%sa mount\\point", scratch);
    snprintf(link, sizeof link, "%sto-mount", scratch);
    mkdir(path, 0755);
    CHECK_EQUAL(symlink("a mount\\point/", link), 0);
    CHECK_EQUAL(hm_mount_kind(path), 0);
    CHECK_EQUAL(mount("x", path, "tmpfs", 0, NULL), 0);
    CHECK_EQUAL(hm_mount_kind(path), 2);
    CHECK_EQUAL(hm_mount_kind(link), 2);
    CHECK_EQUAL(umount(path), 0);
    CHECK_EQUAL(hm_mount_kind(link), 0);
    CHECK_EQUAL(hm_mount_kind("/proc/"), 2);
    CHECK_EQUAL(hm_mount_kind("/"), 2);
    CHECK_EQUAL(hm_mount_kind("/none/at/all"), -ENOENT);
    CHECK_EQUAL(hm_mount_kind("/none"), -ENOENT);
    CHECK_EQUAL(hm_mount_kind(""), -ENOENT);
    unlink(link);
    symlink("to-mount", link);
    CHECK_EQUAL(hm_mount_kind(link), -ELOOP);
}

void test_ping(void)
{
    int64_t time = hm_ping("127.0.0.1", 30000);
    CHECK(time >= 0 && time < 30000000);
    CHECK_EQUAL(hm_ping("no-address", 100), -EINVAL);
    int64_t six = hm_ping("::1", 30000); /* a host without IPv6 has no such address */
    CHECK(six >= 0 || six == -EADDRNOTAVAIL || six == -EAFNOSUPPORT || six == -ENETUNREACH);
    /* A network of its own in which nobody has that address. */
    pid_t child = fork();
    if (child == 0) {
        int made = unshare(CLONE_NEWNET) == 0
            && system("ip link add v0 type veth peer name v1 && ip addr add 10.9.9.1/24 dev v0 && ip link set v0 up "
                      "&& ip link set v1 up") == 0;
        int64_t start = milliseconds();
        int64_t silent = made ? hm_ping("10.9.9.2", 120) : 0;
        _exit(silent == -ETIMEDOUT && milliseconds() - start >= 119 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQUAL(status, 0);
}
