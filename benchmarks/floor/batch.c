/* The mode "batch": one thread on each end; whatever waits is taken together. */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 128, MIRROR_RING = 256, SERVE_RING = 1024, SERVE_IN_FLIGHT_MAX = 1000, ACKNOWLEDGEMENTS_MAX = 4096 };

static struct request slots[SLOTS];
static int free_slots[SLOTS], free_count;
static struct io_uring ring;

static void complete(int slot, int error) {
  struct request *request = &slots[slot];
  struct fuse_write_out out = {.size = request->message.length};
  if (error)
    request->error = error;
  if (--request->owed)
    return;
  if (request->is_read)
    fuse_answer(fuse_device, request_in(request)->unique, request->error, request->data, request->message.length);
  else
    fuse_answer(fuse_device, request_in(request)->unique, request->error, &out,
      request->message.kind == MESSAGE_WRITE ? sizeof out : 0);
  free_slots[free_count++] = slot;
}

/* Queues one request's local half; returns how many parts it adds to the message for the peer. */
static int begin(int slot, struct iovec *parts) {
  struct request *request = &slots[slot];
  struct fuse_in_header *in = request_in(request);
  struct fuse_write_in *write = request_write(request);
  struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
  request->error = request->is_read = 0;
  if (in->opcode == FUSE_READ) {
    struct fuse_read_in *read = request_read(request);
    request->is_read = request->owed = 1;
    io_uring_prep_read(entry, file_for(read->size, read->offset), request->data, read->size, read->offset);
    io_uring_sqe_set_data64(entry, (uint64_t)slot);
    return 0;
  }
  request->owed = 2;
  request->message = (struct message){MESSAGE_FLUSH, 0, (uint64_t)slot, 0};
  parts[0] = (struct iovec){&request->message, sizeof request->message};
  if (in->opcode == FUSE_FSYNC) {
    io_uring_prep_fsync(entry, buffered_file, IORING_FSYNC_DATASYNC);
    io_uring_sqe_set_data64(entry, (uint64_t)slot);
    return 1;
  }
  request->message = (struct message){MESSAGE_WRITE, write->size, (uint64_t)slot, write->offset};
  parts[1] = (struct iovec){request->data, write->size};
  io_uring_prep_write(entry, file_for(write->size, write->offset), request->data, write->size, write->offset);
  io_uring_sqe_set_data64(entry, (uint64_t)slot);
  return 2;
}

/* Returns -1 when unmounted; else whether anything came. */
static int drain(int peer, struct iovec *parts, int *in_flight) {
  int part_count = 0, submitted = 0, came = 0;
  while (free_count) {
    struct request *request = &slots[free_slots[free_count - 1]];
    uint32_t opcode;
    int got = fuse_receive(fuse_device, request);
    if (got < 0)
      return -1;
    if (!got)
      break;
    came = 1;
    opcode = request_in(request)->opcode;
    if (opcode == FUSE_WRITE || opcode == FUSE_FSYNC || opcode == FUSE_READ) {
      part_count += begin(free_slots[--free_count], parts + part_count);
      submitted++;
    } else {
      fuse_execute(fuse_device, request);
    }
  }
  if (part_count)
    send_all(peer, parts, part_count);
  if (submitted)
    io_uring_submit(&ring);
  *in_flight += submitted;
  return came;
}

static int harvest_disk(int *in_flight) {
  struct io_uring_cqe *entry;
  int came = 0;
  while (*in_flight && !io_uring_peek_cqe(&ring, &entry)) {
    int slot = (int)entry->user_data;
    if (slots[slot].is_read && entry->res >= 0)
      slots[slot].message.length = (uint32_t)entry->res;
    complete(slot, entry->res < 0 ? -entry->res : 0);
    io_uring_cqe_seen(&ring, entry);
    (*in_flight)--;
    came = 1;
  }
  return came;
}

static int harvest_peer(int peer) {
  static char waiting[SLOTS * sizeof(struct acknowledgement)];
  static size_t kept;
  size_t at = 0;
  ssize_t count = recv(peer, waiting + kept, sizeof waiting - kept, MSG_DONTWAIT);
  if (!count)
    fail("the peer is gone");
  if (count < 0)
    return 0;
  kept += (size_t)count;
  for (; at + sizeof(struct acknowledgement) <= kept; at += sizeof(struct acknowledgement)) {
    struct acknowledgement acknowledgement;
    memcpy(&acknowledgement, waiting + at, sizeof acknowledgement);
    complete((int)acknowledgement.id, acknowledgement.error);
  }
  memmove(waiting, waiting + at, kept - at);
  kept -= at;
  return 1;
}

void mirror_batches(const char *address) {
  static struct iovec parts[SLOTS * 2];
  int peer = dial(address), in_flight = 0, came;
  if (io_uring_queue_init(MIRROR_RING, &ring, 0))
    fail("io_uring");
  for (int slot = SLOTS - 1; slot >= 0; slot--) {
    slots[slot].data = allocate(REQUEST_BYTES_MAX + 2 * PAGE);
    free_slots[free_count++] = slot;
  }
  fcntl(fuse_device, F_SETFL, O_NONBLOCK);
  while ((came = drain(peer, parts, &in_flight)) >= 0) {
    came |= harvest_disk(&in_flight);
    came |= harvest_peer(peer);
    if (!came) {
      struct pollfd polls[3] = {
        {free_count ? fuse_device : -1, POLLIN, 0}, {peer, POLLIN, 0}, {in_flight ? ring.ring_fd : -1, POLLIN, 0}};
      poll(polls, 3, -1);
      if (polls[0].revents & POLLERR)
        return;
    }
  }
}

/* The peer's end of one connection. */
struct server {
  struct io_uring ring;
  char *received, *aligned; /* O_DIRECT wants the bytes aligned: one copy */
  size_t count, aligned_used;
  int in_flight, done;
  struct acknowledgement acknowledgements[ACKNOWLEDGEMENTS_MAX];
};

static void submit_messages(struct server *server) {
  size_t at = 0;
  int submitted = 0;
  while (at + sizeof(struct message) <= server->count && server->in_flight < SERVE_IN_FLIGHT_MAX) {
    struct message message;
    struct io_uring_sqe *entry;
    memcpy(&message, server->received + at, sizeof message);
    if (at + sizeof message + message.length > server->count)
      break;
    if (server->aligned_used + message.length > RECEIVE_BUFFER) {
      if (server->in_flight)
        break;
      server->aligned_used = 0;
    }
    entry = io_uring_get_sqe(&server->ring);
    if (message.kind == MESSAGE_WRITE) {
      char *data = server->aligned + server->aligned_used;
      memcpy(data, server->received + at + sizeof message, message.length);
      io_uring_prep_write(entry, file_for(message.length, message.offset), data, message.length, message.offset);
      server->aligned_used += (message.length + PAGE - 1) & ~(size_t)(PAGE - 1);
    } else {
      io_uring_prep_fsync(entry, buffered_file, IORING_FSYNC_DATASYNC);
    }
    io_uring_sqe_set_data64(entry, message.id);
    server->in_flight++;
    submitted++;
    at += sizeof message + message.length;
  }
  memmove(server->received, server->received + at, server->count - at);
  server->count -= at;
  if (submitted)
    io_uring_submit(&server->ring);
}

static void serve_rounds(int socket, struct server *server) {
  for (;;) {
    struct io_uring_cqe *entry;
    ssize_t got = recv(socket, server->received + server->count, RECEIVE_BUFFER - server->count,
      server->in_flight ? MSG_DONTWAIT : 0);
    if (!got || (got < 0 && errno != EAGAIN && errno != EINTR))
      return;
    if (got > 0)
      server->count += (size_t)got;
    submit_messages(server);
    while (server->in_flight && server->done < ACKNOWLEDGEMENTS_MAX && !io_uring_peek_cqe(&server->ring, &entry)) {
      server->acknowledgements[server->done++] =
        (struct acknowledgement){.id = entry->user_data, .error = entry->res < 0 ? -entry->res : 0};
      io_uring_cqe_seen(&server->ring, entry);
      server->in_flight--;
    }
    if (!server->in_flight)
      server->aligned_used = 0;
    if (server->done) {
      struct iovec part = {server->acknowledgements, (size_t)server->done * sizeof *server->acknowledgements};
      send_all(socket, &part, 1);
      server->done = 0;
    } else if (server->in_flight && got <= 0) {
      struct pollfd polls[2] = {{socket, POLLIN, 0}, {server->ring.ring_fd, POLLIN, 0}};
      poll(polls, 2, -1);
    }
  }
}

void serve_batches(int socket) {
  struct server *server = allocate(sizeof *server);
  server->received = allocate(RECEIVE_BUFFER);
  server->aligned = allocate(RECEIVE_BUFFER);
  if (io_uring_queue_init(SERVE_RING, &server->ring, 0))
    fail("io_uring");
  serve_rounds(socket, server);
  close(socket);
  io_uring_queue_exit(&server->ring);
  free(server->received);
  free(server->aligned);
  free(server);
}
