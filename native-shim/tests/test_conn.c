/* Connections: plain over a socket pair, TLS over loopback with right and wrong keys, partial writes, farewells. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "hamirror_shim.h"

static const uint8_t key_a[32] = { 1, 2, 3 }, key_b[32] = { 1, 2, 4 };

static void loopback(int ends[2])
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, length), 0);
    CHECK_EQUAL(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQUAL(connect(ends[0], (struct sockaddr *)&address, length), 0);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
}

/* Drives both ends in turn until both have ended; results[i] is 0 or -errno. */
static void shake(hm_conn *conns[2], int results[2])
{
    results[0] = results[1] = 1;
    for (int64_t end = milliseconds() + 30000; (results[0] > 0 || results[1] > 0) && milliseconds() < end;)
        for (int i = 0; i < 2; i++)
            if (results[i] > 0)
                results[i] = hm_conn_handshake(conns[i]);
}

/* Sends `bytes` of a pattern from one end to the other in odd pieces through small socket buffers. */
static void transfer(hm_conn *from, hm_conn *to, size_t bytes)
{
    uint8_t *data = malloc(bytes), *got = calloc(1, bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(i * 2654435761u >> 13);
    size_t sent = 0, received = 0;
    int stalls = 0;
    for (int64_t end = milliseconds() + 30000; received < bytes && milliseconds() < end;) {
        size_t left = bytes - sent, first = left < 24 ? left : 24, second = (left - first) / 3;
        struct iovec parts[4] = { { data + sent, first }, { NULL, 0 }, { data + sent + first, second },
                                  { data + sent + first + second, left - first - second } };
        int64_t now = left > 0 ? hm_conn_send(from, parts, 4) : 0;
        if (now < 0 || (size_t)now > left)
            break; /* the sums below will show it */
        sent += (size_t)now;
        stalls += left > 0 && now == 0;
        if (now > 0)
            continue; /* until the way is full */
        size_t room = bytes - received < 30011 ? bytes - received : 30011;
        int64_t in = hm_conn_receive(to, got + received, room);
        if (in > 0)
            received += (size_t)in;
        else if (in != -EAGAIN)
            break;
    }
    CHECK_EQUAL(sent, bytes);
    CHECK_EQUAL(received, bytes);
    CHECK(memcmp(data, got, bytes) == 0);
    CHECK(stalls > 0); /* the buffers were small enough to try the other way */
    free(data);
    free(got);
}

static void small_buffers(const int ends[2])
{
    int bytes = 16 * 1024;
    for (int i = 0; i < 2; i++) {
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        setsockopt(ends[i], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
}

void test_plain(void)
{
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    small_buffers(ends);
    hm_conn *a = hm_conn_plain(ends[0]), *b = hm_conn_plain(ends[1]);
    CHECK(a != NULL && b != NULL);
    CHECK_EQUAL(hm_conn_handshake(a), 0);
    char buffer[8];
    CHECK_EQUAL(hm_conn_receive(a, buffer, sizeof buffer), -EAGAIN);
    transfer(a, b, 1000000);
    transfer(b, a, 1000000);
    CHECK_EQUAL(hm_conn_pending(a), 0);
    hm_conn_close(b);
    close(ends[1]);
    CHECK_EQUAL(hm_conn_receive(a, buffer, sizeof buffer), 0);
    struct iovec part = { buffer, 1 };
    CHECK_EQUAL(hm_conn_send(a, &part, 1), -EPIPE); /* and no SIGPIPE: this process would be dead */
    hm_conn_close(a);
    close(ends[0]);
    CHECK(hm_conn_plain(-1) == NULL);
    hm_conn_close(NULL);
}

static void refused(const uint8_t *client_key, const char *client, const uint8_t *server_key, const char *server)
{
    int ends[2], results[2];
    loopback(ends);
    hm_conn *conns[2] = { hm_conn_tls(ends[0], 0, client_key, client), hm_conn_tls(ends[1], 1, server_key, server) };
    shake(conns, results);
    CHECK_EQUAL(results[0], -EKEYREJECTED);
    CHECK_EQUAL(results[1], -EKEYREJECTED);
    struct iovec part = { "secret", 6 };
    char buffer[8];
    CHECK_EQUAL(hm_conn_send(conns[0], &part, 1), -EPIPE);
    CHECK_EQUAL(hm_conn_receive(conns[1], buffer, sizeof buffer), -EPIPE);
    for (int i = 0; i < 2; i++) {
        hm_conn_close(conns[i]);
        close(ends[i]);
    }
}

static void tls_pair(int ends[2], hm_conn *conns[2])
{
    int results[2];
    loopback(ends);
    small_buffers(ends);
    conns[0] = hm_conn_tls(ends[0], 0, key_a, "cluster-1");
    conns[1] = hm_conn_tls(ends[1], 1, key_a, "cluster-1");
    shake(conns, results);
    CHECK_EQUAL(results[0], 0);
    CHECK_EQUAL(results[1], 0);
}

static void test_pending(hm_conn *conns[2])
{
    char text[1000] = { 0 }, buffer[1000];
    struct iovec part = { text, sizeof text };
    CHECK_EQUAL(hm_conn_send(conns[0], &part, 1), sizeof text);
    int64_t got = -EAGAIN;
    for (int64_t end = milliseconds() + 30000; got == -EAGAIN && milliseconds() < end;)
        got = hm_conn_receive(conns[1], buffer, 10);
    CHECK_EQUAL(got, 10);
    CHECK_EQUAL(hm_conn_pending(conns[1]), 990);
    CHECK_EQUAL(hm_conn_receive(conns[1], buffer, sizeof buffer), 990);
    CHECK_EQUAL(hm_conn_pending(conns[1]), 0);
    CHECK_EQUAL(hm_conn_receive(conns[1], buffer, sizeof buffer), -EAGAIN);
}

static int64_t receive_end(hm_conn *conn, int fd)
{
    char buffer[64];
    int64_t got = -EAGAIN;
    for (int64_t end = milliseconds() + 30000; got == -EAGAIN && milliseconds() < end;) {
        poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 100);
        got = hm_conn_receive(conn, buffer, sizeof buffer);
    }
    return got;
}

void test_tls(void)
{
    int ends[2];
    hm_conn *conns[2];
    tls_pair(ends, conns);
    transfer(conns[0], conns[1], 4000000); /* some 250 records: the test build changes keys every 50 */
    transfer(conns[1], conns[0], 4000000);
    test_pending(conns);
    /* A farewell, and being cut off, are told apart. */
    hm_conn_close(conns[0]);
    close(ends[0]);
    CHECK_EQUAL(receive_end(conns[1], ends[1]), 0);
    hm_conn_close(conns[1]);
    close(ends[1]);

    tls_pair(ends, conns);
    shutdown(ends[0], SHUT_RDWR);
    CHECK_EQUAL(receive_end(conns[1], ends[1]), -ECONNRESET);
    for (int i = 0; i < 2; i++)
        hm_conn_close(conns[i]), close(ends[i]);

    /* A record that was tampered with. */
    tls_pair(ends, conns);
    uint8_t record[5 + 40] = { 23, 3, 3, 0, 40, 1, 2, 3 };
    CHECK_EQUAL(send(ends[0], record, sizeof record, 0), sizeof record);
    CHECK_EQUAL(receive_end(conns[1], ends[1]), -EBADMSG);
    CHECK_EQUAL(receive_end(conns[1], ends[1]), -EPIPE);
    for (int i = 0; i < 2; i++)
        hm_conn_close(conns[i]), close(ends[i]);

    refused(key_a, "cluster-1", key_b, "cluster-1");
    refused(key_a, "cluster-1", key_a, "cluster-2");
    refused(key_a, "cluster", key_a, "cluster-1");

    /* A peer that speaks something else, and one that goes away. */
    loopback(ends);
    hm_conn *server = hm_conn_tls(ends[1], 1, key_a, "c");
    CHECK_EQUAL(hm_conn_handshake(server), 1);
    CHECK_EQUAL(send(ends[0], "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
    int result = 1;
    for (int64_t end = milliseconds() + 30000; result > 0 && milliseconds() < end;)
        result = hm_conn_handshake(server);
    CHECK_EQUAL(result, -EPROTO);
    CHECK_EQUAL(hm_conn_handshake(server), -EPIPE);
    hm_conn_close(server);
    close(ends[0]), close(ends[1]);
    loopback(ends);
    server = hm_conn_tls(ends[1], 1, key_a, "c");
    close(ends[0]);
    result = 1;
    for (int64_t end = milliseconds() + 30000; result > 0 && milliseconds() < end;)
        result = hm_conn_handshake(server);
    CHECK_EQUAL(result, -ECONNRESET);
    hm_conn_close(server);
    close(ends[1]);
    char long_identity[66];
    memset(long_identity, 'x', 65);
    long_identity[65] = 0;
    CHECK(hm_conn_tls(0, 1, key_a, long_identity) == NULL);
}
