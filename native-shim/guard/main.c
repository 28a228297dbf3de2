/*
 * hamirror-guard: when the agent is dead or hung, its VMs must be gone before the peer starts them.
 * With arguments it is one of two other small processes of the agent's: see probe.c and keep.c.
 *
 * The agent is the parent and speaks on standard input:
 *   .           alive; every 200 ms
 *   + PATH \n   this mount serves from now on
 *   - PATH \n   it serves no more
 *   !           the agent ends in order: the guard ends too and does nothing
 * End of file, or 1.2 s without a byte: see fire.c, then the guard ends. Exit code 0 in order, 3 after firing.
 *
 * Nothing here allocates, pages or waits for a file system once it runs: all is static and locked in memory.
 * When the guard itself did not run (the whole host was paused), the agent did not either: then it gets one more period.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "mounts.h"

#define SILENCE_MS 1200
#define STALL_MS 300 /* a poll that ends so much too late says that the guard itself was not running */
#define EXIT_NO_MEMORY 1

struct watched watched[MOUNTS_MAX];
static char line[PATH_MAX + 4];
static size_t line_length;

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void complain(const char *about, const char *path)
{
    if (poll(&(struct pollfd){ STDERR_FILENO, POLLOUT, 0 }, 1, 0) == 1) /* a full pipe must not hold the guard */
        dprintf(STDERR_FILENO, "hamirror-guard: %s %s\n", path, about);
}

static void add(const char *path)
{
    struct watched *place = NULL;
    for (int i = 0; i < MOUNTS_MAX; i++) {
        if (strcmp(watched[i].path, path) == 0)
            place = &watched[i];
        else if (place == NULL && watched[i].path[0] == 0)
            place = &watched[i];
    }
    dev_t device;
    if (place == NULL)
        complain("is not watched: there are too many mounts", path);
    else if (mount_find(path, &device) != 1)
        complain("is not watched: it is no mount of HaMirror", path);
    else {
        memset(place, 0, sizeof *place);
        strcpy(place->path, path);
        place->device = device;
    }
}

static void drop(const char *path)
{
    for (int i = 0; i < MOUNTS_MAX; i++)
        if (strcmp(watched[i].path, path) == 0)
            watched[i].path[0] = 0;
}

/* Returns 1 when the agent ends in order. */
static int take(char byte)
{
    if (line_length == 0 && byte == '!')
        return 1;
    if (line_length == 0 && byte != '+' && byte != '-')
        return 0; /* a beat */
    if (byte != '\n') {
        if (line_length < sizeof line - 1)
            line[line_length++] = byte;
        return 0;
    }
    line[line_length] = 0;
    const char *path = line + (line[1] == ' ' ? 2 : 1);
    if (line_length < sizeof line - 1 && strlen(path) < PATH_MAX && path[0] == '/') {
        if (line[0] == '+')
            add(path);
        else
            drop(path);
    } else {
        complain("is not watched: it is no absolute path", path);
    }
    line_length = 0;
    return 0;
}

static void prepare(void)
{
    static const int ignored[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTSTP };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    (void)setsid(); /* fails when it leads a group already, which is as good */
    (void)chdir("/");
    (void)close_range(3, ~0u, 0);
    (void)setpriority(PRIO_PROCESS, 0, -20);
    int adjust = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (adjust >= 0) {
        if (write(adjust, "-1000", 5) < 0)
            complain("cannot be protected from the out-of-memory killer", "the guard");
        close(adjust);
    }
    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        complain("cannot be locked in memory (needs CAP_IPC_LOCK)", "the guard");
}

int main(int argc, char **argv)
{
    static char buffer[4096];
    if (argc == 3 && strcmp(argv[1], "probe") == 0)
        return probe(argv[2]);
    if (argc >= 3 && strcmp(argv[1], "keep") == 0)
        return keep(argv + 2);
    pid_t agent = getppid();
    prepare();
    if (fire_prepare() < 0)
        return EXIT_NO_MEMORY;
    int64_t heard = now_ms();
    for (;;) {
        int64_t asked = now_ms(), left = heard + SILENCE_MS - asked;
        struct pollfd entry = { STDIN_FILENO, POLLIN, 0 };
        int ready = poll(&entry, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0) {
            if (now_ms() - asked > (left > 0 ? left : 0) + STALL_MS) {
                heard = now_ms();
                continue;
            }
            fire("the agent has been silent for 1.2 s", agent);
            return EXIT_FIRED;
        }
        ssize_t bytes = read(STDIN_FILENO, buffer, sizeof buffer);
        if (bytes < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (bytes <= 0) {
            fire("the agent is gone", agent);
            return EXIT_FIRED;
        }
        heard = now_ms();
        for (ssize_t i = 0; i < bytes; i++)
            if (take(buffer[i]))
                return 0;
    }
}
