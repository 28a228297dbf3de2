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

/*
 * The instruction takes three cycles and one can begin in each, so three lanes go side by side and are joined. To move a
 * sum past n zero bytes is to multiply it by x^(8n); the carry-less product of two reflected numbers, put through the
 * instruction once more, comes out multiplied by x^33, so the factors are x^(8n-33) modulo the polynomial.
 */
#define LANE_BYTES 1360u /* three lanes and two words are 4 KiB */
#define PAST_ONE_LANE 0x3f70cc6f
#define PAST_TWO_LANES 0x5aa1f3cf

__attribute__((target("sse4.2,pclmul"))) static uint64_t crc_moved(uint32_t crc, uint32_t factor)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)factor), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc_lanes(uint32_t crc, const uint8_t *at)
{
    uint64_t one = crc, two = 0, three = 0;
    for (const uint8_t *end = at + LANE_BYTES; at < end; at += 8) {
        uint64_t words[3];
        memcpy(&words[0], at, 8);
        memcpy(&words[1], at + LANE_BYTES, 8);
        memcpy(&words[2], at + 2 * LANE_BYTES, 8);
        one = _mm_crc32_u64(one, words[0]);
        two = _mm_crc32_u64(two, words[1]);
        three = _mm_crc32_u64(three, words[2]);
    }
    return (uint32_t)(crc_moved((uint32_t)one, PAST_TWO_LANES) ^ crc_moved((uint32_t)two, PAST_ONE_LANE) ^ three);
}

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const uint8_t *at, uint64_t bytes)
{
    if (__builtin_cpu_supports("pclmul"))
        for (; bytes >= 3 * LANE_BYTES; bytes -= 3 * LANE_BYTES, at += 3 * LANE_BYTES)
            crc = crc_lanes(crc, at);
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
