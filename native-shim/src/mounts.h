/* Reading /proc/self/mountinfo, shared by the shim and the guard. Never touches what is mounted. */
#ifndef HM_MOUNTS_H
#define HM_MOUNTS_H
#include <sys/types.h>

/* As hm_mount_kind; when it is 1 or 2, `device` gets the st_dev of the topmost mount on that path. */
int mount_find(const char *path, dev_t *device);

#endif
