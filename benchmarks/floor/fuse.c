/* The kernel's side: one directory with one file in it, disk.img. */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT = 1, IMAGE = 2, BACKGROUND = 256, VALID_SECONDS = 3600, BODY_MAX = 4096 + REQUEST_HEADER };

#ifndef FOPEN_PARALLEL_DIRECT_WRITES
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6) /* headers of Linux 6.1 lack it, kernels from 6.2 on know it */
#endif

int fuse_device;
uint32_t fuse_write_max = REQUEST_BYTES_MAX;

void fuse_mount(const char *directory) {
  char options[128];
  fuse_device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse_device < 0)
    fail("/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse_device);
  if (mount("floor", directory, "fuse.floor", MS_NOSUID | MS_NODEV, options))
    fail(directory);
}

int fuse_receive(int device, struct request *request) {
  struct iovec parts[2] = {{request->header, REQUEST_HEADER}, {request->data, REQUEST_BYTES_MAX + PAGE}};
  ssize_t count = readv(device, parts, 2);
  if (count < 0) {
    if (errno == ENODEV)
      return -1;
    if (errno == EAGAIN || errno == EINTR || errno == ENOENT)
      return 0;
    fail("read of /dev/fuse");
  }
  request->size = (size_t)count;
  return 1;
}

void fuse_answer(int device, uint64_t unique, int error, const void *data, size_t bytes) {
  struct fuse_out_header header = {
    .len = (uint32_t)(sizeof header + (error ? 0 : bytes)), .error = -error, .unique = unique};
  struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, bytes}};
  if (writev(device, parts, error || !bytes ? 1 : 2) < 0 && errno != ENOENT) /* ENOENT: the caller was interrupted */
    perror("floor: answer");
}

static void fill_attributes(struct fuse_attr *attributes, uint64_t node) {
  struct stat status;
  memset(attributes, 0, sizeof *attributes);
  attributes->ino = node;
  attributes->mode = S_IFDIR | 0755;
  attributes->nlink = 2;
  if (node == ROOT)
    return;
  if (fstat(buffered_file, &status))
    fail("fstat");
  attributes->mode = S_IFREG | 0644;
  attributes->nlink = 1;
  attributes->size = (uint64_t)status.st_size;
  attributes->blocks = (uint64_t)status.st_blocks;
  attributes->blksize = PAGE;
}

static void answer_init(int device, uint64_t unique, const struct fuse_init_in *asked) {
  struct fuse_init_out agreed = {.major = FUSE_KERNEL_VERSION, .minor = asked->minor < 36 ? asked->minor : 36};
  agreed.max_readahead = asked->max_readahead;
  agreed.max_background = BACKGROUND;
  agreed.congestion_threshold = BACKGROUND * 3 / 4;
  agreed.max_write = fuse_write_max;
  agreed.max_pages = (uint16_t)(fuse_write_max / PAGE);
  agreed.time_gran = 1;
  agreed.flags = asked->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES
    | FUSE_ATOMIC_O_TRUNC | FUSE_HANDLE_KILLPRIV);
  fuse_answer(device, unique, 0, &agreed, sizeof agreed);
}

static void answer_directory(int device, uint64_t unique, uint64_t offset) {
  char entry[64] = {0};
  struct fuse_dirent *image = (void *)entry;
  image->ino = IMAGE;
  image->off = 1;
  image->namelen = 8;
  image->type = 8; /* DT_REG */
  memcpy(image->name, "disk.img", 8);
  fuse_answer(device, unique, 0, entry, offset ? 0 : FUSE_DIRENT_SIZE(image));
}

void fuse_execute(int device, struct request *request) {
  struct fuse_in_header *in = request_in(request);
  static __thread char body[BODY_MAX + 1]; /* what follows the header, in one piece */
  size_t head = (request->size < REQUEST_HEADER ? request->size : REQUEST_HEADER) - sizeof *in;
  size_t tail = request->size > REQUEST_HEADER ? request->size - REQUEST_HEADER : 0;
  if (tail > BODY_MAX - head)
    tail = BODY_MAX - head;
  memcpy(body, request->header + sizeof *in, head);
  memcpy(body + head, request->data, tail);
  body[head + tail] = 0;
  switch (in->opcode) {
  case FUSE_INIT:
    answer_init(device, in->unique, (void *)body);
    break;
  case FUSE_LOOKUP: {
    struct fuse_entry_out entry = {.nodeid = IMAGE, .entry_valid = VALID_SECONDS, .attr_valid = VALID_SECONDS};
    int known = in->nodeid == ROOT && !strcmp(body, "disk.img");
    if (known)
      fill_attributes(&entry.attr, IMAGE);
    fuse_answer(device, in->unique, known ? 0 : ENOENT, &entry, sizeof entry);
    break;
  }
  case FUSE_SETATTR: /* the size is what it is: the load only opens and writes */
  case FUSE_GETATTR: {
    struct fuse_attr_out out = {.attr_valid = VALID_SECONDS};
    fill_attributes(&out.attr, in->nodeid);
    fuse_answer(device, in->unique, 0, &out, sizeof out);
    break;
  }
  case FUSE_OPENDIR:
  case FUSE_OPEN: {
    struct fuse_open_out out = {.open_flags = in->opcode == FUSE_OPEN ? FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES : 0};
    fuse_answer(device, in->unique, 0, &out, sizeof out);
    break;
  }
  case FUSE_READDIR:
    answer_directory(device, in->unique, ((struct fuse_read_in *)body)->offset);
    break;
  case FUSE_READ: {
    struct fuse_read_in *read = (void *)body;
    ssize_t count = pread(file_for(read->size, read->offset), request->data, read->size, (off_t)read->offset);
    fuse_answer(device, in->unique, count < 0 ? errno : 0, request->data, count < 0 ? 0 : (size_t)count);
    break;
  }
  case FUSE_RELEASE:
  case FUSE_RELEASEDIR:
    fuse_answer(device, in->unique, 0, NULL, 0);
    break;
  case FUSE_STATFS: {
    struct fuse_statfs_out out = {.st = {.bsize = PAGE, .frsize = PAGE, .namelen = 255}};
    fuse_answer(device, in->unique, 0, &out, sizeof out);
    break;
  }
  case FUSE_FORGET:
  case FUSE_BATCH_FORGET:
  case FUSE_INTERRUPT:
    break; /* want no answer */
  default:
    fuse_answer(device, in->unique, ENOSYS, NULL, 0);
  }
}
