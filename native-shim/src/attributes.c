/* Attributes of files by descriptors that may be O_PATH. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "descriptor_path.h"
#include "hamirror_shim.h"

int hm_chmod(int fd, uint32_t mode)
{
    char path[DESCRIPTOR_PATH_BYTES];
    if (fchmod(fd, mode) == 0)
        return 0;
    if (errno != EBADF || fcntl(fd, F_GETFD) < 0)
        return -errno;
    return chmod(descriptor_path(path, fd), mode) < 0 ? -errno : 0;
}

int hm_chown(int fd, uint32_t uid, uint32_t gid)
{
    return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int hm_utimens(int fd, int64_t atime_s, int64_t atime_ns, int64_t mtime_s, int64_t mtime_ns)
{
    struct timespec times[2] = { { atime_s, atime_ns }, { mtime_s, mtime_ns } };
    if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != EINVAL) /* a kernel before 5.8 does not know the flag */
        return -errno;
    char path[DESCRIPTOR_PATH_BYTES];
    return utimensat(AT_FDCWD, descriptor_path(path, fd), times, 0) < 0 ? -errno : 0;
}

/* True when a call refused the descriptor only because it is O_PATH. */
static int only_a_path(int fd)
{
    return errno == EBADF && fcntl(fd, F_GETFD) >= 0;
}

int64_t hm_getxattr(int fd, const char *name, void *value, uint64_t capacity)
{
    char path[DESCRIPTOR_PATH_BYTES];
    ssize_t length = fgetxattr(fd, name, value, capacity);
    if (length < 0 && only_a_path(fd))
        length = getxattr(descriptor_path(path, fd), name, value, capacity);
    return length < 0 ? -errno : length;
}

int hm_setxattr(int fd, const char *name, const void *value, uint64_t bytes, int flags)
{
    char path[DESCRIPTOR_PATH_BYTES];
    int result = fsetxattr(fd, name, value, bytes, flags);
    if (result < 0 && only_a_path(fd))
        result = setxattr(descriptor_path(path, fd), name, value, bytes, flags);
    return result < 0 ? -errno : 0;
}

int64_t hm_listxattr(int fd, char *list, uint64_t capacity)
{
    char path[DESCRIPTOR_PATH_BYTES];
    ssize_t length = flistxattr(fd, list, capacity);
    if (length < 0 && only_a_path(fd))
        length = listxattr(descriptor_path(path, fd), list, capacity);
    return length < 0 ? -errno : length;
}

int hm_removexattr(int fd, const char *name)
{
    char path[DESCRIPTOR_PATH_BYTES];
    int result = fremovexattr(fd, name);
    if (result < 0 && only_a_path(fd))
        result = removexattr(descriptor_path(path, fd), name);
    return result < 0 ? -errno : 0;
}
