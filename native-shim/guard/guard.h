/* The mounts that the guard watches over, and what it does to them; and the two other things that this program does. */
#ifndef HM_GUARD_H
#define HM_GUARD_H
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#define MOUNTS_MAX 256
#define EXIT_NO_ANSWER 1
#define EXIT_FIRED 3

struct watched {
    char path[PATH_MAX]; /* "": a free place */
    dev_t device;        /* as it was when the mount was named: on an aborted mount nothing can be asked any more */
    int unmounted;       /* the forced unmount took it away at once */
};

extern struct watched watched[MOUNTS_MAX];

int64_t now_ms(void);
/* Takes the memory that fire needs; 0 or -errno. */
int fire_prepare(void);
/* Aborts every watched mount, kills who writes to or maps a file of it, detaches it. `spare` is never killed. Says on
 * standard error and in syslog what was done and why. */
void fire(const char *why, pid_t spare);
/* See probe.c and keep.c; each returns the exit code. */
int probe(const char *path);
int keep(char **command);

/* Entries of a directory of /proc one at a time, from a static buffer: getdents64 without opendir's malloc. The caller closes
 * fd. */
struct walk {
    int fd;
    long bytes, at;
    char buffer[32768] __attribute__((aligned(8)));
};
int walk_open(struct walk *walk, int dirfd, const char *path);
/* The next entry whose name begins with a digit, or NULL. */
const char *walk_number(struct walk *walk);
void pause_ms(long ms);

#endif
