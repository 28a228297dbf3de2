#define _GNU_SOURCE
#include "null_fs.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamirror_shim.h"

enum { BATCH = 8, DATA_BYTES = (1 << 20) + 4096, FILE_BYTES = 1 << 20 };

static void fill_attributes(struct fuse_attr *attr, uint64_t node)
{
    *attr = (struct fuse_attr){
        .ino = node, .nlink = 1, .blksize = 4096,
        .mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0666,
        .size = node == FUSE_ROOT_ID ? 0 : FILE_BYTES,
    };
}

/* Answers one request into `room`; returns the payload's bytes, or -errno. */
static int answer(struct null_fs *fs, const struct fuse_in_header *in, const uint8_t *body, const uint8_t *data, uint8_t *room)
{
    switch (in->opcode) {
    case FUSE_INIT: {
        const struct fuse_init_in *init = (const struct fuse_init_in *)body;
        *(struct fuse_init_out *)room = (struct fuse_init_out){
            .major = FUSE_KERNEL_VERSION, .minor = init->minor, .max_readahead = init->max_readahead,
            .flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES, .max_write = 1 << 20, .max_pages = 256, .time_gran = 1,
            .max_background = 16, .congestion_threshold = 12,
        };
        return sizeof(struct fuse_init_out);
    }
    case FUSE_LOOKUP:
        if (strcmp((const char *)body, "f") != 0)
            return -ENOENT;
        *(struct fuse_entry_out *)room = (struct fuse_entry_out){ .nodeid = 2, .entry_valid = 60, .attr_valid = 60 };
        fill_attributes(&((struct fuse_entry_out *)room)->attr, 2);
        return sizeof(struct fuse_entry_out);
    case FUSE_GETATTR:
    case FUSE_SETATTR:
        *(struct fuse_attr_out *)room = (struct fuse_attr_out){ .attr_valid = 60 };
        fill_attributes(&((struct fuse_attr_out *)room)->attr, in->nodeid);
        return sizeof(struct fuse_attr_out);
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        *(struct fuse_open_out *)room = (struct fuse_open_out){ .fh = 1 };
        return sizeof(struct fuse_open_out);
    case FUSE_READ: {
        const struct fuse_read_in *read = (const struct fuse_read_in *)body;
        uint64_t left = read->offset < FILE_BYTES ? FILE_BYTES - read->offset : 0;
        uint32_t bytes = read->size < left ? read->size : (uint32_t)left;
        memset(room, 'a', bytes);
        return (int)bytes;
    }
    case FUSE_WRITE: {
        const struct fuse_write_in *write = (const struct fuse_write_in *)body;
        int right = (uintptr_t)data % 4096 == 0 && data[0] == 'w' && data[write->size - 1] == 'w'
            && in->len == HM_FUSE_HEADER_BYTES + write->size;
        fs->written += right ? write->size : 0;
        fs->largest = write->size > fs->largest ? write->size : fs->largest;
        *(struct fuse_write_out *)room = (struct fuse_write_out){ .size = write->size };
        return sizeof(struct fuse_write_out);
    }
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FLUSH:
    case FUSE_FSYNC:
    case FUSE_READDIR:
        return 0;
    default:
        return -ENOSYS;
    }
}

static void serve_batch(struct null_fs *fs, struct hm_request *requests, int count, uint8_t *room)
{
    struct hm_reply replies[BATCH];
    uint8_t body[4096];
    int used = 0;
    for (int i = 0; i < count; i++) {
        const struct fuse_in_header *in = requests[i].header;
        uint32_t length = in->len - (uint32_t)sizeof *in;
        length = length < sizeof body ? length : (uint32_t)sizeof body;
        uint32_t first = length < 40 ? length : 40;
        memcpy(body, (uint8_t *)requests[i].header + sizeof *in, first);
        memcpy(body + first, requests[i].data, length - first);
        if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET || in->opcode == FUSE_INTERRUPT)
            continue;
        if (!fs->answers && in->opcode != FUSE_INIT)
            continue;
        uint8_t *payload = room + (size_t)i * DATA_BYTES;
        int bytes = answer(fs, in, body, requests[i].data, payload);
        replies[used++] = (struct hm_reply){ in->unique, bytes < 0 ? -bytes : 0, bytes < 0 ? 0 : (uint32_t)bytes, payload };
    }
    hm_fuse_reply(fs->fd, replies, used);
}

static void *serve(void *argument)
{
    struct null_fs *fs = argument;
    struct hm_request requests[BATCH];
    uint8_t *headers = hm_pages_alloc(BATCH * HM_FUSE_HEADER_BYTES), *data = hm_pages_alloc(BATCH * DATA_BYTES),
            *room = hm_pages_alloc(BATCH * DATA_BYTES);
    for (int i = 0; i < BATCH; i++)
        requests[i] = (struct hm_request){ headers + i * HM_FUSE_HEADER_BYTES, data + (size_t)i * DATA_BYTES, DATA_BYTES, 0 };
    for (;;) {
        struct hm_poll entries[2] = { { fs->fd, 1, 0 }, { fs->wake, 1, 0 } };
        hm_poll(entries, 2, -1);
        if (entries[1].revents != 0)
            break;
        int count = hm_fuse_receive(fs->fd, requests, BATCH);
        if (count < 0) {
            __atomic_store_n(&fs->ended, count, __ATOMIC_RELEASE);
            break;
        }
        serve_batch(fs, requests, count, room);
    }
    hm_pages_free(headers, BATCH * HM_FUSE_HEADER_BYTES);
    hm_pages_free(data, BATCH * DATA_BYTES);
    hm_pages_free(room, BATCH * DATA_BYTES);
    return NULL;
}

int null_fs_start(struct null_fs *fs, const char *path, const char *name)
{
    memset(fs, 0, sizeof *fs);
    strncpy(fs->path, path, sizeof fs->path - 1);
    fs->answers = 1;
    mkdir(path, 0755);
    fs->fd = hm_fuse_mount(path, name, 1 << 20);
    if (fs->fd < 0)
        return fs->fd;
    fs->wake = hm_event_create();
    pthread_create(&fs->thread, NULL, serve, fs);
    return 0;
}

void null_fs_end(struct null_fs *fs)
{
    if (hm_mount_kind(fs->path) == 1)
        hm_fuse_unmount(fs->path, 1);
    hm_event_signal(fs->wake);
    pthread_join(fs->thread, NULL);
    close(fs->fd);
    close(fs->wake);
}
