/*
 * hamirror-guard probe PATH: asks the file system at PATH for the agent that serves it.
 *
 * The agent must not ask itself: a thread that waits in its own mount cannot be killed, holds /dev/fuse open, and so keeps the
 * kernel from ending the wait, for ever. This process holds nothing of the agent's: when that dies the mount is aborted, the
 * question gets its error, and the end of standard input ends this process too.
 *
 * Each byte on standard input is a question; the answer is one line with the errno, 0 when the file system answered. statfs is
 * never answered from a cache of the kernel: it always reaches the file system.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "guard.h"

int probe(const char *path)
{
    if (chdir("/") < 0)
        return EXIT_NO_ANSWER;
    (void)close_range(3, ~0u, 0);
    for (;;) {
        char question;
        struct statfs answer;
        ssize_t bytes = read(STDIN_FILENO, &question, 1);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes <= 0)
            return 0;
        int result = statfs(path, &answer) == 0 ? 0 : errno;
        if (dprintf(STDOUT_FILENO, "%d\n", result) < 0)
            return EXIT_NO_ANSWER;
    }
}
