/*
 * File calls that take a name.
 *
 * hm_open is the only one that walks a path of several parts for content, so it is the one that must not be led out
 * of its directory: openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS. With AT_FDCWD the path is an operator's own,
 * and only a symlink at its end is refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptor_path.h"
#include "hamirror_shim.h"

/* openat2 refuses what open(2) ignores, and the kernel's FUSE client passes some of that on. */
#define FLAGS_KNOWN (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DIRECT \
                     | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_TMPFILE | O_PATH)
#define FLAGS_WITH_PATH (O_PATH | O_DIRECTORY)

static int sanitised(int flags)
{
    flags &= flags & O_PATH ? FLAGS_WITH_PATH : FLAGS_KNOWN;
    return flags | O_CLOEXEC;
}

int hm_reopen(int fd, int flags)
{
    char path[DESCRIPTOR_PATH_BYTES];
    flags = sanitised(flags) & ~(O_CREAT | O_EXCL | O_NOFOLLOW);
    int opened;
    do
        opened = open(descriptor_path(path, fd), flags, 0);
    while (opened < 0 && errno == EINTR);
    return opened < 0 ? -errno : opened;
}

int hm_open(int dirfd, const char *path, int flags, uint32_t mode)
{
    if (path[0] == 0)
        return dirfd == AT_FDCWD ? -ENOENT : hm_reopen(dirfd, flags);
    struct open_how how = {
        .flags = (uint64_t)(uint32_t)(sanitised(flags) | O_NOFOLLOW),
        .resolve = dirfd == AT_FDCWD ? 0 : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
        how.mode = mode & 07777;
    long fd;
    do /* EAGAIN: a rename elsewhere made the walk uncertain. */
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && how.resolve != 0 && !(flags & O_NONBLOCK))));
    return fd < 0 ? -errno : (int)fd;
}

int hm_close(int fd)
{
    /* EINTR: Linux has closed it nevertheless. */
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

int hm_stat_at(int dirfd, const char *path, struct hm_stat *out)
{
    struct statx from;
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (path[0] == 0 ? AT_EMPTY_PATH : 0);
    if (statx(dirfd, path, flags, STATX_BASIC_STATS, &from) < 0)
        return -errno;
    *out = (struct hm_stat){
        .dev = makedev(from.stx_dev_major, from.stx_dev_minor),
        .ino = from.stx_ino, .size = from.stx_size, .blocks = from.stx_blocks,
        .atime_s = from.stx_atime.tv_sec, .atime_ns = from.stx_atime.tv_nsec,
        .mtime_s = from.stx_mtime.tv_sec, .mtime_ns = from.stx_mtime.tv_nsec,
        .ctime_s = from.stx_ctime.tv_sec, .ctime_ns = from.stx_ctime.tv_nsec,
        .mode = from.stx_mode, .nlink = from.stx_nlink, .uid = from.stx_uid, .gid = from.stx_gid,
        .rdev_major = from.stx_rdev_major, .rdev_minor = from.stx_rdev_minor, .blksize = from.stx_blksize,
    };
    return 0;
}

int hm_mkdir(int dirfd, const char *name, uint32_t mode)
{
    return mkdirat(dirfd, name, mode) < 0 ? -errno : 0;
}

int hm_mknod(int dirfd, const char *name, uint32_t mode, uint32_t major_number, uint32_t minor_number)
{
    return mknodat(dirfd, name, mode, makedev(major_number, minor_number)) < 0 ? -errno : 0;
}

int hm_symlink(const char *target, int dirfd, const char *name)
{
    return symlinkat(target, dirfd, name) < 0 ? -errno : 0;
}

int hm_link(int fd, int dirfd, const char *name)
{
    if (linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOENT && errno != EPERM) /* both are how a kernel refuses AT_EMPTY_PATH to who lacks the capability */
        return -errno;
    char path[DESCRIPTOR_PATH_BYTES];
    return linkat(AT_FDCWD, descriptor_path(path, fd), dirfd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int hm_unlink(int dirfd, const char *name, int directory)
{
    return unlinkat(dirfd, name, directory ? AT_REMOVEDIR : 0) < 0 ? -errno : 0;
}

int hm_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, uint32_t flags)
{
    return renameat2(from_dirfd, from, to_dirfd, to, flags) < 0 ? -errno : 0;
}

int64_t hm_readlink(int fd, char *out, uint64_t capacity)
{
    ssize_t length = readlinkat(fd, "", out, capacity);
    return length < 0 ? -errno : length;
}
