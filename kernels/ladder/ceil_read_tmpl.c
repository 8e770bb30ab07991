/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling: reads every visible byte of K and V once, laid out contiguously, and does nothing with
 * them but fold them so that no load can be dropped. No attention kernel that reads its cache from
 * memory can be faster than the fastest of these loops, so there are four, and a case is held
 * against the best: one stream a rank, the same with prefetches, K and V side by side as an
 * attention kernel has them, and eight streams of each plane in turn with prefetches, which keeps
 * the most lines of memory in flight.
 *
 * The bytes are those of the case's own cache: from the base of each plane, scales included, as
 * many as the problem's queries see. For a window or a ring that is less than the plane.
 */
#include "kernels/ladder/tmpl.h"
#include "kernels/simd.h"

#include <string.h>

enum { LINE = 64, BLOCK = 512, AHEAD = 2048, STREAMS = 8 };

/* Visible bytes of a plane over all sequences, and where they begin. */
struct visible {
    const char *at;
    size_t bytes;
};

enum { PLANES = 4 };

/* K, V and the scales of both; V is absent when it is a prefix of K. */
static void visible_planes(const struct attn_args *args, struct visible plane[PLANES])
{
    const struct attn_problem *const p = args->problem;
    size_t tokens = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = args->lengths[b];
        tokens += attn_visible(p, length, p->q_len - 1).end - attn_visible(p, length, 0).first -
                  attn_problem_shared(p, b);
    }
    tokens *= p->kv_heads;
    const struct attn_type_info *const k = &attn_types[p->k_type], *const v =
                                                                       &attn_types[p->v_type];
    const size_t own = p->v_is_k_prefix ? 0 : tokens;
    const size_t shared = (size_t)p->batch * p->kv_heads * attn_head_scale_bytes(k, p->dim);
    plane[0] = (struct visible){args->kv.k.base, tokens * attn_row_bytes(k, p->dim)};
    plane[1] = (struct visible){args->kv.v.base, own * attn_row_bytes(v, p->dim_v)};
    plane[2] =
        (struct visible){args->kv.k_scale.base, tokens * attn_row_scale_bytes(k, p->dim) + shared};
    plane[3] = (struct visible){args->kv.v_scale.base, own * attn_row_scale_bytes(v, p->dim_v)};
}

/* The part of one rank, in whole lines. */
static struct visible part_of(const struct visible *plane, size_t r, size_t n)
{
    const size_t first = plane->bytes / n * r / LINE * LINE;
    const size_t end = r + 1 == n ? plane->bytes : plane->bytes / n * (r + 1) / LINE * LINE;
    return (struct visible){end > first ? plane->at + first : NULL, end - first};
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
    struct visible plane[PLANES];
    vf x[8];
    for (int i = 0; i < 8; i++)
        x[i] = vf_zero();
    visible_planes(args, plane);
    for (int i = 0; i < PLANES; i++)
        plane[i] = part_of(&plane[i], r, n);
#ifdef ATTN_RUNG_CEIL_READ_PAIR
    (void)read_streams;
    for (int i = 0; i < PLANES; i += 2)
        read_pair(plane[i].at, plane[i].bytes, plane[i + 1].at, plane[i + 1].bytes, x);
#elif defined(ATTN_RUNG_CEIL_READ_STREAMS)
    (void)read_pair;
    for (int i = 0; i < PLANES; i++)
        read_streams(plane[i].at, plane[i].bytes, x);
#else
    (void)read_pair;
    (void)read_streams;
    for (int i = 0; i < PLANES; i++)
        read_one(plane[i].at, plane[i].bytes, x);
#endif
    for (int i = 1; i < 8; i++)
        x[0] = vf_max(x[0], x[i]);
    *(volatile float *)((char *)args->scratch + r * LINE) = vf_hmax(x[0]);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,           .summary = "ceiling: reads the visible bytes of K and V once",
    .kind = ATTN_CEILING,           .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,        .layouts = ATTN_LAYOUTS_ANY,
    .scratch_bytes = scratch_bytes, .phase = {run},
    .phase_name = {"read"},
};
