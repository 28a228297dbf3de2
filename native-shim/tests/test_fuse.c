/* A real mount, served by null_fs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "hamirror_shim.h"
#include "null_fs.h"

static void test_content(struct null_fs *fs)
{
    enum { BYTES = 1 << 20 };
    char path[200];
    snprintf(path, sizeof path, "%s/f", fs->path);
    char *buffer = hm_pages_alloc(BYTES);
    int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    CHECK(fd >= 0);
    memset(buffer, 'w', BYTES);
    CHECK_EQUAL(pwrite(fd, buffer, 4096, 0), 4096);
    CHECK_EQUAL(fs->written, 4096);
    CHECK_EQUAL(pwrite(fd, buffer, BYTES, 0), BYTES);
    CHECK_EQUAL(fs->written, 4096 + BYTES);
    CHECK_EQUAL(fs->largest, BYTES);
    CHECK_EQUAL(pread(fd, buffer, BYTES, 0), BYTES);
    CHECK(buffer[0] == 'a' && buffer[BYTES - 1] == 'a');
    CHECK_EQUAL(fsync(fd), 0);
    close(fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_EQUAL(pread(fd, buffer, 10, 100), 10);
    close(fd);
    struct stat stat_of_file;
    snprintf(path, sizeof path, "%s/none", fs->path);
    CHECK(stat(path, &stat_of_file) < 0 && errno == ENOENT);
    hm_pages_free(buffer, BYTES);
}

static int has_ended(void *fs)
{
    return __atomic_load_n(&((struct null_fs *)fs)->ended, __ATOMIC_ACQUIRE) != 0;
}

static int line_with(const char *file, const char *text)
{
    char line[512];
    FILE *from = fopen(file, "re");
    int found = 0;
    while (from != NULL && !found && fgets(line, sizeof line, from) != NULL)
        found = strstr(line, text) != NULL;
    if (from != NULL)
        fclose(from);
    return found;
}

static void *stat_it(void *path)
{
    struct stat stat_of_file;
    return (void *)(intptr_t)(stat(path, &stat_of_file) < 0 ? errno : 0);
}

void test_fuse(void)
{
    struct null_fs fs;
    char path[128], file[160];
    snprintf(path, sizeof path, "%smount, here", scratch);
    snprintf(file, sizeof file, "%s/f", path);
    CHECK_EQUAL(null_fs_start(&fs, path, "web, of=\"a\" b"), 0);
    CHECK_EQUAL(hm_mount_kind(path), 1);
    CHECK(line_with("/proc/self/mounts", "web,\\040of=\"a\"\\040b "));
    CHECK(line_with("/proc/self/mounts", "fuse.hamirror rw,nodev,"));
    CHECK(line_with("/proc/self/mounts", "default_permissions,allow_other"));
    test_content(&fs);
    CHECK_EQUAL(hm_fuse_invalidate(fs.fd, 2), 0);
    CHECK_EQUAL(hm_fuse_invalidate(fs.fd, 77), -ENOENT);
    CHECK_EQUAL(hm_fuse_invalidate_entry(fs.fd, 1, "f"), 0);
    CHECK_EQUAL(hm_fuse_invalidate_entry(fs.fd, 1, "never looked up"), -ENOENT);
    struct hm_reply forgotten = { 0x7777777, EIO, 0, NULL };
    CHECK_EQUAL(hm_fuse_reply(fs.fd, &forgotten, 1), 1);
    CHECK_EQUAL(hm_fuse_unmount(path, 0), 0);
    CHECK(eventually(has_ended, &fs));
    CHECK_EQUAL(fs.ended, -ENODEV);
    CHECK_EQUAL(hm_mount_kind(path), 0);
    CHECK_EQUAL(hm_fuse_unmount(path, 0), -EINVAL);
    null_fs_end(&fs);

    /* A process that waits for a hung file system is let go by an abort; what lies beneath stays mounted. */
    CHECK_EQUAL(mount("below", path, "tmpfs", 0, NULL), 0);
    CHECK_EQUAL(null_fs_start(&fs, path, "hung"), 0);
    int open_file = open(file, O_RDWR | O_CLOEXEC);
    CHECK(open_file >= 0);
    hm_fuse_invalidate(fs.fd, 2);
    fs.answers = 0;
    pthread_t waiting;
    void *result;
    pthread_create(&waiting, NULL, stat_it, file);
    CHECK_EQUAL(hm_fuse_unmount(path, 1), 0);
    pthread_join(waiting, &result);
    CHECK((intptr_t)result == ECONNABORTED || (intptr_t)result == ENOTCONN || (intptr_t)result == ENOENT);
    CHECK(eventually(has_ended, &fs));
    CHECK_EQUAL(fs.ended, -ENODEV);
    close(open_file);
    null_fs_end(&fs);
    CHECK_EQUAL(hm_mount_kind(path), 2);
    umount(path);

    CHECK_EQUAL(hm_fuse_mount("/none/such", "x", 4096), -ENOENT);
    struct hm_request request = { file, path, 0, 0 };
    CHECK_EQUAL(hm_fuse_receive(-1, &request, 1), -EBADF);
    CHECK_EQUAL(hm_fuse_reply(-1, &forgotten, 1), -EBADF);
    CHECK_EQUAL(hm_fuse_invalidate(-1, 1), -EBADF);
}
