/* What the kernel's own abilities are worth by themselves: a file system that takes a write and keeps nothing, in four ways.
 *   readv    one thread reads each request into memory
 *   splice   one thread has it put into a pipe and reads the pipe: the bytes are needed in memory, where they are summed
 *   threads  two threads read the mount's own descriptor
 *   clones   two threads, the second with a clone of it */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20 }; /* what fs.pipe-max-size lets anybody have: a request of 512 KiB goes through it, one of 1 MiB does not */

static void answer(int device, struct request *request) {
  struct fuse_in_header *in = request_in(request);
  struct fuse_write_out out = {.size = request_write(request)->size};
  if (in->opcode == FUSE_WRITE)
    fuse_answer(device, in->unique, 0, &out, sizeof out);
  else
    fuse_execute(device, request);
}

static void *null_loop(void *is_clone) {
  struct request request = {.data = allocate(REQUEST_BYTES_MAX + 2 * PAGE)};
  int device = fuse_device, got;
  if (is_clone) {
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0 || ioctl(device, FUSE_DEV_IOC_CLONE, &fuse_device))
      fail("clone of /dev/fuse");
  }
  while ((got = fuse_receive(device, &request)) >= 0)
    if (got)
      answer(device, &request);
  return NULL;
}

static void null_splice(void) {
  struct request request = {.data = allocate(REQUEST_BYTES_MAX + 2 * PAGE)};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) || fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES) < 0)
    fail("pipe");
  for (;;) {
    ssize_t moved = splice(fuse_device, NULL, ends[1], NULL, REQUEST_BYTES_MAX + PAGE, 0), got = 0;
    if (moved < 0 && errno == ENODEV)
      return;
    if (moved < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
      continue;
    if (moved < 0)
      fail("splice from /dev/fuse");
    while (got < moved) {
      size_t head = (size_t)got < REQUEST_HEADER ? REQUEST_HEADER - (size_t)got : 0;
      struct iovec parts[2] = {
        {request.header + REQUEST_HEADER - head, head},
        {request.data + ((size_t)got > REQUEST_HEADER ? (size_t)got - REQUEST_HEADER : 0), REQUEST_BYTES_MAX + PAGE}};
      ssize_t count = readv(ends[0], head ? parts : parts + 1, head ? 2 : 1);
      if (count <= 0)
        fail("read of the pipe");
      got += count;
    }
    request.size = (size_t)moved;
    answer(fuse_device, &request);
  }
}

void null_serve(const char *way) {
  pthread_t thread;
  fuse_write_max = PIPE_BYTES / 2;
  if (!strcmp(way, "splice")) {
    null_splice();
    return;
  }
  if (strcmp(way, "readv") && pthread_create(&thread, NULL, null_loop, strcmp(way, "clones") ? NULL : &fuse_device))
    fail("thread");
  null_loop(NULL);
}
