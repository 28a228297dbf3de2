/* Memory, sums, waiting, ring. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "hamirror_shim.h"

void test_memory(void)
{
    enum { BYTES = 1 << 20 };
    uint8_t *pages = hm_pages_alloc(BYTES);
    CHECK(pages != NULL);
    CHECK_EQUAL((uintptr_t)pages % 4096, 0);
    CHECK(hm_is_zero(pages, BYTES));
    memset(pages, 7, BYTES);
    CHECK_EQUAL(hm_pages_forget(pages, BYTES), 0);
    CHECK(hm_is_zero(pages, BYTES));
    CHECK_EQUAL(hm_pages_forget(pages + 1, 4096), -EINVAL);
    int huge = hm_pages_prefer_huge(pages, BYTES); /* -EINVAL: this kernel was built without */
    CHECK(huge == 0 || huge == -EINVAL);
    CHECK(hm_is_zero(pages, BYTES));
    hm_pages_free(pages, BYTES);
    hm_pages_free(NULL, BYTES);
    CHECK(hm_pages_alloc((size_t)1 << 60) == NULL);
    CHECK_EQUAL(hm_shim_version(), HM_SHIM_VERSION);
    CHECK_EQUAL(hm_struct_size(HM_STRUCT_STAT), sizeof(struct hm_stat));
    CHECK_EQUAL(hm_struct_size(HM_STRUCT_POLL), sizeof(struct hm_poll));
    CHECK_EQUAL(hm_struct_size(99), -1);
}

static void test_lz4(void)
{
    uint8_t plain[4096], packed[5000], again[4096];
    memset(plain, 'x', sizeof plain);
    int64_t bytes = hm_lz4_compress(plain, sizeof plain, packed, sizeof packed);
    CHECK(bytes > 0 && bytes < 100);
    CHECK_EQUAL(hm_lz4_decompress(packed, (uint64_t)bytes, again, sizeof again), sizeof plain);
    CHECK(memcmp(plain, again, sizeof plain) == 0);
    CHECK_EQUAL(hm_lz4_decompress(packed, (uint64_t)bytes, again, 100), -EBADMSG);
    CHECK_EQUAL(hm_lz4_decompress(packed, (uint64_t)bytes - 3, again, sizeof again), -EBADMSG);
    packed[0] ^= 0xff;
    CHECK(hm_lz4_decompress(packed, (uint64_t)bytes, again, sizeof again) != (int64_t)sizeof plain
          || memcmp(plain, again, sizeof plain) != 0);
    srandom(1);
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)random();
    CHECK_EQUAL(hm_lz4_compress(plain, sizeof plain, packed, 4000), 0);
    CHECK(hm_lz4_bound(4096) >= 4096);
    CHECK_EQUAL(hm_lz4_bound((uint64_t)1 << 40), -EFBIG);
    CHECK_EQUAL(hm_lz4_compress(plain, (uint64_t)1 << 40, packed, sizeof packed), 0);
    CHECK_EQUAL(hm_lz4_decompress(packed, (uint64_t)1 << 40, plain, sizeof plain), -EBADMSG);
}

void test_sums(void)
{
    /* RFC 3720 B.4 and the check value of the CRC catalogue. */
    uint8_t block[32];
    CHECK_EQUAL(hm_crc32c(0, "123456789", 9), 0xe3069283u);
    memset(block, 0, sizeof block);
    CHECK_EQUAL(hm_crc32c(0, block, 32), 0x8a9136aau);
    memset(block, 0xff, sizeof block);
    CHECK_EQUAL(hm_crc32c(0, block, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        block[i] = (uint8_t)i;
    CHECK_EQUAL(hm_crc32c(0, block, 32), 0x46dd794eu);
    for (uint64_t cut = 0; cut <= 32; cut++)
        CHECK_EQUAL(hm_crc32c(hm_crc32c(0, block, cut), block + cut, 32 - cut), 0x46dd794eu);
    CHECK_EQUAL(hm_crc32c(0, "", 0), 0);

    /* Long ones are summed in lanes; a byte at a time they are not. */
    static uint8_t large[20000];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 2654435761u >> 24);
    uint32_t slow = 0;
    for (size_t bytes = 0; bytes < sizeof large - 1; bytes++) {
        if (bytes < 100 || bytes % 8 == 0 || bytes % 4080 < 3)
            CHECK_EQUAL(hm_crc32c(0, large + 1, bytes), slow);
        slow = hm_crc32c(slow, large + 1 + bytes, 1);
    }
    CHECK_EQUAL(hm_crc32c(hm_crc32c(0, large, 5001), large + 5001, sizeof large - 5001), hm_crc32c(0, large, sizeof large));

    /* XXH3_128bits("") as xxhsum -H2 prints it: high half, then low half. */
    uint64_t hash[2], other[2];
    hm_hash128("", 0, hash);
    CHECK(hash[1] == 0x99aa06d3014798d8u && hash[0] == 0x6001c324468d497fu);
    hm_hash128(block, 31, hash);
    hm_hash128(block, 32, other);
    CHECK(hash[0] != other[0] && hash[1] != other[1]);

    uint8_t zeros[4096] = { 0 };
    for (uint64_t bytes = 0; bytes <= 40; bytes++)
        CHECK(hm_is_zero(zeros, bytes));
    for (uint64_t at = 0; at < sizeof zeros; at += 61) {
        zeros[at] = 1;
        CHECK(!hm_is_zero(zeros, sizeof zeros) && hm_is_zero(zeros, at));
        zeros[at] = 0;
    }
    CHECK(hm_is_zero(zeros, sizeof zeros));
    test_lz4();
}

static void nothing(int signal)
{
    (void)signal;
}

static void *disturb(void *of)
{
    pthread_t thread = *(pthread_t *)of;
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        pthread_kill(thread, SIGUSR1);
    }
    return NULL;
}

void test_waiting(void)
{
    int fd = hm_event_create();
    CHECK(fd >= 0);
    struct hm_poll entries[2] = { { -1, 1, 0 }, { fd, 1, 0 } };
    CHECK_EQUAL(hm_poll(entries, 2, 0), 0);
    CHECK_EQUAL(hm_event_clear(fd), 0);
    CHECK_EQUAL(hm_event_signal(fd), 0);
    CHECK_EQUAL(hm_event_signal(fd), 0);
    CHECK_EQUAL(hm_poll(entries, 2, -1), 1);
    CHECK_EQUAL(entries[1].revents, 1);
    CHECK_EQUAL(hm_event_clear(fd), 0);
    CHECK_EQUAL(hm_poll(entries, 2, 0), 0);

    /* A poll of 150 ms that is interrupted every 5 ms still takes 150 ms. */
    struct sigaction action = { .sa_handler = nothing }, before;
    sigaction(SIGUSR1, &action, &before);
    pthread_t self = pthread_self(), thread;
    pthread_create(&thread, NULL, disturb, &self);
    int64_t start = milliseconds();
    CHECK_EQUAL(hm_poll(entries, 2, 150), 0);
    CHECK(milliseconds() - start >= 149);
    pthread_join(thread, NULL);
    sigaction(SIGUSR1, &before, NULL);

    CHECK_EQUAL(hm_close(fd), 0);
    CHECK_EQUAL(hm_close(fd), -EBADF);
    CHECK_EQUAL(hm_event_signal(fd), -EBADF);
    CHECK_EQUAL(hm_event_clear(fd), -EBADF);
}

static int harvest_all(hm_ring *ring, struct hm_done *done, int count)
{
    int got = 0;
    for (int64_t end = milliseconds() + 30000; got < count && milliseconds() < end;) {
        struct hm_poll entry = { hm_ring_fd(ring), 1, 0 };
        hm_poll(&entry, 1, 1000);
        int part = hm_ring_harvest(ring, done + got, count - got);
        if (part < 0)
            return part;
        got += part;
    }
    return got;
}

void test_ring(void)
{
    enum { FEW = 8, BLOCK = 4096, MANY = 64 };
    hm_ring *ring = hm_ring_create(FEW);
    CHECK(ring != NULL);
    if (ring == NULL)
        return;
    CHECK(hm_ring_fd(ring) >= 0);
    char path[128];
    snprintf(path, sizeof path, "%sring", scratch);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    uint8_t *data = hm_pages_alloc(MANY * BLOCK), *back = hm_pages_alloc(MANY * BLOCK);
    struct hm_io ios[MANY];
    struct hm_done done[MANY];
    for (int i = 0; i < MANY; i++) {
        memset(data + i * BLOCK, i + 1, BLOCK);
        ios[i] = (struct hm_io){ HM_IO_WRITE, fd, data + i * BLOCK, BLOCK, (uint64_t)i * BLOCK, 1000u + (unsigned)i };
    }
    /* More than the ring holds: it takes what it can, and never loses one. */
    int at = 0;
    uint64_t sum = 0;
    while (at < MANY) {
        int taken = hm_ring_submit(ring, ios + at, MANY - at);
        CHECK(taken > 0 && taken <= 2 * FEW);
        if (taken <= 0)
            break;
        CHECK_EQUAL(harvest_all(ring, done, taken), taken);
        for (int i = 0; i < taken; i++) {
            CHECK_EQUAL(done[i].result, BLOCK);
            sum += done[i].user;
        }
        at += taken;
    }
    CHECK_EQUAL(sum, (uint64_t)MANY * 1000 + MANY * (MANY - 1) / 2);
    CHECK_EQUAL(hm_ring_harvest(ring, done, MANY), 0);
    struct hm_io more[4] = {
        { HM_IO_FDATASYNC, fd, NULL, 0, 0, 1 }, { HM_IO_FSYNC, fd, NULL, 0, 0, 2 },
        { HM_IO_READ, fd, back, MANY * BLOCK, 0, 3 }, { HM_IO_READ, -1, back, BLOCK, 0, 4 },
    };
    CHECK_EQUAL(hm_ring_submit(ring, more, 4), 4);
    CHECK_EQUAL(harvest_all(ring, done, 4), 4);
    for (int i = 0; i < 4; i++)
        CHECK_EQUAL(done[i].result, done[i].user == 3 ? MANY * BLOCK : done[i].user == 4 ? -EBADF : 0);
    CHECK(memcmp(data, back, MANY * BLOCK) == 0);
    struct hm_io odd = { 99, fd, NULL, 0, 0, 0 };
    CHECK_EQUAL(hm_ring_submit(ring, &odd, 1), -EINVAL);
    hm_ring_destroy(ring);
    hm_ring_destroy(NULL);
    CHECK(hm_ring_create(0) == NULL);
    hm_pages_free(data, MANY * BLOCK);
    hm_pages_free(back, MANY * BLOCK);
    close(fd);
}
