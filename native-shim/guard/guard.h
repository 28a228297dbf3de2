/* The mounts that the guard watches over, and what it does to them. */
#ifndef HM_GUARD_H
#define HM_GUARD_H
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#define MOUNTS_MAX 256

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

#endif
