/* The few words that the tests are written in. A failed CHECK is counted and named; the test goes on. */
#ifndef HM_CHECK_H
#define HM_CHECK_H
#include <stdint.h>
#include <stdio.h>

extern int checks_passed, checks_failed;
extern char scratch[]; /* an empty directory of this run, with a trailing slash */

#define CHECK(condition) \
    ((condition) ? (void)checks_passed++ \
                 : (void)(checks_failed++, fprintf(stderr, "FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition)))
#define CHECK_EQUAL(actual, expected) check_equal(__FILE__, __LINE__, #actual, (int64_t)(actual), (int64_t)(expected))

void check_equal(const char *file, int line, const char *what, int64_t actual, int64_t expected);
int64_t milliseconds(void);
/* Repeats until the condition holds; 0 when it did not within 30 s. */
int eventually(int (*condition)(void *), void *argument);

void test_memory(void);
void test_sums(void);
void test_waiting(void);
void test_ring(void);
void test_names(void);
void test_files(void);
void test_attributes(void);
void test_identity(void);
void test_mounts(void);
void test_ping(void);
void test_plain(void);
void test_tls(void);
void test_fuse(void);
void test_guard(void);

#endif
