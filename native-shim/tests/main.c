/* Runs every test and prints "N passed, N failed". Exit code 1 when one failed. Needs root and /dev/fuse. */
#define _GNU_SOURCE
#include "check.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int checks_passed, checks_failed;
char scratch[64] = "/tmp/hamirror-shim-XXXXXX";

void check_equal(const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual == expected) {
        checks_passed++;
        return;
    }
    checks_failed++;
    fprintf(stderr, "FAILED %s:%d: %s is %lld, not %lld\n", file, line, what, (long long)actual, (long long)expected);
}

int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int eventually(int (*condition)(void *), void *argument)
{
    for (int64_t end = milliseconds() + 30000; milliseconds() < end;) {
        if (condition(argument))
            return 1;
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
    return 0;
}

static int erase(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    (void)stat, (void)type, (void)at;
    return remove(path);
}

static const struct { const char *name; void (*run)(void); } tests[] = {
    { "memory", test_memory }, { "sums", test_sums }, { "waiting", test_waiting }, { "ring", test_ring },
    { "names", test_names }, { "files", test_files }, { "attributes", test_attributes }, { "identity", test_identity },
    { "mounts", test_mounts }, { "ping", test_ping }, { "plain", test_plain }, { "tls", test_tls },
    { "fuse", test_fuse }, { "guard", test_guard },
};

int main(int count, char **names)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (mkdtemp(scratch) == NULL) {
        perror(scratch);
        return 1;
    }
    strcat(scratch, "/");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        int wanted = count == 1;
        for (int k = 1; k < count; k++)
            wanted |= strcmp(names[k], tests[i].name) == 0;
        if (!wanted)
            continue;
        int64_t start = milliseconds();
        int before = checks_passed + checks_failed;
        tests[i].run();
        printf("%-10s %4d checks, %lld ms\n", tests[i].name, checks_passed + checks_failed - before,
               (long long)(milliseconds() - start));
    }
    nftw(scratch, erase, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed > 0;
}
