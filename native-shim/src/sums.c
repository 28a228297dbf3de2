/* Sums and compression. */
#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <string.h>
#include <xxhash.h>

#include "hamirror_shim.h"

#define CASTAGNOLI_REFLECTED 0x82f63b78u

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc & 1 ? crc >> 1 ^ CASTAGNOLI_REFLECTED : crc >> 1;
    return crc;
}

static uint32_t crc_plain(uint32_t crc, const uint8_t *at, uint64_t bytes)
{
    while (bytes-- > 0)
        crc = crc_byte(crc, *at++);
    return crc;
}

#ifdef __x86_64__
#include <immintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const uint8_t *at, uint64_t bytes)
{
    uint64_t wide = crc;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    while (bytes-- > 0)
        crc = _mm_crc32_u8(crc, *at++);
    return crc;
}
#endif

uint32_t hm_crc32c(uint32_t seed, const void *data, uint64_t bytes)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc_sse42(~seed, data, bytes);
#endif
    return ~crc_plain(~seed, data, bytes);
}

void hm_hash128(const void *data, uint64_t bytes, uint64_t out[2])
{
    XXH128_hash_t hash = XXH3_128bits(data, bytes);
    out[0] = hash.low64;
    out[1] = hash.high64;
}

int hm_is_zero(const void *data, uint64_t bytes)
{
    const uint8_t *at = data;
    /* Most blocks with data show it in their first bytes; only the rest is worth a comparison at full width. */
    uint64_t head = bytes < 16 ? bytes : 16;
    for (uint64_t i = 0; i < head; i++)
        if (at[i] != 0)
            return 0;
    return bytes <= 16 || memcmp(at, at + 16, bytes - 16) == 0;
}

int64_t hm_lz4_bound(uint64_t bytes)
{
    return bytes > LZ4_MAX_INPUT_SIZE ? -EFBIG : LZ4_compressBound((int)bytes);
}

int64_t hm_lz4_compress(const void *from, uint64_t bytes, void *to, uint64_t capacity)
{
    if (bytes > LZ4_MAX_INPUT_SIZE)
        return 0;
    return LZ4_compress_default(from, to, (int)bytes, capacity > INT_MAX ? INT_MAX : (int)capacity);
}

int64_t hm_lz4_decompress(const void *from, uint64_t bytes, void *to, uint64_t capacity)
{
    if (bytes > INT_MAX)
        return -EBADMSG;
    int written = LZ4_decompress_safe(from, to, (int)bytes, capacity > INT_MAX ? INT_MAX : (int)capacity);
    return written < 0 ? -EBADMSG : written;
}
