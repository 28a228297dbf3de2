/* One TCP stream: what a link carries at the most. Prints its seconds, and the CPU seconds of the end that sends. */
#include "floor.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

enum { PART_BYTES = 1 << 20, PARTS = 8, UNDER_WAY_MAX = 4 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Sends whose memory the kernel has given back since the last call. */
static uint32_t given_back(int socket, int *copied) {
  char control[128];
  struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};
  uint32_t count = 0;
  while (recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
    struct sock_extended_err *told = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
    if (told->ee_origin == SO_EE_ORIGIN_ZEROCOPY) {
      count += told->ee_data - told->ee_info + 1;
      *copied |= (told->ee_code & SO_EE_CODE_ZEROCOPY_COPIED) != 0;
    }
    message.msg_controllen = sizeof control;
  }
  return count;
}

/* As a mirror does it: memory is used again only once the kernel has given it back. */
void pour(const char *address, long mebibytes, int zero_copy) {
  char *parts = allocate((size_t)PARTS * PART_BYTES), end;
  int socket = dial(address), one = 1, copied = 0;
  double begun = now(), used = cpu();
  uint32_t under_way = 0;
  if (zero_copy && setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one))
    fail("SO_ZEROCOPY");
  for (long part = 0; part < mebibytes; part++) {
    char *at = parts + (size_t)(part % PARTS) * PART_BYTES;
    for (size_t done = 0; done < PART_BYTES;) {
      ssize_t sent = send(socket, at + done, PART_BYTES - done, MSG_NOSIGNAL | (zero_copy ? MSG_ZEROCOPY : 0));
      if (sent < 0 && errno == ENOBUFS && zero_copy) {
        under_way -= given_back(socket, &copied);
        continue;
      }
      if (sent < 0)
        fail("send");
      done += (size_t)sent;
      under_way += zero_copy ? 1 : 0;
    }
    while (zero_copy && under_way > UNDER_WAY_MAX)
      under_way -= given_back(socket, &copied);
  }
  shutdown(socket, SHUT_WR);
  if (recv(socket, &end, 1, MSG_WAITALL) != 1)
    fail("the other end is gone");
  printf("%.6f %.6f%s\n", now() - begun, cpu() - used, copied ? " copied" : "");
}

void drain_stream(int socket) {
  char *room = allocate(PART_BYTES), end = 1;
  ssize_t got;
  while ((got = recv(socket, room, PART_BYTES, 0)) > 0)
    ;
  if (got == 0)
    (void)!write(socket, &end, 1);
  close(socket);
  free(room);
}
