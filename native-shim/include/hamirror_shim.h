/*
 * hamirror_shim.h: the whole contract between C# and C.
 *
 * The shim speaks /dev/fuse, io_uring, TLS with a pre-shared key, liblz4 and libxxhash, and makes the file calls that
 * .NET lacks. It holds no policy and keeps no state beyond the handles it returns. A *batch* of requests crosses
 * this line in one call. Every function returns >= 0 on success and -errno on failure unless its comment says
 * otherwise; none logs, none aborts, none touches errno on purpose. Nothing here is called back into C#.
 * Thread rule: one handle, one thread at a time; different handles are independent.
 */
#ifndef HAMIRROR_SHIM_H
#define HAMIRROR_SHIM_H
#include <stdint.h>
#include <stddef.h>
#include <sys/uio.h>

#pragma GCC visibility push(default) /* what is declared here is what the library exports */

#define HM_SHIM_VERSION 1u

uint32_t hm_shim_version(void);
/* sizeof of the structs below, in order of their HM_STRUCT_ number: C# compares them when it loads. -1: unknown. */
enum { HM_STRUCT_REQUEST, HM_STRUCT_REPLY, HM_STRUCT_IO, HM_STRUCT_DONE, HM_STRUCT_STAT, HM_STRUCT_POLL };
int32_t hm_struct_size(int32_t which);

/* ---- memory ------------------------------------------------------------------------------------------------ */
/* Page-aligned, zeroed, untouched pages cost nothing. NULL when there is none. */
void *hm_pages_alloc(size_t bytes);
void hm_pages_free(void *pages, size_t bytes);
/* Gives the physical pages back and keeps the range. */
int hm_pages_forget(void *pages, size_t bytes);
/* Wants pages of 2 MiB there, where the kernel has them: handing memory to a device then costs a fraction. Touching one byte
 * takes 2 MiB, so this is for ranges that are filled. 0 or -errno, which may be ignored. */
int hm_pages_prefer_huge(void *pages, size_t bytes);

/* ---- /dev/fuse --------------------------------------------------------------------------------------------- */
/* Opens /dev/fuse (non-blocking) and mounts it over the directory `path` as "fuse.hamirror" with the source `name`:
 * allow_other, default_permissions, nosuid not set, nodev. Returns the descriptor. */
int hm_fuse_mount(const char *path, const char *name, uint32_t max_read);
/* umount2(path, MNT_DETACH), after `abort` != 0: MNT_FORCE first, which aborts every request that waits. */
int hm_fuse_unmount(const char *path, int abort);
/* MNT_FORCE alone: every request that waits gets its error and no other one is taken. Returns 1 when the mount has gone with
 * it (nobody had anything of it open), 0 when it still stands. */
int hm_fuse_abort(const char *path);

/* Linux 6.9: a handle that is answered with FOPEN_PASSTHROUGH and this number is read by the kernel from `file` itself. Returns
 * the number (above 0), or -errno: -EPERM when it was not negotiated, -ELOOP when `file` lies on a stacked file system. */
int hm_fuse_backing_open(int fd, int file);
/* What is open with the number stays so. */
int hm_fuse_backing_close(int fd, int number);

#define HM_FUSE_HEADER_BYTES 80 /* sizeof(fuse_in_header) + sizeof(fuse_write_in): what precedes write data */

/* One request to be received. `header` has HM_FUSE_HEADER_BYTES, `data` is page aligned and has `data_capacity`
 * bytes: a WRITE's payload lands aligned in `data`; any other request's body spans both and is read with
 * hm-independent code (bytes 40.. of header, then data). `length` is what the kernel delivered in all. */
struct hm_request { void *header; void *data; uint64_t data_capacity; int64_t length; };
/* Receives up to `count` requests without waiting. Returns how many (0: none waits), or -ENODEV when unmounted or
 * aborted. Interrupted receives are retried inside. */
int hm_fuse_receive(int fd, struct hm_request *requests, int count);

/* One reply: error is 0 or a positive errno. With error 0, `payload` follows the 16-byte out header. */
struct hm_reply { uint64_t unique; int32_t error; uint32_t payload_bytes; const void *payload; };
/* Sends all. A request that the kernel has forgotten (ENOENT) is no error. Returns the number sent or -errno. */
int hm_fuse_reply(int fd, const struct hm_reply *replies, int count);
/* FUSE_NOTIFY_INVAL_INODE for a whole inode: drop its cached attributes and pages. -ENOENT: not known to the kernel. */
int hm_fuse_invalidate(int fd, uint64_t node);
/* FUSE_NOTIFY_INVAL_ENTRY. */
int hm_fuse_invalidate_entry(int fd, uint64_t parent, const char *name);

/* ---- io_uring ---------------------------------------------------------------------------------------------- */
enum { HM_IO_READ = 1, HM_IO_WRITE = 2, HM_IO_FSYNC = 3, HM_IO_FDATASYNC = 4 };
struct hm_io { int32_t op; int32_t fd; void *data; uint64_t bytes; uint64_t offset; uint64_t user; };
struct hm_done { uint64_t user; int64_t result; }; /* result: bytes, or -errno */
typedef struct hm_ring hm_ring;
/* NULL when io_uring is not to be had. */
hm_ring *hm_ring_create(uint32_t entries);
void hm_ring_destroy(hm_ring *ring);
int hm_ring_fd(hm_ring *ring); /* readable while completions wait */
/* Queues all and submits them in one system call. Returns how many were taken (fewer when the ring is full). */
int hm_ring_submit(hm_ring *ring, const struct hm_io *ios, int count);
/* Takes up to `count` completions without waiting; returns how many. */
int hm_ring_harvest(hm_ring *ring, struct hm_done *done, int count);

/* ---- waiting and sockets ----------------------------------------------------------------------------------- */
struct hm_poll { int32_t fd; int16_t events; int16_t revents; }; /* as struct pollfd; fd -1 is skipped */
/* poll(2) that retries EINTR with the time that is left; timeout in ms, -1 for ever. */
int hm_poll(struct hm_poll *entries, int count, int timeout_ms);
/* eventfd to wake a poll from another thread. */
int hm_event_create(void);
int hm_event_signal(int fd);
int hm_event_clear(int fd);

/* A connection over a connected TCP socket, plain or TLS 1.3 with an external pre-shared key (mutual: only who holds
 * the key can complete the handshake) over ECDHE. The caller keeps the socket's descriptor and closes it after
 * hm_conn_close. The socket is made non-blocking, TCP_NODELAY. */
typedef struct hm_conn hm_conn;
hm_conn *hm_conn_plain(int fd);
/* key: 32 bytes; identity: at most 64 bytes of text sent in clear (the cluster's id). NULL: no memory. */
hm_conn *hm_conn_tls(int fd, int server, const uint8_t *key, const char *identity);
/* 0 done; 1 wait for readable; 2 wait for writable; -EKEYREJECTED wrong key or identity; other -errno. */
int hm_conn_handshake(hm_conn *conn);
/* Sends what it can without waiting. Returns bytes taken (0: wait for writable), or -errno (-EPIPE when closed). On TLS
 * what was offered and not taken may be encrypted already: the next call must offer those bytes again first. */
int64_t hm_conn_send(hm_conn *conn, const struct iovec *parts, int count);
/* Receives what is there. Returns bytes, 0 when the peer closed, -EAGAIN when nothing waits, other -errno: on TLS
 * -ECONNRESET when the socket ended without the peer's farewell, -EBADMSG when a record was tampered with. */
int64_t hm_conn_receive(hm_conn *conn, void *buffer, uint64_t bytes);
/* Decrypted bytes that a poll of the socket would not show. */
int64_t hm_conn_pending(hm_conn *conn);
void hm_conn_close(hm_conn *conn); /* frees; sends close_notify if it can */

/* ---- files ------------------------------------------------------------------------------------------------- */
struct hm_stat {
    uint64_t dev, ino, size, blocks; /* blocks of 512 bytes */
    int64_t atime_s, mtime_s, ctime_s;
    uint32_t atime_ns, mtime_ns, ctime_ns, mode, nlink, uid, gid, rdev_major, rdev_minor, blksize;
};
/* All paths are relative to dirfd; none follows a symlink at the end; hm_open resolves with openat2 and
 * RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS so that no path leaves dirfd (an empty path opens dirfd itself). flags as open(2);
 * what open(2) would ignore is ignored; O_CLOEXEC is always set. With AT_FDCWD the path is an operator's own: it may be
 * absolute and lead through symlinks, except at its end. */
int hm_open(int dirfd, const char *path, int flags, uint32_t mode);
int hm_reopen(int fd, int flags); /* through /proc/self/fd */
int hm_close(int fd);
int hm_stat_at(int dirfd, const char *path, struct hm_stat *out); /* empty path: dirfd itself */
int hm_mkdir(int dirfd, const char *name, uint32_t mode);
int hm_mknod(int dirfd, const char *name, uint32_t mode, uint32_t major, uint32_t minor);
int hm_symlink(const char *target, int dirfd, const char *name);
int hm_link(int fd, int dirfd, const char *name); /* fd: O_PATH of an existing file */
int hm_unlink(int dirfd, const char *name, int directory);
int hm_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, uint32_t flags);
int64_t hm_readlink(int fd, char *out, uint64_t capacity); /* fd: O_PATH of the link */
int hm_chmod(int fd, uint32_t mode);                      /* fd may be O_PATH */
int hm_chown(int fd, uint32_t uid, uint32_t gid);         /* -1 keeps; fd may be O_PATH, of a symlink too */
/* ns UTIME_NOW / UTIME_OMIT as in utimensat(2); fd may be O_PATH. */
int hm_utimens(int fd, int64_t atime_s, int64_t atime_ns, int64_t mtime_s, int64_t mtime_ns);
int hm_truncate(int fd, uint64_t size); /* fd: writable, or O_PATH of a regular file */
int hm_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes);
int64_t hm_lseek(int fd, uint64_t offset, int whence); /* SEEK_DATA, SEEK_HOLE */
int64_t hm_pread(int fd, void *data, uint64_t bytes, uint64_t offset);  /* whole or up to the end of file */
int64_t hm_pwrite(int fd, const void *data, uint64_t bytes, uint64_t offset); /* all or -errno */
int hm_read_ahead(int fd, uint64_t offset, uint64_t bytes); /* begins to read into the page cache, and does not wait for it */
int hm_fsync(int fd, int data_only);
int hm_syncfs(int fd);
int64_t hm_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t bytes);
/* Extended attributes on an fd that may be O_PATH (through /proc/self/fd). */
int64_t hm_getxattr(int fd, const char *name, void *value, uint64_t capacity);
int hm_setxattr(int fd, const char *name, const void *value, uint64_t bytes, int flags);
int64_t hm_listxattr(int fd, char *list, uint64_t capacity);
int hm_removexattr(int fd, const char *name);
/* struct statfs fields in order: type bsize blocks bfree bavail files ffree namelen frsize. */
int hm_statfs(int fd, uint64_t out[9]);
/* getdents64 into buffer; bytes, 0 at the end. Rewind with hm_lseek(fd, 0, SEEK_SET). */
int64_t hm_getdents(int fd, void *buffer, uint64_t bytes);
/* This thread acts as uid:gid for file creation until called with 0, 0 (setfsuid, setfsgid; capabilities kept). */
int hm_act_as(uint32_t uid, uint32_t gid);
int hm_umask(uint32_t mask);
/* Where path is mounted from: 1 when a mount point of type "fuse.hamirror", 2 another mount point, 0 none, -errno. */
int hm_mount_kind(const char *path);
/* Raises the limit of open files as far as this process may; returns the new limit. */
int hm_raise_file_limit(void);
/* ICMP or ICMPv6 echo to a literal address; microseconds, -ETIMEDOUT, or another -errno. Waits itself. */
int64_t hm_ping(const char *address, int timeout_ms);

/* ---- sums and compression ---------------------------------------------------------------------------------- */
uint32_t hm_crc32c(uint32_t seed, const void *data, uint64_t bytes);
void hm_hash128(const void *data, uint64_t bytes, uint64_t out[2]); /* XXH3, 128 bits */
int hm_is_zero(const void *data, uint64_t bytes);
int64_t hm_lz4_bound(uint64_t bytes);
int64_t hm_lz4_compress(const void *from, uint64_t bytes, void *to, uint64_t capacity);   /* 0: does not fit */
int64_t hm_lz4_decompress(const void *from, uint64_t bytes, void *to, uint64_t capacity); /* -EBADMSG: damaged */

#pragma GCC visibility pop

#endif
