/*
 * /dev/fuse, spoken directly (linux/fuse.h).
 *
 * A request comes by readv into {80 bytes, data}: fuse_in_header (40) and fuse_write_in (40) fill the first part, so the
 * payload of a WRITE begins exactly at `data` and can go to an O_DIRECT file as it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "hamirror_shim.h"

_Static_assert(sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in) == HM_FUSE_HEADER_BYTES, "header");

int hm_fuse_mount(const char *path, const char *name, uint32_t max_read)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    char options[160];
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=%u", fd, max_read);
    /* The source is an argument of its own, so no character in it can be taken for an option. */
    if (mount(name, path, "fuse.hamirror", MS_NODEV, options) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int hm_fuse_unmount(const char *path, int abort)
{
    /* MNT_FORCE aborts the connection, and then unmounts or, when files are open, fails with EBUSY. When it has
     * unmounted, a second call would take what lies beneath: the operator's own mount. */
    if (abort && umount2(path, MNT_FORCE | UMOUNT_NOFOLLOW) == 0)
        return 0;
    return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int hm_fuse_abort(const char *path)
{
    if (umount2(path, MNT_FORCE | UMOUNT_NOFOLLOW) == 0)
        return 1;
    return errno == EBUSY ? 0 : -errno;
}

/* linux/fuse.h has these from Linux 6.9 on; the numbers are the kernel's for good. */
struct backing_map { int32_t fd; uint32_t flags; uint64_t padding; };
#define BACKING_OPEN _IOW(FUSE_DEV_IOC_MAGIC, 1, struct backing_map)
#define BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)

#ifndef FUSE_DEV_IOC_MAGIC
#define FUSE_DEV_IOC_MAGIC 229
#endif

int hm_fuse_backing_open(int fd, int file)
{
    struct backing_map map = { .fd = file };
    int number = ioctl(fd, BACKING_OPEN, &map);
    return number < 0 ? -errno : number;
}

int hm_fuse_backing_close(int fd, int number)
{
    uint32_t which = (uint32_t)number;
    return ioctl(fd, BACKING_CLOSE, &which) < 0 ? -errno : 0;
}

int hm_fuse_receive(int fd, struct hm_request *requests, int count)
{
    int received = 0;
    while (received < count) {
        struct hm_request *request = &requests[received];
        struct iovec parts[2] = {
            { request->header, HM_FUSE_HEADER_BYTES },
            { request->data, request->data_capacity },
        };
        ssize_t length = readv(fd, parts, 2);
        if (length >= 0) {
            request->length = length;
            received++;
            continue;
        }
        switch (errno) {
        case EINTR:
        case ENOENT: /* withdrawn between being queued and being read */
            continue;
        case EAGAIN:
            return received;
        case ECONNABORTED: /* aborted through fusectl or MNT_FORCE */
        case ENODEV:
            return received > 0 ? received : -ENODEV;
        default:
            return received > 0 ? received : -errno;
        }
    }
    return received;
}

int hm_fuse_reply(int fd, const struct hm_reply *replies, int count)
{
    int failure = 0;
    for (int i = 0; i < count; i++) {
        const struct hm_reply *reply = &replies[i];
        uint32_t payload = reply->error == 0 ? reply->payload_bytes : 0;
        struct fuse_out_header header = {
            .len = (uint32_t)sizeof header + payload,
            .error = -reply->error,
            .unique = reply->unique,
        };
        struct iovec parts[2] = { { &header, sizeof header }, { (void *)reply->payload, payload } };
        ssize_t length;
        do
            length = writev(fd, parts, payload > 0 ? 2 : 1);
        while (length < 0 && errno == EINTR);
        /* One refused reply must not keep the others from their processes. */
        if (length < 0 && errno != ENOENT && failure == 0)
            failure = -errno;
    }
    return failure != 0 ? failure : count;
}

static int notify(int fd, int32_t code, struct iovec *parts, int count)
{
    struct fuse_out_header header = { .error = code, .unique = 0 };
    header.len = (uint32_t)sizeof header;
    for (int i = 1; i < count; i++)
        header.len += (uint32_t)parts[i].iov_len;
    parts[0] = (struct iovec){ &header, sizeof header };
    ssize_t length;
    do
        length = writev(fd, parts, count);
    while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : 0;
}

int hm_fuse_invalidate(int fd, uint64_t node)
{
    struct fuse_notify_inval_inode_out out = { .ino = node, .off = 0, .len = 0 };
    struct iovec parts[2] = { { NULL, 0 }, { &out, sizeof out } };
    return notify(fd, FUSE_NOTIFY_INVAL_INODE, parts, 2);
}

int hm_fuse_invalidate_entry(int fd, uint64_t parent, const char *name)
{
    size_t length = strlen(name);
    struct fuse_notify_inval_entry_out out = { .parent = parent, .namelen = (uint32_t)length };
    struct iovec parts[3] = { { NULL, 0 }, { &out, sizeof out }, { (void *)name, length + 1 } };
    return notify(fd, FUSE_NOTIFY_INVAL_ENTRY, parts, 3);
}
