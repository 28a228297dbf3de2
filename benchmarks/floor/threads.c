/* The mode "threads": every thread has a connection of its own and one request at a time. */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { THREADS = 4 };

static const char *peer_address;

static void mirror_one(int device, int peer, struct request *request) {
  struct fuse_in_header *in = request_in(request);
  struct fuse_write_in *write = request_write(request);
  int is_write = in->opcode == FUSE_WRITE;
  struct message message = {
    is_write ? MESSAGE_WRITE : MESSAGE_FLUSH, is_write ? write->size : 0, in->unique, is_write ? write->offset : 0};
  struct iovec parts[2] = {{&message, sizeof message}, {request->data, message.length}};
  struct acknowledgement acknowledgement;
  struct fuse_write_out out = {.size = message.length};
  int64_t local;
  send_all(peer, parts, is_write ? 2 : 1);
  local = is_write ? write_all(request->data, message.length, message.offset) : fdatasync(buffered_file) ? -errno : 0;
  if (receive_all(peer, &acknowledgement, sizeof acknowledgement))
    fail("the peer is gone");
  fuse_answer(device, in->unique, local < 0 ? (int)-local : acknowledgement.error, &out, is_write ? sizeof out : 0);
}

/* The first thread reads the mount's own descriptor, the others clones of it. */
static void *mirror_loop(void *is_clone) {
  struct request request = {.data = allocate(REQUEST_BYTES_MAX + 2 * PAGE)};
  int device = fuse_device, peer = dial(peer_address), got;
  if (is_clone) {
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0 || ioctl(device, FUSE_DEV_IOC_CLONE, &fuse_device))
      fail("clone of /dev/fuse");
  }
  while ((got = fuse_receive(device, &request)) >= 0) {
    uint32_t opcode = request_in(&request)->opcode;
    if (got && (opcode == FUSE_WRITE || opcode == FUSE_FSYNC))
      mirror_one(device, peer, &request);
    else if (got)
      fuse_execute(device, &request);
  }
  return NULL;
}

void mirror_threads(const char *peer) {
  pthread_t thread;
  peer_address = peer;
  for (int index = 1; index < THREADS; index++)
    if (pthread_create(&thread, NULL, mirror_loop, &fuse_device))
      fail("thread");
  mirror_loop(NULL);
}

void serve_threads(int socket) {
  char *data = allocate(REQUEST_BYTES_MAX + PAGE);
  struct message message;
  while (!receive_all(socket, &message, sizeof message)) {
    struct acknowledgement acknowledgement = {.id = message.id};
    struct iovec part = {&acknowledgement, sizeof acknowledgement};
    if (message.kind == MESSAGE_WRITE) {
      int64_t written;
      if (message.length > REQUEST_BYTES_MAX || receive_all(socket, data, message.length))
        break;
      written = write_all(data, message.length, message.offset);
      acknowledgement.error = written < 0 ? (int)-written : 0;
    } else if (fdatasync(buffered_file)) {
      acknowledgement.error = errno;
    }
    send_all(socket, &part, 1);
  }
  close(socket);
  free(data);
}
