/*
 * TLS 1.3 with an external pre-shared key (RFC 8446 section 4.2.11), always with ECDHE (psk_dhe_ke), so that a key that is
 * stolen later opens no recorded traffic. Neither end has a certificate: who lacks the key can finish no handshake.
 *
 * Sending. Records are encrypted into `out`, as many as fit, and leave in one system call. Plain bytes count as taken
 * only when the record that carries them has left whole; what is encrypted and waits is remembered in `records`, and the
 * caller offers those bytes again first. Otherwise the last records could wait here with nobody to send them.
 *
 * Receiving. The socket is read into `in`, many records at once, and OpenSSL takes from there just what it asks for: its own
 * read-ahead moves all that it holds to the front of its buffer for each record.
 *
 * Invariants: sent <= used <= OUT_BYTES, and the records' ends rise up to `used` (handshake and alerts belong to none);
 * OpenSSL wants to read only when `in` is empty.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"

#define KEY_BYTES 32
#define IDENTITY_BYTES 64
#define RECORD_BYTES 16384 /* the most that one record carries */
#define RECORD_SLACK 512   /* header, tag, and a KeyUpdate before it */
#define RECORDS_MAX 32      /* half a MiB: with half of it, writes of a MiB cost 8 % more; pages not used cost nothing */
#define OUT_BYTES (RECORDS_MAX * (RECORD_BYTES + RECORD_SLACK))
#define READ_AHEAD_BYTES (512 * 1024)

/* AES-GCM stays safe for 2^24.5 full records under one key (RFC 8446 section 5.5); the sending key is changed well before. */
#ifndef HM_TLS_REKEY_RECORDS
#define HM_TLS_REKEY_RECORDS (1u << 23)
#endif

struct record { size_t end, plain; };

struct tls {
    SSL_CTX *context;
    SSL *ssl;
    int fd, server, done, broken, filled;
    unsigned under_key; /* records since the key was changed */
    size_t used, sent;
    struct record records[RECORDS_MAX];
    int record_first, record_end;
    uint8_t key[KEY_BYTES];
    char identity[IDENTITY_BYTES + 1];
    uint8_t gathered[RECORD_BYTES];
    uint8_t out[OUT_BYTES];
    size_t in_first, in_end;
    uint8_t in[READ_AHEAD_BYTES];
};

/* ---- what OpenSSL reads from and writes to ---- */

static int bio_write(BIO *bio, const char *data, int bytes)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if ((size_t)bytes > OUT_BYTES - tls->used) {
        BIO_set_retry_write(bio);
        return -1;
    }
    memcpy(tls->out + tls->used, data, (size_t)bytes);
    tls->used += (size_t)bytes;
    return bytes;
}

static int bio_read(BIO *bio, char *data, int bytes)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in_first == tls->in_end) {
        int64_t got = socket_receive(tls->fd, tls->in, READ_AHEAD_BYTES);
        if (got == -EAGAIN)
            BIO_set_retry_read(bio);
        else if (got < 0)
            errno = (int)-got;
        if (got <= 0)
            return (int)(got < 0 ? -1 : 0);
        tls->in_first = 0;
        tls->in_end = (size_t)got;
    }
    size_t part = tls->in_end - tls->in_first;
    if (part > (size_t)bytes)
        part = (size_t)bytes;
    memcpy(data, tls->in + tls->in_first, part);
    tls->in_first += part;
    return (int)part;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *volatile shared; /* made once; the loser of a race frees its own */
    BIO_METHOD *method = shared;
    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hamirror");
    if (method == NULL || !BIO_meth_set_write(method, bio_write) || !BIO_meth_set_read(method, bio_read)
        || !BIO_meth_set_ctrl(method, bio_control)) {
        BIO_meth_free(method);
        return NULL;
    }
    if (!__sync_bool_compare_and_swap(&shared, NULL, method))
        BIO_meth_free(method);
    return shared;
}

/* Sends what waits. 0: all gone; 1: the socket is full; -errno. */
static int flush(struct tls *tls)
{
    while (tls->sent < tls->used) {
        struct iovec part = { tls->out + tls->sent, tls->used - tls->sent };
        int64_t sent = socket_send(tls->fd, &part, 1);
        if (sent <= 0)
            return sent == 0 ? 1 : (int)sent;
        tls->sent += (size_t)sent;
    }
    tls->sent = tls->used = 0;
    return 0;
}

/* ---- the key ---- */

static SSL_SESSION *session_of_key(struct tls *tls)
{
    static const unsigned char aes_128_gcm_sha256[] = { 0x13, 0x01 };
    const SSL_CIPHER *cipher = SSL_CIPHER_find(tls->ssl, aes_128_gcm_sha256);
    SSL_SESSION *session = SSL_SESSION_new();
    if (session == NULL || cipher == NULL || !SSL_SESSION_set1_master_key(session, tls->key, KEY_BYTES)
        || !SSL_SESSION_set_cipher(session, cipher) || !SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION)) {
        SSL_SESSION_free(session);
        return NULL;
    }
    return session;
}

static int use_key(SSL *ssl, const EVP_MD *digest, const unsigned char **identity, size_t *length, SSL_SESSION **session)
{
    struct tls *tls = SSL_get_app_data(ssl);
    *session = NULL;
    if (digest != NULL && !EVP_MD_is_a(digest, "SHA256"))
        return 1; /* asked again for another digest: there is no key for that */
    *session = session_of_key(tls);
    *identity = (const unsigned char *)tls->identity;
    *length = strlen(tls->identity);
    return *session != NULL;
}

static int find_key(SSL *ssl, const unsigned char *identity, size_t length, SSL_SESSION **session)
{
    struct tls *tls = SSL_get_app_data(ssl);
    *session = NULL;
    if (length != strlen(tls->identity) || memcmp(identity, tls->identity, length) != 0)
        return 1; /* another cluster: the handshake goes on without a key and fails for want of a certificate */
    *session = session_of_key(tls);
    return *session != NULL;
}

/* ---- life ---- */

static int configure(struct tls *tls)
{
    SSL_CTX *context = tls->context = SSL_CTX_new(TLS_method());
    if (context == NULL || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
        || !SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION)
        || !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set_num_tickets(context, 0))
        return 0;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (!tls->server)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL); /* none is trusted, so no certificate can stand in for the key */
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_psk_use_session_callback(context, use_key);
    SSL_CTX_set_psk_find_session_callback(context, find_key);
    BIO_METHOD *method = bio_method();
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    tls->ssl = SSL_new(context);
    if (bio == NULL || tls->ssl == NULL) {
        BIO_free(bio);
        return 0;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    if (tls->server)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    return 1;
}

static void destroy(struct tls *tls)
{
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    OPENSSL_cleanse(tls->key, sizeof tls->key);
    free(tls);
}

struct tls *tls_create(int fd, int server, const uint8_t *key, const char *identity)
{
    struct tls *tls = strlen(identity) > IDENTITY_BYTES ? NULL : calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->fd = fd;
    tls->server = server;
    memcpy(tls->key, key, KEY_BYTES);
    strcpy(tls->identity, identity);
    ERR_clear_error();
    if (!configure(tls)) {
        destroy(tls);
        return NULL;
    }
    return tls;
}

void tls_close(struct tls *tls)
{
    ERR_clear_error();
    if (tls->done && !tls->broken) {
        (void)SSL_shutdown(tls->ssl);
        (void)flush(tls);
    }
    ERR_clear_error();
    destroy(tls);
}

/* ---- handshake ---- */

/* The one or the other end says by these that the keys or the identities differ. */
static int handshake_failure(int system_error)
{
    unsigned long error = ERR_peek_error();
    switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
    case SSL_R_BINDER_DOES_NOT_VERIFY:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CERTIFICATE_SET:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
        return -EKEYREJECTED;
    case 0:
        return system_error != 0 ? -system_error : -ECONNRESET;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return -ECONNRESET;
    default:
        return -EPROTO;
    }
}

int tls_handshake(struct tls *tls)
{
    if (tls->broken)
        return -EPIPE;
    ERR_clear_error();
    errno = 0;
    int result = tls->done ? 1 : SSL_do_handshake(tls->ssl);
    int system_error = errno, why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, result);
    int failed = why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
    int failure = failed ? handshake_failure(system_error) : 0;
    int flushed = flush(tls); /* an alert too: the other end shall know why */
    if (failed || flushed < 0) {
        tls->broken = 1;
        return failed ? failure : flushed;
    }
    tls->done = result == 1;
    if (tls->done && !SSL_session_reused(tls->ssl)) { /* finished, but not by the key */
        tls->broken = 1;
        return -EKEYREJECTED;
    }
    if (flushed == 1)
        return 2;
    return tls->done ? 0 : 1;
}

/* ---- sending ---- */

struct cursor { const struct iovec *parts; int left; size_t offset; };

static void advance(struct cursor *cursor, size_t bytes)
{
    while (cursor->left > 0 && bytes >= cursor->parts->iov_len - cursor->offset) {
        bytes -= cursor->parts->iov_len - cursor->offset;
        cursor->parts++;
        cursor->left--;
        cursor->offset = 0;
    }
    cursor->offset += bytes;
}

/* The next record's plain bytes: where they lie when one part has enough, gathered when they are scattered. */
static size_t next_plain(struct tls *tls, const struct cursor *from, const uint8_t **plain)
{
    struct cursor cursor = *from;
    size_t gathered = 0;
    while (cursor.left > 0 && gathered < RECORD_BYTES) {
        const uint8_t *at = (const uint8_t *)cursor.parts->iov_base + cursor.offset;
        size_t bytes = cursor.parts->iov_len - cursor.offset;
        if (gathered == 0 && (bytes >= RECORD_BYTES || cursor.left == 1)) {
            *plain = at;
            return bytes > RECORD_BYTES ? RECORD_BYTES : bytes;
        }
        bytes = bytes > RECORD_BYTES - gathered ? RECORD_BYTES - gathered : bytes;
        memcpy(tls->gathered + gathered, at, bytes);
        gathered += bytes;
        advance(&cursor, bytes);
    }
    *plain = tls->gathered;
    return gathered;
}

/* Plain bytes of the records that have left whole. */
static size_t settle(struct tls *tls, int all_gone)
{
    size_t plain = 0;
    while (tls->record_first < tls->record_end
           && (all_gone || tls->records[tls->record_first].end <= tls->sent))
        plain += tls->records[tls->record_first++].plain;
    if (tls->record_first == tls->record_end)
        tls->record_first = tls->record_end = 0;
    return plain;
}

static int encrypt_next(struct tls *tls, struct cursor *cursor)
{
    const uint8_t *plain;
    size_t bytes = next_plain(tls, cursor, &plain);
    if (bytes == 0)
        return 0;
    if (++tls->under_key > HM_TLS_REKEY_RECORDS) {
        if (!SSL_key_update(tls->ssl, SSL_KEY_UPDATE_NOT_REQUESTED))
            return -EPROTO;
        tls->under_key = 1;
    }
    int written = SSL_write(tls->ssl, plain, (int)bytes);
    if (written <= 0)
        return -EPROTO; /* room was made sure of, so this is no question of waiting */
    tls->records[tls->record_end++] = (struct record){ tls->used, (size_t)written };
    advance(cursor, (size_t)written);
    return written;
}

int64_t tls_send(struct tls *tls, const struct iovec *parts, int count)
{
    if (!tls->done || tls->broken)
        return -EPIPE;
    ERR_clear_error();
    struct cursor cursor = { parts, count, 0 };
    int64_t taken = 0;
    for (;;) {
        int flushed = flush(tls);
        if (flushed < 0) {
            tls->broken = 1;
            return flushed;
        }
        size_t settled = settle(tls, flushed == 0);
        advance(&cursor, settled);
        taken += (int64_t)settled;
        if (flushed == 1)
            return taken;
        /* `out` is empty here. */
        struct cursor ahead = cursor;
        while (tls->record_end < RECORDS_MAX && OUT_BYTES - tls->used >= RECORD_BYTES + RECORD_SLACK) {
            int bytes = encrypt_next(tls, &ahead);
            if (bytes < 0) {
                tls->broken = 1;
                return bytes;
            }
            if (bytes == 0)
                break;
        }
        if (tls->used == 0)
            return taken;
    }
}

/* ---- receiving ---- */

int64_t tls_receive(struct tls *tls, void *buffer, uint64_t bytes)
{
    if (!tls->done || tls->broken)
        return -EPIPE;
    ERR_clear_error();
    uint64_t got = 0;
    tls->filled = 0;
    while (got < bytes) {
        uint64_t want = bytes - got;
        errno = 0;
        int part = SSL_read(tls->ssl, (char *)buffer + got, want > INT_MAX ? INT_MAX : (int)want);
        if (part > 0) {
            got += (uint64_t)part;
            continue;
        }
        int system_error = errno, why = SSL_get_error(tls->ssl, part);
        if (got > 0 && why != SSL_ERROR_SSL)
            return (int64_t)got; /* whatever it is will be there in the next call too */
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
            return -EAGAIN;
        if (why == SSL_ERROR_ZERO_RETURN)
            return 0;
        tls->broken = 1;
        if (why == SSL_ERROR_SYSCALL && system_error != 0)
            return -system_error;
        /* The socket ended without a farewell: cut off, not closed. */
        if (why == SSL_ERROR_SYSCALL || ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return -ECONNRESET;
        return -EBADMSG;
    }
    tls->filled = 1;
    return (int64_t)got;
}

int64_t tls_pending(struct tls *tls)
{
    int ready = SSL_pending(tls->ssl);
    if (ready > 0)
        return ready;
    /* An incomplete record shows as EAGAIN once; OpenSSL has taken it all then. */
    return tls->in_first < tls->in_end || (tls->filled && SSL_has_pending(tls->ssl));
}
