/* The floor: what a synchronous mirror of one file over FUSE and TCP can cost at the least on a machine.
 *
 * It has no recovery, no order between overlapping writes, no checks, no log and no second file: it is a measure for
 * HaMirror, not a design to copy. Two modes, because neither is best at everything:
 *   threads  each of four threads takes a request, sends it, writes it in line, waits for the acknowledgement, answers
 *   batch    one thread drains /dev/fuse, sends once and submits once to io_uring per batch
 *
 * On the wire, in the byte order of the machine (both ends run on one): struct message, then message.length bytes if it is a
 * write; back comes one struct acknowledgement for each message. A write is acknowledged when it has completed, a flush when
 * fdatasync has. */
#ifndef FLOOR_H
#define FLOOR_H
#define _GNU_SOURCE
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { MESSAGE_WRITE = 1, MESSAGE_FLUSH = 2 };

struct message { uint32_t kind, length; uint64_t id, offset; };
struct acknowledgement { uint64_t id; int32_t error; uint32_t unused; };

enum {
  /* What stands before a write's bytes; the bytes then land in memory that O_DIRECT takes. */
  REQUEST_HEADER = sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in),
  REQUEST_BYTES_MAX = 1 << 20,
  PAGE = 4096,
  SECTOR = 512,
  SOCKET_BUFFER = 8 << 20,
  RECEIVE_BUFFER = 16 << 20,
};

/* One request of the kernel: its header, and its bytes in a page-aligned block. */
struct request {
  char header[REQUEST_HEADER];
  char *data;
  size_t size;      /* of both together */
  int owed, error;  /* batch: completions that are missing (disk, peer); errno of any of them */
  int is_read;      /* batch: answered with message.length bytes of data */
  struct message message;
};

extern int direct_file;   /* the file, O_DIRECT */
extern int buffered_file; /* the same file for what is not aligned, and for flushes */
extern int fuse_device;
extern uint32_t fuse_write_max; /* what the kernel is told when it mounts */

static inline struct fuse_in_header *request_in(struct request *request) { return (void *)request->header; }
static inline struct fuse_write_in *request_write(struct request *request) {
  return (void *)(request->header + sizeof(struct fuse_in_header));
}
/* A read's arguments begin where a write's do. */
static inline struct fuse_read_in *request_read(struct request *request) { return (void *)request_write(request); }

static inline int file_for(uint64_t length, uint64_t offset) {
  return (length | offset) & (SECTOR - 1) ? buffered_file : direct_file;
}

_Noreturn void fail(const char *what); /* says why, by errno, and ends the process */
void *allocate(size_t bytes);          /* page-aligned, touched */
int64_t write_all(const void *data, size_t bytes, uint64_t offset); /* bytes, or -errno */

void send_all(int socket, struct iovec *parts, int count);
int receive_all(int socket, void *to, size_t bytes); /* 0, or -1 when the other end is gone */
int dial(const char *address);                       /* "a.b.c.d:port"; waits up to 5 s for a listener */
void serve(const char *address, int batches);        /* never returns */
void serve_with(const char *address, void (*take)(int socket)); /* the same; a thread for each connection */
void null_serve(const char *way);
void pour(const char *address, long mebibytes, int zero_copy);
void drain_stream(int socket);

void fuse_mount(const char *directory);
int fuse_receive(int device, struct request *request); /* 1 got one, 0 none, -1 unmounted */
void fuse_answer(int device, uint64_t unique, int error, const void *data, size_t bytes);
void fuse_execute(int device, struct request *request); /* everything that needs no peer */

void mirror_threads(const char *peer);
void mirror_batches(const char *peer);
void serve_threads(int socket);
void serve_batches(int socket);
#endif
