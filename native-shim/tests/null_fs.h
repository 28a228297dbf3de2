/*
 * A FUSE file system in which all that is written vanishes: the directory with one file, "f" (node 2, 1 MiB of 'a').
 * A thread serves it through the shim's own calls.
 */
#ifndef HM_NULL_FS_H
#define HM_NULL_FS_H
#include <pthread.h>
#include <stdint.h>

struct null_fs {
    int fd, wake, ended; /* ended: what hm_fuse_receive said at last */
    int answers;         /* 0: requests are received and never answered, as by a hung agent */
    uint64_t written;    /* bytes of WRITEs whose payload came aligned and with the expected content */
    uint64_t largest;    /* bytes of the largest WRITE */
    pthread_t thread;
    char path[160];
};

/* 0, or -errno of the mount. */
int null_fs_start(struct null_fs *fs, const char *path, const char *name);
/* Unmounts, unless somebody did, and ends the thread. */
void null_fs_end(struct null_fs *fs);

#endif
