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

/*
 * Where the processor multiplies four times 128 bits at once, 256 bytes go a step: four sums, each moved past what lies between
 * it and the next step's bytes and joined with them. Of 128 bits the half that comes first in memory has the higher powers,
 * hence two factors: x^(n+63) and x^(n-1) for n bits, reflected, in the upper half of a word.
 */
#define STEP_BYTES 256u
#define WIDE_BYTES_MIN 1024u /* below this, joining the sums costs what the width gains */
#define PAST(first, second) _mm_set_epi64x((long long)((uint64_t)(second) << 32), (long long)((uint64_t)(first) << 32))
#define PAST_2048_BITS PAST(0xe9a5d8be, 0x1426a815)
#define PAST_512_BITS PAST(0x1c19243b, 0x75bba45b)
#define PAST_384_BITS PAST(0xa46ef4aa, 0x6051243f)
#define PAST_256_BITS PAST(0x33ccbbbc, 0xa2158b34)
#define PAST_128_BITS PAST(0x3743f7bd, 0x3171d430)
#define WIDE __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.2")))

WIDE static __m512i wide_moved(__m512i sum, __m512i factors, __m512i next)
{
    __m512i first = _mm512_clmulepi64_epi128(sum, factors, 0x00), second = _mm512_clmulepi64_epi128(sum, factors, 0x11);
    return _mm512_ternarylogic_epi64(first, second, next, 0x96); /* all three, exclusive or */
}

WIDE static __m128i narrow_moved(__m128i sum, __m128i factors, __m128i next)
{
    __m128i first = _mm_clmulepi64_si128(sum, factors, 0x00), second = _mm_clmulepi64_si128(sum, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

/* Of a multiple of STEP_BYTES. */
WIDE static uint32_t crc_wide(uint32_t crc, const uint8_t *at, uint64_t bytes)
{
    const uint8_t *end = at + bytes;
    __m512i sums[4];
    for (int lane = 0; lane < 4; lane++)
        sums[lane] = _mm512_loadu_si512(at + 64 * lane);
    sums[0] = _mm512_xor_si512(sums[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc)));
    __m512i factors = _mm512_broadcast_i32x4(PAST_2048_BITS);
    for (at += STEP_BYTES; at < end; at += STEP_BYTES)
        for (int lane = 0; lane < 4; lane++)
            sums[lane] = wide_moved(sums[lane], factors, _mm512_loadu_si512(at + 64 * lane));
    factors = _mm512_broadcast_i32x4(PAST_512_BITS);
    __m512i sum = sums[0];
    for (int lane = 1; lane < 4; lane++)
        sum = wide_moved(sum, factors, sums[lane]);
    __m128i last = _mm512_extracti32x4_epi32(sum, 3);
    last = narrow_moved(_mm512_castsi512_si128(sum), PAST_384_BITS, last);
    last = narrow_moved(_mm512_extracti32x4_epi32(sum, 1), PAST_256_BITS, last);
    last = narrow_moved(_mm512_extracti32x4_epi32(sum, 2), PAST_128_BITS, last);
    uint64_t wide = _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(last));
    return (uint32_t)_mm_crc32_u64(wide, (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(last, last)));
}

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const uint8_t *at, uint64_t bytes)
{
    if (bytes >= WIDE_BYTES_MIN && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq")) {
        uint64_t part = bytes & ~(uint64_t)(STEP_BYTES - 1);
        crc = crc_wide(crc, at, part);
        at += part;
        bytes -= part;
    }
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
