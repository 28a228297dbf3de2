/*
 * The guard against a real mount: who writes to or maps a file of it dies, who only reads or has nothing to do with it
 * lives. This process plays the agent: it serves the mount and holds the pipe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "hamirror_shim.h"
#include "null_fs.h"

enum role { WRITER, MAPPER, READER, BYSTANDER, ROLES };

struct scene {
    struct null_fs fs;
    pid_t guests[ROLES];
    pid_t guard;
    int to_guard;
};

static void play(enum role role, const char *file)
{
    int fd = role == BYSTANDER ? open("/dev/null", O_RDWR) : open(file, role == WRITER ? O_RDWR : O_RDONLY);
    void *map = MAP_FAILED;
    if (role == MAPPER) {
        map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        close(fd);
    }
    int ready = fd >= 0 && (role != MAPPER || map != MAP_FAILED);
    if (write(STDOUT_FILENO, ready ? "y" : "n", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static pid_t start_guest(struct scene *scene, enum role role)
{
    int report[2];
    char file[200], answer = 0;
    snprintf(file, sizeof file, "%s/f", scene->fs.path);
    CHECK_EQUAL(pipe2(report, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        close(scene->fs.fd);
        dup2(report[1], STDOUT_FILENO);
        play(role, file);
    }
    close(report[1]);
    CHECK_EQUAL(read(report[0], &answer, 1), 1);
    CHECK_EQUAL(answer, 'y');
    close(report[0]);
    return child;
}

static void start_guard(struct scene *scene)
{
    int ends[2];
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    path[length > 0 ? length : 0] = 0;
    strcpy(strrchr(path, '/'), "/hamirror-guard");
    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    scene->guard = fork();
    if (scene->guard == 0) {
        dup2(ends[0], STDIN_FILENO);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        execl(path, "hamirror-guard", (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    scene->to_guard = ends[1];
}

static void tell(struct scene *scene, const char *text)
{
    CHECK_EQUAL(write(scene->to_guard, text, strlen(text)), strlen(text));
}

static void begin(struct scene *scene, const char *name)
{
    char path[128], text[200];
    snprintf(path, sizeof path, "%sguarded %s", scratch, name);
    CHECK_EQUAL(null_fs_start(&scene->fs, path, "guarded"), 0);
    for (int role = 0; role < ROLES; role++)
        scene->guests[role] = start_guest(scene, role);
    start_guard(scene);
    snprintf(text, sizeof text, "..+ %s\n.", path);
    tell(scene, text);
}

static int has_died(void *pid)
{
    return waitpid(*(pid_t *)pid, NULL, WNOHANG) == *(pid_t *)pid;
}

static int guard_code(struct scene *scene)
{
    int status = -1;
    for (int64_t end = milliseconds() + 30000; milliseconds() < end; usleep(2000))
        if (waitpid(scene->guard, &status, WNOHANG) == scene->guard)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return -1000;
}

static void finish(struct scene *scene)
{
    for (int role = 0; role < ROLES; role++)
        if (scene->guests[role] > 0) {
            kill(scene->guests[role], SIGKILL);
            waitpid(scene->guests[role], NULL, 0);
        }
    if (scene->to_guard >= 0)
        close(scene->to_guard);
    null_fs_end(&scene->fs);
}

/* The guard must have done its work since `start` within `limit_ms`. */
static void check_fired(struct scene *scene, int64_t start, int64_t limit_ms)
{
    CHECK_EQUAL(guard_code(scene), 3);
    CHECK(eventually(has_died, &scene->guests[WRITER]));
    CHECK(eventually(has_died, &scene->guests[MAPPER]));
    CHECK(milliseconds() - start < limit_ms);
    scene->guests[WRITER] = scene->guests[MAPPER] = 0;
    CHECK(!has_died(&scene->guests[READER]));
    CHECK(!has_died(&scene->guests[BYSTANDER]));
    CHECK_EQUAL(hm_mount_kind(scene->fs.path), 0);
}

static void fires_at_end_of_file(void)
{
    struct scene scene;
    begin(&scene, "eof");
    for (int i = 0; i < 3; i++) {
        usleep(50000);
        tell(&scene, ".");
    }
    kill(scene.guard, SIGTERM), kill(scene.guard, SIGHUP), kill(scene.guard, SIGINT);
    CHECK(!has_died(&scene.guests[WRITER]));
    int64_t start = milliseconds();
    close(scene.to_guard);
    scene.to_guard = -1;
    check_fired(&scene, start, 2000);
    finish(&scene);
}

/* The mount hangs too: requests are taken and never answered. */
static void fires_in_silence(void)
{
    struct scene scene;
    begin(&scene, "silence");
    scene.fs.answers = 0;
    int64_t start = milliseconds();
    check_fired(&scene, start, 2000);
    CHECK(milliseconds() - start >= 1100);
    finish(&scene);
}

static void stays_quiet(void)
{
    struct scene scene;
    begin(&scene, "quiet");
    for (int64_t end = milliseconds() + 2600; milliseconds() < end; usleep(100000))
        tell(&scene, ".");
    tell(&scene, "!");
    CHECK_EQUAL(guard_code(&scene), 0);
    for (int role = 0; role < ROLES; role++)
        CHECK(!has_died(&scene.guests[role]));
    CHECK_EQUAL(hm_mount_kind(scene.fs.path), 1);
    finish(&scene);
}

static void forgets_what_serves_no_more(void)
{
    struct scene scene;
    char text[200];
    begin(&scene, "forgotten");
    snprintf(text, sizeof text, "+ /none/such\n+ /proc\n+ relative\n- %s\n", scene.fs.path);
    tell(&scene, text);
    close(scene.to_guard);
    scene.to_guard = -1;
    CHECK_EQUAL(guard_code(&scene), 3);
    for (int role = 0; role < ROLES; role++)
        CHECK(!has_died(&scene.guests[role]));
    CHECK_EQUAL(hm_mount_kind(scene.fs.path), 1);
    CHECK_EQUAL(hm_mount_kind("/proc"), 2);
    finish(&scene);
}

void test_guard(void)
{
    fires_at_end_of_file();
    fires_in_silence();
    stays_quiet();
    forgets_what_serves_no_more();
}
