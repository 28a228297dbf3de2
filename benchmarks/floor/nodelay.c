/* For LD_PRELOAD under qemu-nbd 7.2, which leaves Nagle's algorithm on: 16 writes in flight would wait 40 ms for delayed
 * acknowledgements, and QEMU would look 25 times slower than it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

typedef int accept4_function(int, struct sockaddr *, socklen_t *, int);

int accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
  static accept4_function *original;
  int accepted, one = 1;
  if (!original)
    original = (accept4_function *)dlsym(RTLD_NEXT, "accept4");
  accepted = original(listener, address, length, flags);
  if (accepted >= 0)
    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return accepted;
}

int accept(int listener, struct sockaddr *restrict address, socklen_t *restrict length) {
  return accept4(listener, address, length, 0);
}
