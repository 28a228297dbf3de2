/* The way to a file whose descriptor is O_PATH: calls that refuse the descriptor accept its name under /proc/self/fd,
 * which leads to the file itself, even when that is a symlink. */
#ifndef HM_DESCRIPTOR_PATH_H
#define HM_DESCRIPTOR_PATH_H
#include <stdio.h>

#define DESCRIPTOR_PATH_BYTES 32

static inline const char *descriptor_path(char out[DESCRIPTOR_PATH_BYTES], int fd)
{
    snprintf(out, DESCRIPTOR_PATH_BYTES, "/proc/self/fd/%d", fd);
    return out;
}

#endif
