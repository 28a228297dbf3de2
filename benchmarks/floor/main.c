/* floor mount threads|batch DIRECTORY FILE ADDRESS:PORT   mirrors FILE, shown as DIRECTORY/disk.img, to the peer there
 * floor serve threads|batch ADDRESS:PORT FILE             the peer
 * floor null readv|splice|threads|clones DIRECTORY FILE   shows FILE and throws away what is written to it
 * floor drain ADDRESS:PORT                                takes streams
 * floor pour plain|zero-copy ADDRESS:PORT MIB             sends one there
 * Ends by a signal, or when DIRECTORY is unmounted. */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int direct_file, buffered_file;

void fail(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

void *allocate(size_t bytes) {
  void *block;
  if (posix_memalign(&block, PAGE, bytes)) {
    errno = ENOMEM;
    fail("memory");
  }
  return memset(block, 0, bytes);
}

int64_t write_all(const void *data, size_t bytes, uint64_t offset) {
  int file = file_for(bytes, offset);
  for (size_t done = 0; done < bytes;) {
    ssize_t count = pwrite(file, (const char *)data + done, bytes - done, (off_t)(offset + done));
    if (count < 0)
      return -errno;
    done += (size_t)count;
  }
  return (int64_t)bytes;
}

static void open_file(const char *path) {
  buffered_file = open(path, O_RDWR | O_CLOEXEC);
  direct_file = open(path, O_RDWR | O_CLOEXEC | O_DIRECT);
  if (buffered_file < 0 || direct_file < 0)
    fail(path);
}

int main(int count, char **words) {
  int batches = count > 2 && !strcmp(words[2], "batch");
  signal(SIGPIPE, SIG_IGN);
  if (count == 6 && !strcmp(words[1], "mount")) {
    open_file(words[4]);
    fuse_mount(words[3]);
    (batches ? mirror_batches : mirror_threads)(words[5]);
    return 0;
  }
  if (count == 5 && !strcmp(words[1], "serve")) {
    open_file(words[4]);
    serve(words[3], batches);
  }
  if (count == 5 && !strcmp(words[1], "null")) {
    open_file(words[4]);
    fuse_mount(words[3]);
    null_serve(words[2]);
    return 0;
  }
  if (count == 3 && !strcmp(words[1], "drain"))
    serve_with(words[2], drain_stream);
  if (count == 5 && !strcmp(words[1], "pour")) {
    pour(words[3], atol(words[4]), !strcmp(words[2], "zero-copy"));
    return 0;
  }
  fprintf(stderr, "floor mount threads|batch DIRECTORY FILE ADDRESS:PORT\nfloor serve threads|batch ADDRESS:PORT FILE\n"
    "floor null readv|splice|threads|clones DIRECTORY FILE\nfloor drain ADDRESS:PORT\nfloor pour plain|zero-copy ADDRESS:PORT MIB\n");
  return 2;
}
