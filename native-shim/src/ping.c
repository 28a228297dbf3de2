/*
 * One ICMP echo. An unprivileged datagram socket first (net.ipv4.ping_group_range), a raw one where that is refused.
 * An answer is ours when its payload is the random token that we sent: identifiers are chosen by the kernel on datagram
 * sockets, and a raw socket sees the answers of everybody's pings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hamirror_shim.h"

#define TOKEN_BYTES 16
#define MICROSECONDS 1000000

struct echo { /* the same layout in ICMP and ICMPv6 */
    uint8_t type, code;
    uint16_t sum, id, sequence;
    uint8_t token[TOKEN_BYTES];
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

static uint16_t internet_sum(const struct echo *echo)
{
    uint16_t words[sizeof *echo / 2];
    uint32_t sum = 0;
    memcpy(words, echo, sizeof *echo);
    for (size_t i = 0; i < sizeof words / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~(sum + (sum >> 16));
}

/* Connected, so that an ICMP error of the way comes back as errno. */
static int open_socket(const struct addrinfo *to, int *raw)
{
    int protocol = to->ai_family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
    int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
    *raw = fd < 0;
    if (fd < 0)
        fd = socket(to->ai_family, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return -errno;
    int on = 1;
    if (to->ai_family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

static int is_answer(const uint8_t *packet, ssize_t length, int family, int raw, const struct echo *sent)
{
    struct echo got;
    size_t skip = raw && family == AF_INET && length > 0 ? (size_t)(packet[0] & 15) * 4 : 0;
    if (length < (ssize_t)(skip + sizeof got))
        return 0;
    memcpy(&got, packet + skip, sizeof got);
    return got.type == (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY)
        && memcmp(got.token, sent->token, TOKEN_BYTES) == 0;
}

static int64_t exchange(int fd, int family, int raw, int timeout_ms)
{
    struct echo echo = { .type = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST, .sequence = htons(1) };
    if (getrandom(echo.token, TOKEN_BYTES, 0) != TOKEN_BYTES)
        return -EIO;
    memcpy(&echo.id, echo.token, sizeof echo.id);
    echo.sum = family == AF_INET ? internet_sum(&echo) : 0; /* the kernel sums ICMPv6 */
    int64_t start = now_us(), end = start + (int64_t)timeout_ms * 1000;
    if (send(fd, &echo, sizeof echo, MSG_NOSIGNAL) < 0)
        return -errno;
    for (;;) {
        int64_t left = end - now_us();
        struct hm_poll entry = { .fd = fd, .events = 1 };
        int ready = left <= 0 ? 0 : hm_poll(&entry, 1, (int)((left + 999) / 1000));
        if (ready <= 0)
            return ready < 0 ? ready : -ETIMEDOUT;
        uint8_t packet[512];
        ssize_t length = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
        if (length < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (is_answer(packet, length, family, raw, &echo))
            return now_us() - start;
    }
}

int64_t hm_ping(const char *address, int timeout_ms)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *to;
    if (getaddrinfo(address, NULL, &hints, &to) != 0)
        return -EINVAL;
    int raw;
    int fd = open_socket(to, &raw);
    int64_t result = fd < 0 ? fd : exchange(fd, to->ai_family, raw, timeout_ms);
    if (fd >= 0)
        close(fd);
    freeaddrinfo(to);
    return result;
}
