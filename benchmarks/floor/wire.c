/* TCP between the two ends. */
#include "floor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DIAL_TRIES = 50, DIAL_INTERVAL_US = 100000 };

static struct sockaddr_in parse(const char *address) {
  struct sockaddr_in parsed = {.sin_family = AF_INET};
  char host[64];
  const char *colon = strrchr(address, ':');
  snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - address) : 0, address);
  if (!colon || inet_pton(AF_INET, host, &parsed.sin_addr) != 1) {
    errno = EINVAL;
    fail(address);
  }
  parsed.sin_port = htons((uint16_t)atoi(colon + 1));
  return parsed;
}

static int open_socket(void) {
  int opened = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), bytes = SOCKET_BUFFER;
  setsockopt(opened, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return opened;
}

static void send_at_once(int socket) {
  int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int dial(const char *address) {
  struct sockaddr_in peer = parse(address);
  int opened = open_socket();
  for (int tries = 0; connect(opened, (struct sockaddr *)&peer, sizeof peer); tries++) {
    if (tries == DIAL_TRIES)
      fail(address);
    usleep(DIAL_INTERVAL_US);
  }
  send_at_once(opened);
  return opened;
}

void send_all(int socket, struct iovec *parts, int count) {
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
  while (message.msg_iovlen) {
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      struct pollfd room = {socket, POLLOUT, 0};
      poll(&room, 1, -1);
      continue;
    }
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      fail("send");
    for (size_t left = (size_t)sent; left && message.msg_iovlen;) {
      struct iovec *part = message.msg_iov;
      size_t taken = left < part->iov_len ? left : part->iov_len;
      part->iov_base = (char *)part->iov_base + taken;
      part->iov_len -= taken;
      left -= taken;
      if (!part->iov_len) {
        message.msg_iov++;
        message.msg_iovlen--;
      }
    }
  }
}

int receive_all(int socket, void *to, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t count = recv(socket, (char *)to + done, bytes - done, MSG_WAITALL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return -1;
    done += (size_t)count;
  }
  return 0;
}

static void (*handler)(int socket);
static void *entry(void *socket) { handler((int)(intptr_t)socket); return NULL; }

void serve(const char *address, int batches) { serve_with(address, batches ? serve_batches : serve_threads); }

void serve_with(const char *address, void (*take)(int socket)) {
  struct sockaddr_in here = parse(address);
  int listener = open_socket(), one = 1;
  handler = take;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 64))
    fail(address);
  for (;;) {
    pthread_t thread;
    int accepted = accept(listener, NULL, NULL);
    if (accepted < 0)
      continue;
    send_at_once(accepted);
    if (pthread_create(&thread, NULL, entry, (void *)(intptr_t)accepted))
      fail("thread");
    pthread_detach(thread);
  }
}
