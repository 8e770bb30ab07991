/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling: reads every visible byte of K and V once, laid out contiguously, and does nothing with
 * them but fold them so that no load can be dropped. No attention kernel that reads its cache from
 * memory can be faster than the fastest of these loops, so there are four, and a case is held
 * against the best: one stream a rank, the same with prefetches, K and V side by side as an
 * attention kernel has them, and eight streams of each plane in turn with prefetches, which keeps
 * the most lines of memory in flight.
 *
 * The bytes are those of the case's own cache: from the base of each plane, as many as the
 * problem's queries see. For a window or a ring that is less than the plane.
 */
#include "kernels/ladder/tmpl.h"
#include "kernels/simd.h"

#include <string.h>

enum { LINE = 64, BLOCK = 512, AHEAD = 2048, STREAMS = 8 };

/* Visible bytes of each plane over all sequences; V is absent when it is a prefix of K. */
static void visible_bytes(const struct attn_args *args, size_t *k, size_t *v)
{
    const struct attn_problem *const p = args->problem;
    size_t tokens = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = args->lengths[b];
        tokens += attn_visible(p, length, p->q_len - 1).end - attn_visible(p, length, 0).first;
    }
    tokens *= p->kv_heads;
    *k = tokens * attn_row_bytes(&attn_types[p->k_type], p->dim);
    *v = p->v_is_k_prefix ? 0 : tokens * attn_row_bytes(&attn_types[p->v_type], p->dim_v);
}

static void fold(const char *at, vf x[8])
{
    for (int i = 0; i < BLOCK / (int)sizeof(vf); i++)
        x[i % 8] = vf_max(x[i % 8], vf_load((const float *)(at + i * (int)sizeof(vf))));
}

static void fold_tail(const char *at, size_t bytes, vf x[8])
{
    float last = 0;
    for (; bytes >= sizeof(last); at += sizeof(last), bytes -= sizeof(last)) {
        memcpy(&last, at, sizeof(last));
        x[0] = vf_max(x[0], vf_set1(last));
    }
}

static inline __attribute__((always_inline)) void prefetch_block(const char *at)
{
    for (int line = 0; line < BLOCK; line += LINE)
        vf_prefetch(at + AHEAD + line);
}

static void read_one(const char *at, size_t bytes, vf x[8])
{
    for (; bytes >= BLOCK; at += BLOCK, bytes -= BLOCK) {
#ifdef ATTN_RUNG_CEIL_READ_PREFETCH
        prefetch_block(at);
#endif
        fold(at, x);
    }
    fold_tail(at, bytes, x);
}

static void read_pair(const char *a, size_t a_bytes, const char *b, size_t b_bytes, vf x[8])
{
    while (a_bytes >= BLOCK && b_bytes >= BLOCK) {
        fold(a, x);
        fold(b, x);
        a += BLOCK;
        b += BLOCK;
        a_bytes -= BLOCK;
        b_bytes -= BLOCK;
    }
    read_one(a, a_bytes, x);
    read_one(b, b_bytes, x);
}

static void read_streams(const char *at, size_t bytes, vf x[8])
{
    const size_t part = bytes / STREAMS / BLOCK * BLOCK;
    for (size_t offset = 0; offset < part; offset += BLOCK) {
        for (size_t s = 0; s < STREAMS; s++) {
            prefetch_block(at + s * part + offset);
            fold(at + s * part + offset, x);
        }
    }
    read_one(at + STREAMS * part, bytes - STREAMS * part, x);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)p;
    (void)splits;
    return (size_t)ranks * LINE;
}

static void run(const struct attn_args *args, int rank, int ranks)
{
    const size_t r = (size_t)rank, n = (size_t)ranks;
    size_t k, v;
    vf x[8];
    for (int i = 0; i < 8; i++)
        x[i] = vf_zero();
    visible_bytes(args, &k, &v);
    const size_t k_first = k / n * r / LINE * LINE, v_first = v / n * r / LINE * LINE;
    const size_t k_end = rank + 1 == ranks ? k : k / n * (r + 1) / LINE * LINE;
    const size_t v_end = rank + 1 == ranks ? v : v / n * (r + 1) / LINE * LINE;
    const char *const k_at = (const char *)args->kv.k.base + k_first;
    const char *const v_at = v ? (const char *)args->kv.v.base + v_first : k_at;
#ifdef ATTN_RUNG_CEIL_READ_PAIR
    (void)read_streams;
    read_pair(k_at, k_end - k_first, v_at, v_end - v_first, x);
#elif defined(ATTN_RUNG_CEIL_READ_STREAMS)
    (void)read_pair;
    read_streams(k_at, k_end - k_first, x);
    read_streams(v_at, v_end - v_first, x);
#else
    (void)read_pair;
    (void)read_streams;
    read_one(k_at, k_end - k_first, x);
    read_one(v_at, v_end - v_first, x);
#endif
    for (int i = 1; i < 8; i++)
        x[0] = vf_max(x[0], x[i]);
    *(volatile float *)((char *)args->scratch + r * LINE) = vf_hmax(x[0]);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "ceiling: reads the visible bytes of K and V once",
    .kind = ATTN_CEILING,
    .k_types = (1u << ATTN_TYPES) - 1,
    .v_types = (1u << ATTN_TYPES) - 1,
    .layouts = ATTN_LAYOUTS_ALL,
    .scratch_bytes = scratch_bytes,
    .phase = {run},
    .phase_name = {"read"},
};
