/* What the plain and the encrypted connection share. */
#ifndef HM_CONN_H
#define HM_CONN_H
#include "hamirror_shim.h"

struct tls; /* NULL in a plain connection */

struct hm_conn {
    int fd;
    struct tls *tls;
};

/* sendmsg without waiting and without SIGPIPE: bytes, 0 when the socket is full, -EPIPE when the peer is gone. */
int64_t socket_send(int fd, const struct iovec *parts, int count);
/* recv without waiting: as hm_conn_receive. */
int64_t socket_receive(int fd, void *buffer, uint64_t bytes);

struct tls *tls_create(int fd, int server, const uint8_t *key, const char *identity);
int tls_handshake(struct tls *tls);
int64_t tls_send(struct tls *tls, const struct iovec *parts, int count);
int64_t tls_receive(struct tls *tls, void *buffer, uint64_t bytes);
int64_t tls_pending(struct tls *tls);
void tls_close(struct tls *tls);

#endif
