/* poll that outlives signals, and eventfds to end one. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "hamirror_shim.h"

_Static_assert(sizeof(struct hm_poll) == sizeof(struct pollfd), "hm_poll is struct pollfd");

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int hm_poll(struct hm_poll *entries, int count, int timeout_ms)
{
    int64_t end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
    int left = timeout_ms;
    for (;;) {
        int ready = poll((struct pollfd *)entries, (nfds_t)count, left);
        if (ready >= 0)
            return ready;
        if (errno != EINTR)
            return -errno;
        if (timeout_ms > 0) {
            int64_t rest = end - now_ms();
            left = rest > 0 ? (int)rest : 0;
        }
    }
}

int hm_event_create(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int hm_event_signal(int fd)
{
    /* EAGAIN: the counter is full, so the event is signalled already. */
    return eventfd_write(fd, 1) < 0 && errno != EAGAIN ? -errno : 0;
}

int hm_event_clear(int fd)
{
    eventfd_t count;
    return eventfd_read(fd, &count) < 0 && errno != EAGAIN ? -errno : 0;
}
