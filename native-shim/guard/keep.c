/*
 * hamirror-guard keep PROGRAM ARGUMENTS...: runs a hook or a checker that is to end with the agent.
 *
 * Descriptor 3 is the reading end of a pipe whose other end only the agent holds: at its end of file the agent is gone, and
 * everything of this session gets SIGTERM and, KEEP_GRACE_MS later, SIGKILL. This process leads the session, so the agent knows
 * its id; it ends with the program, with its exit code (128 + signal when it was killed), and leaves alone what the program
 * left running. When this process is killed the program is, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

#define LIFELINE 3
#define KEEP_GRACE_MS 500
#define LOOK_MS 20
#define KILLS_MAX 250 /* looks for what still lives: 5 s; what is in state D then has its signal */

static pid_t session_of(int proc, const char *pid)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "%s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t bytes = read(fd, text, sizeof text - 1);
    close(fd);
    if (bytes <= 0)
        return -1;
    text[bytes] = 0;
    /* id (name) state parent group session ...; the name may hold anything, so the last parenthesis counts. */
    char state;
    int parent, group, session;
    char *after = strrchr(text, ')');
    return after != NULL && sscanf(after + 1, " %c %d %d %d", &state, &parent, &group, &session) == 4 && state != 'Z' ? session : -1;
}

/* Signals all of this session but this process; returns how many. */
static int signal_all(int signal_number)
{
    static struct walk processes;
    int count = 0;
    if (!walk_open(&processes, AT_FDCWD, "/proc"))
        return 0;
    for (const char *name; (name = walk_number(&processes)) != NULL;) {
        pid_t pid = atoi(name);
        if (pid != getpid() && session_of(processes.fd, name) == getpid())
            count += kill(pid, signal_number) == 0;
    }
    close(processes.fd);
    return count;
}

static void end_session(void)
{
    signal_all(SIGTERM);
    for (int left = KEEP_GRACE_MS; left > 0 && signal_all(0) > 0; left -= LOOK_MS)
        pause_ms(LOOK_MS);
    for (int look = 0; look < KILLS_MAX && signal_all(SIGKILL) > 0; look++)
        pause_ms(LOOK_MS);
}

static void run(char **command, pid_t keeper)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(127); /* it died before */
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    execv(command[0], command);
    int error = errno;
    dprintf(STDERR_FILENO, "%s cannot be run: %s\n", command[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

int keep(char **command)
{
    if (fcntl(LIFELINE, F_SETFD, FD_CLOEXEC) < 0)
        return EXIT_NO_ANSWER;
    (void)close_range(LIFELINE + 1, ~0u, 0);
    (void)setsid();
    pid_t keeper = getpid(), child = fork();
    if (child == 0)
        run(command, keeper);
    if (child < 0) {
        dprintf(STDERR_FILENO, "%s cannot be run: %s\n", command[0], strerror(errno));
        return EXIT_NO_ANSWER;
    }
    /* SIGTERM is for the program: this process ends with it. */
    static const int ignored[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTSTP };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    int program = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd entries[2] = { { program, POLLIN, 0 }, { LIFELINE, POLLIN, 0 } };
    for (;;) {
        int ready = poll(entries, 2, program < 0 ? LOOK_MS : -1); /* no pidfd (a kernel before 5.3): look instead */
        int status;
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        char byte;
        if (ready > 0 && entries[1].revents != 0 && read(LIFELINE, &byte, 1) == 0) {
            end_session();
            return EXIT_FIRED;
        }
    }
}
