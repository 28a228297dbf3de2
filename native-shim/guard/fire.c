/*
 * What the guard does when the agent is gone.
 *
 * 1. Abort: MNT_FORCE ends every request that waits, so that nobody hangs in state D and can be killed.
 * 2. Kill who has a file of a watched device open for writing. The device is compared, not the path: libvirt gives a
 *    QEMU its own mount namespace. The mode is that of the link in /proc/PID/fd; the device comes by statx without
 *    AT_STATX_SYNC, which asks no file system anything, so that a hung mount of somebody else cannot hold the guard.
 * 3. Kill who maps one. Reading /proc/PID/maps takes that process's lock, which may be held for long: a child process
 *    does it, and the guard waits for it only for a while.
 * 4. Again while new ones appear (a fork during the scan), then detach the mounts.
 * Before each unmount the device is compared again: a restarted agent's new mount must not be taken away.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "mounts.h"

#define SCAN_MS 500        /* for repeated scans in all */
#define MAPS_MS 300        /* for one look at all maps */
#define KILLED_MAX 1024

/* Shared with the child that reads the maps. */
static struct kills { int count; pid_t pids[KILLED_MAX]; } *kills;
static pid_t spared;

int fire_prepare(void)
{
    kills = mmap(NULL, sizeof *kills, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return kills == MAP_FAILED ? -errno : 0;
}

static int is_watched(dev_t device)
{
    for (int i = 0; i < MOUNTS_MAX; i++)
        if (watched[i].path[0] != 0 && watched[i].device == device)
            return 1;
    return 0;
}

/* Returns 1 when this process had not been killed yet. */
static int kill_once(pid_t pid)
{
    for (int i = 0; i < kills->count; i++)
        if (kills->pids[i] == pid)
            return 0;
    if (kill(pid, SIGKILL) < 0)
        return 0;
    if (kills->count < KILLED_MAX)
        kills->pids[kills->count++] = pid;
    return 1;
}

int walk_open(struct walk *walk, int dirfd, const char *path)
{
    walk->fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    walk->bytes = walk->at = 0;
    return walk->fd >= 0;
}

const char *walk_number(struct walk *walk)
{
    for (;;) {
        if (walk->at >= walk->bytes) {
            walk->bytes = syscall(SYS_getdents64, walk->fd, walk->buffer, sizeof walk->buffer);
            walk->at = 0;
            if (walk->bytes <= 0)
                return NULL;
        }
        struct dirent64 *entry = (struct dirent64 *)(walk->buffer + walk->at);
        walk->at += entry->d_reclen;
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            return entry->d_name;
    }
}

static int writes_to_watched(int proc, const char *pid)
{
    static struct walk files;
    char path[32];
    int found = 0;
    snprintf(path, sizeof path, "%s/fd", pid);
    if (!walk_open(&files, proc, path))
        return 0; /* it has ended */
    for (const char *name; !found && (name = walk_number(&files)) != NULL;) {
        struct stat link;
        struct statx file;
        if (fstatat(files.fd, name, &link, AT_SYMLINK_NOFOLLOW) < 0 || !(link.st_mode & S_IWUSR))
            continue;
        found = statx(files.fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &file) == 0
            && is_watched(makedev(file.stx_dev_major, file.stx_dev_minor));
    }
    close(files.fd);
    return found;
}

/* A line of maps: range, permissions, offset, major:minor in hexadecimal, inode, path. */
static int maps_watched(int proc, const char *pid)
{
    static char buffer[65536];
    char path[32];
    snprintf(path, sizeof path, "%s/maps", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC), found = 0;
    if (fd < 0)
        return 0;
    size_t held = 0;
    for (ssize_t got; !found && (got = read(fd, buffer + held, sizeof buffer - 1 - held)) > 0;) {
        held += (size_t)got;
        buffer[held] = 0;
        char *at = buffer;
        for (char *end; !found && (end = strchr(at, '\n')) != NULL; at = end + 1) {
            unsigned high, low;
            *end = 0;
            found = sscanf(at, "%*s %*s %*s %x:%x", &high, &low) == 2 && is_watched(makedev(high, low));
        }
        held = at == buffer && held == sizeof buffer - 1 ? 0 : strlen(at); /* no line is so long; drop it */
        memmove(buffer, at, held);
    }
    close(fd);
    return found;
}

/* Kills every process of which `guilty` is true; returns how many new ones. */
static int scan(int (*guilty)(int proc, const char *pid))
{
    static struct walk processes;
    int fresh = 0;
    if (!walk_open(&processes, AT_FDCWD, "/proc"))
        return 0;
    for (const char *name; (name = walk_number(&processes)) != NULL;) {
        pid_t pid = atoi(name);
        if (pid > 1 && pid != getpid() && pid != spared && guilty(processes.fd, name))
            fresh += kill_once(pid);
    }
    close(processes.fd);
    return fresh;
}

void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Returns how many new ones the child has killed; less than there are when it takes too long. */
static int scan_maps(void)
{
    pid_t child = fork();
    if (child == 0) {
        int fresh = scan(maps_watched);
        _exit(fresh < 250 ? fresh : 250);
    }
    if (child < 0)
        return scan(maps_watched);
    int status = 0;
    for (int64_t end = now_ms() + MAPS_MS; now_ms() < end; pause_ms(2))
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return 0; /* it goes on by itself, and ends when it is through */
}

static int still_there(const struct watched *mount)
{
    dev_t device;
    return mount->path[0] != 0 && !mount->unmounted && mount_find(mount->path, &device) == 1 && device == mount->device;
}

static void say(const char *why, int mounts, int64_t took)
{
    char text[256];
    snprintf(text, sizeof text, "%s: aborted %d mount(s), killed %d process(es) that wrote to them or mapped them, in %lld ms",
             why, mounts, kills->count, (long long)took);
    openlog("hamirror-guard", LOG_PID, LOG_DAEMON);
    syslog(LOG_CRIT, "%s", text);
    dprintf(STDERR_FILENO, "hamirror-guard: %s\n", text);
}

void fire(const char *why, pid_t spare)
{
    int64_t start = now_ms();
    int mounts = 0;
    spared = spare;
    for (int i = 0; i < MOUNTS_MAX; i++) {
        if (!still_there(&watched[i]))
            continue;
        mounts++;
        watched[i].unmounted = umount2(watched[i].path, MNT_FORCE | UMOUNT_NOFOLLOW) == 0;
    }
    /* Also when no mount is left: a dead agent's mounts abort by themselves, and their processes live on. */
    int fresh;
    do {
        fresh = scan(writes_to_watched) + scan_maps();
        if (fresh > 0)
            pause_ms(10);
    } while (fresh > 0 && now_ms() - start < SCAN_MS);
    for (int i = 0; i < MOUNTS_MAX; i++)
        if (still_there(&watched[i]))
            (void)umount2(watched[i].path, MNT_DETACH | UMOUNT_NOFOLLOW);
    say(why, mounts, now_ms() - start);
}
