/* File calls on a descriptor: content, space, flushing. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "descriptor_path.h"
#include "hamirror_shim.h"

int hm_truncate(int fd, uint64_t size)
{
    if (ftruncate(fd, (off_t)size) == 0)
        return 0;
    if (errno != EBADF && errno != EINVAL) /* how an O_PATH and a read-only descriptor are refused */
        return -errno;
    char path[DESCRIPTOR_PATH_BYTES];
    if (fcntl(fd, F_GETFD) < 0)
        return -errno;
    return truncate(descriptor_path(path, fd), (off_t)size) < 0 ? -errno : 0;
}

int hm_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes)
{
    int result;
    do
        result = fallocate(fd, mode, (off_t)offset, (off_t)bytes);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int64_t hm_lseek(int fd, uint64_t offset, int whence)
{
    off_t at = lseek(fd, (off_t)offset, whence);
    return at < 0 ? -errno : at;
}

int64_t hm_pread(int fd, void *data, uint64_t bytes, uint64_t offset)
{
    uint64_t done = 0;
    while (done < bytes) {
        ssize_t part = pread(fd, (char *)data + done, bytes - done, (off_t)(offset + done));
        if (part == 0)
            break;
        if (part > 0)
            done += (uint64_t)part;
        else if (errno != EINTR)
            return -errno;
    }
    return (int64_t)done;
}

int64_t hm_pwrite(int fd, const void *data, uint64_t bytes, uint64_t offset)
{
    uint64_t done = 0;
    while (done < bytes) {
        ssize_t part = pwrite(fd, (const char *)data + done, bytes - done, (off_t)(offset + done));
        if (part > 0)
            done += (uint64_t)part;
        else if (part == 0)
            return -EIO; /* a file that takes nothing and gives no reason */
        else if (errno != EINTR)
            return -errno;
    }
    return (int64_t)done;
}

int hm_read_ahead(int fd, uint64_t offset, uint64_t bytes)
{
    return readahead(fd, (off64_t)offset, bytes) < 0 ? -errno : 0;
}

int hm_fsync(int fd, int data_only)
{
    return (data_only ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0;
}

int hm_syncfs(int fd)
{
    return syncfs(fd) < 0 ? -errno : 0;
}

int64_t hm_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t bytes)
{
    off_t source = (off_t)from_offset, target = (off_t)to_offset;
    ssize_t copied;
    do
        copied = copy_file_range(from, &source, to, &target, bytes, 0);
    while (copied < 0 && errno == EINTR);
    return copied < 0 ? -errno : copied;
}

int hm_statfs(int fd, uint64_t out[9])
{
    struct statfs from;
    if (fstatfs(fd, &from) < 0)
        return -errno;
    out[0] = (uint64_t)from.f_type;
    out[1] = (uint64_t)from.f_bsize;
    out[2] = from.f_blocks;
    out[3] = from.f_bfree;
    out[4] = from.f_bavail;
    out[5] = from.f_files;
    out[6] = from.f_ffree;
    out[7] = (uint64_t)from.f_namelen;
    out[8] = (uint64_t)from.f_frsize;
    return 0;
}

int64_t hm_getdents(int fd, void *buffer, uint64_t bytes)
{
    long length = syscall(SYS_getdents64, fd, buffer, bytes > INT_MAX ? INT_MAX : bytes);
    return length < 0 ? -errno : length;
}

int hm_raise_file_limit(void)
{
    struct rlimit limit;
    unsigned long ceiling = 0;
    FILE *file = fopen("/proc/sys/fs/nr_open", "re");
    if (file != NULL) {
        if (fscanf(file, "%lu", &ceiling) != 1)
            ceiling = 0;
        fclose(file);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    struct rlimit highest = { ceiling, ceiling };
    /* Beyond the hard limit it takes CAP_SYS_RESOURCE; without it, the hard limit is as far as it goes. */
    if (ceiling <= limit.rlim_max || setrlimit(RLIMIT_NOFILE, &highest) < 0) {
        highest = (struct rlimit){ limit.rlim_max, limit.rlim_max };
        if (setrlimit(RLIMIT_NOFILE, &highest) < 0)
            return -errno;
    }
    return highest.rlim_cur > INT_MAX ? INT_MAX : (int)highest.rlim_cur;
}
