/* A connection over a socket that the caller owns: the plain kind, and the door to the encrypted one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "conn.h"

int64_t socket_send(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = { .msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)(count > IOV_MAX ? IOV_MAX : count) };
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN)
        return 0;
    return errno == ECONNRESET ? -EPIPE : -errno;
}

int64_t socket_receive(int fd, void *buffer, uint64_t bytes)
{
    ssize_t got;
    do
        got = recv(fd, buffer, bytes, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static hm_conn *create(int fd)
{
    int on = 1, flags = fcntl(fd, F_GETFL);
    hm_conn *conn = flags < 0 ? NULL : calloc(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a socket of another family has no such delay */
    conn->fd = fd;
    return conn;
}

hm_conn *hm_conn_plain(int fd)
{
    return create(fd);
}

hm_conn *hm_conn_tls(int fd, int server, const uint8_t *key, const char *identity)
{
    hm_conn *conn = create(fd);
    if (conn != NULL && (conn->tls = tls_create(fd, server, key, identity)) == NULL) {
        free(conn);
        return NULL;
    }
    return conn;
}

int hm_conn_handshake(hm_conn *conn)
{
    return conn->tls != NULL ? tls_handshake(conn->tls) : 0;
}

int64_t hm_conn_send(hm_conn *conn, const struct iovec *parts, int count)
{
    return conn->tls != NULL ? tls_send(conn->tls, parts, count) : socket_send(conn->fd, parts, count);
}

int64_t hm_conn_receive(hm_conn *conn, void *buffer, uint64_t bytes)
{
    return conn->tls != NULL ? tls_receive(conn->tls, buffer, bytes) : socket_receive(conn->fd, buffer, bytes);
}

int64_t hm_conn_pending(hm_conn *conn)
{
    return conn->tls != NULL ? tls_pending(conn->tls) : 0;
}

void hm_conn_close(hm_conn *conn)
{
    if (conn == NULL)
        return;
    if (conn->tls != NULL)
        tls_close(conn->tls);
    free(conn);
}
