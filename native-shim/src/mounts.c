/*
 * What is mounted where, from /proc/self/mountinfo.
 *
 * Never touches the last part of the path when it is a mount point: a stat of a hung FUSE mount would hang here too.
 * Format of a line, proc(5): id parent major:minor root POINT options [tags...] - TYPE source options; in POINT a space,
 * tab, newline or backslash is \ooo.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hamirror_shim.h"
#include "mounts.h"

#define SYMLINKS_MAX 40 /* as the kernel's own limit */

static void unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from != 0; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != 0 && from[3] != 0) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = 0;
}

/* The kind of the topmost mount on exactly this path. */
static int kind_of(const char *canonical, dev_t *device)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (file == NULL)
        return -errno;
    char *line = NULL;
    size_t capacity = 0;
    int kind = 0;
    while (getline(&line, &capacity, file) > 0) {
        char *rest = line, *point = NULL, *number = NULL;
        for (int field = 0; field < 5; field++) {
            point = strsep(&rest, " ");
            number = field == 2 ? point : number;
        }
        char *type = rest == NULL ? NULL : strstr(rest, " - ");
        if (point == NULL || type == NULL)
            continue;
        unescape(point);
        unsigned high = 0, low = 0;
        if (strcmp(point, canonical) != 0 || sscanf(number, "%u:%u", &high, &low) != 2)
            continue;
        *device = makedev(high, low); /* a later line lies on top */
        kind = strncmp(type + 3, "fuse.hamirror ", 14) == 0 ? 1 : 2;
    }
    free(line);
    fclose(file);
    return kind;
}

/* Resolves all but the last part. */
static int canonical_parent(const char *path, char out[PATH_MAX])
{
    char copy[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0)
        return -ENOENT;
    if (length >= sizeof copy)
        return -ENAMETOOLONG;
    memcpy(copy, path, length + 1);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = 0;
    char *slash = strrchr(copy, '/');
    const char *last = slash == NULL ? copy : slash + 1;
    if (strcmp(last, "") == 0 || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return realpath(copy, out) == NULL ? -errno : 0;
    char saved[NAME_MAX + 1];
    if (snprintf(saved, sizeof saved, "%s", last) >= (int)sizeof saved)
        return -ENAMETOOLONG;
    if (slash != NULL)
        slash[slash == copy] = 0; /* keeps the slash of the root */
    if (realpath(slash == NULL ? "." : copy, out) == NULL)
        return -errno;
    length = strlen(out);
    if (length + 1 + strlen(saved) >= PATH_MAX)
        return -ENAMETOOLONG;
    sprintf(out + length, "%s%s", length == 1 ? "" : "/", saved);
    return 0;
}

/* Replaces a symlink's path by its target's, relative to where the link lies. */
static int follow(char path[PATH_MAX])
{
    char target[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return -errno;
    target[length] = 0;
    *strrchr(path, '/') = 0;
    snprintf(joined, sizeof joined, "%s/%s", target[0] == '/' ? "" : path, target);
    return canonical_parent(joined, path);
}

int mount_find(const char *path, dev_t *device)
{
    char canonical[PATH_MAX];
    int result = canonical_parent(path, canonical);
    for (int links = 0; result == 0 && links < SYMLINKS_MAX; links++) {
        int kind = kind_of(canonical, device);
        if (kind != 0)
            return kind;
        struct stat stat;
        if (lstat(canonical, &stat) < 0)
            return -errno;
        if (!S_ISLNK(stat.st_mode))
            return 0;
        result = follow(canonical);
    }
    return result < 0 ? result : -ELOOP;
}

int hm_mount_kind(const char *path)
{
    dev_t device;
    return mount_find(path, &device);
}
