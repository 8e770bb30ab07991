/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KV cache as a view. A layout is data: base pointers, strides and, for paged caches, a
 * table; one kernel text walks them all through attn_kv_rows(). What a layout costs is then
 * measured, not designed in.
 *
 * Address of token t of KV head g in sequence b, in bytes:
 *   contiguous, token-major   base + b*batch_stride + g*head_stride + t*token_stride
 *   ring                      the same with t modulo ring_tokens
 *   paged                     base + table[b*pages_a_sequence + t/page]*page_stride
 *                                  + g*head_stride + (t%page)*token_stride
 *   transposed, K             base + b*batch_stride + g*head_stride + t*token_stride, an element,
 *                                  and its next element attn_k_step() further on
 * Scales lie in planes of their own with strides of the same shape; where they belong to channels
 * and not to tokens, the strides of page and token are 0.
 *
 * Header-only, because a kernel in a shared object of somebody else needs it too.
 */
#ifndef ATTN_KV_H
#define ATTN_KV_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/problem.h"

/* Most tokens one call of attn_kv_rows() delivers. */
enum { ATTN_TILE_MAX = 256 };

/* One plane: K, V, or the scales of either. A NULL base is an absent plane. */
struct attn_plane {
    const void *base;
    size_t batch_stride, head_stride, token_stride, page_stride; /* bytes */
};

struct attn_kv {
    size_t struct_size;
    struct attn_plane k, v, k_scale, v_scale;
    const uint32_t *table;     /* [batch][pages_a_sequence] page numbers, or NULL */
    uint32_t pages_a_sequence; /* with a table */
    uint32_t page;             /* tokens a page, with a table */
    uint32_t ring_tokens;      /* capacity of a ring, or 0 */
};

/* Up to ATTN_TILE_MAX rows of one KV head of one sequence. */
struct attn_rows {
    uint32_t n;
    ptrdiff_t k_step, v_step; /* bytes from row i to i + 1 when that is the same for all; else 0 */
    uint32_t pos[ATTN_TILE_MAX]; /* logical position of each row */
    const void *k[ATTN_TILE_MAX], *v[ATTN_TILE_MAX];
    const void *k_scale[ATTN_TILE_MAX], *v_scale[ATTN_TILE_MAX]; /* f16; unset without scales */
};

/* Bytes from the base of a plane to row `slot` of (batch, page, head). */
static inline size_t attn_plane_offset(const struct attn_plane *plane, uint32_t batch, size_t page,
                                       uint32_t head, uint32_t slot)
{
    return batch * plane->batch_stride + page * plane->page_stride + head * plane->head_stride +
           slot * plane->token_stride;
}

/* Row `slot` of (batch, page, head), and the bytes to the next; an absent plane stays where it is.
 */
struct attn_walk {
    const char *at;
    size_t stride;
};

static inline struct attn_walk attn_plane_walk(const struct attn_plane *plane, uint32_t batch,
                                               size_t page, uint32_t head, uint32_t slot)
{
    if (!plane->base)
        return (struct attn_walk){0};
    return (struct attn_walk){
        .at = (const char *)plane->base + attn_plane_offset(plane, batch, page, head, slot),
        .stride = plane->token_stride,
    };
}

/*
 * Positions pos .. pos+n-1 (all present in the cache) to entries at, at+step, at+2*step ... of
 * rows, whose n and steps are the caller's to set. Returns the number of runs of evenly spaced
 * rows: a run ends with its page or where the ring wraps.
 */
static inline uint32_t attn_kv_rows_at(const struct attn_kv *kv, uint32_t batch, uint32_t head,
                                       uint32_t pos, uint32_t n, struct attn_rows *rows,
                                       uint32_t at, uint32_t step)
{
    const bool scaled = kv->k_scale.base || kv->v_scale.base;
    const uint32_t modulus = kv->table ? kv->page : kv->ring_tokens;
    const bool even = (modulus & (modulus - 1)) == 0; /* most are powers of two: no division */
    const uint32_t shift = modulus && even ? (uint32_t)__builtin_ctz(modulus) : 0;
    uint32_t runs = 0;
    for (uint32_t i = 0, run; i < n; i += run, runs++) {
        const uint32_t t = pos + i, whole = !modulus ? 0 : even ? t >> shift : t / modulus;
        const uint32_t slot = t - whole * modulus;
        uint32_t to = at + i * step;
        const size_t page = kv->table ? kv->table[(size_t)batch * kv->pages_a_sequence + whole] : 0;
        run = modulus && modulus - slot < n - i ? modulus - slot : n - i;
        /* One loop for all planes: a run is a few tokens, and each loop would be mispredicted. */
        struct attn_walk k = attn_plane_walk(&kv->k, batch, page, head, slot);
        struct attn_walk v = attn_plane_walk(&kv->v, batch, page, head, slot);
        if (!scaled) {
            for (uint32_t j = 0; j < run; j++, to += step, k.at += k.stride, v.at += v.stride) {
                rows->pos[to] = t + j;
                rows->k[to] = k.at;
                rows->v[to] = v.at;
            }
            continue;
        }
        struct attn_walk ks = attn_plane_walk(&kv->k_scale, batch, page, head, slot);
        struct attn_walk vs = attn_plane_walk(&kv->v_scale, batch, page, head, slot);
        for (uint32_t j = 0; j < run; j++, to += step) {
            rows->pos[to] = t + j;
            rows->k[to] = k.at;
            rows->v[to] = v.at;
            rows->k_scale[to] = ks.at;
            rows->v_scale[to] = vs.at;
            k.at += k.stride;
            v.at += v.stride;
            ks.at += ks.stride;
            vs.at += vs.stride;
        }
    }
    return runs;
}

/* Bytes from a row to that of `tokens` positions and `heads` heads on (or back), if both lie in one
 * page. */
static inline ptrdiff_t attn_plane_distance(const struct attn_plane *plane, uint32_t tokens,
                                            int32_t heads)
{
    return (ptrdiff_t)(tokens * plane->token_stride) + heads * (ptrdiff_t)plane->head_stride;
}

/* The n rows of `from`, each `tokens` positions and `heads` heads on, in the same pages and not
 * beyond the end of a ring: sums of many pointers at once instead of walks. */
static inline void attn_kv_rows_on(const struct attn_kv *kv, const struct attn_rows *restrict from,
                                   uint32_t n, uint32_t tokens, int32_t heads,
                                   struct attn_rows *restrict rows)
{
    const ptrdiff_t k = attn_plane_distance(&kv->k, tokens, heads);
    const ptrdiff_t v = attn_plane_distance(&kv->v, tokens, heads);
    const ptrdiff_t ks = attn_plane_distance(&kv->k_scale, tokens, heads);
    const ptrdiff_t vs = attn_plane_distance(&kv->v_scale, tokens, heads);
    for (uint32_t i = 0; i < n; i++)
        rows->pos[i] = from->pos[i] + tokens;
    for (uint32_t i = 0; i < n; i++) {
        rows->k[i] = (const char *)from->k[i] + k;
        rows->v[i] = (const char *)from->v[i] + v;
    }
    for (uint32_t i = 0; kv->k_scale.base && i < n; i++)
        rows->k_scale[i] = (const char *)from->k_scale[i] + ks;
    for (uint32_t i = 0; kv->v_scale.base && i < n; i++)
        rows->v_scale[i] = (const char *)from->v_scale[i] + vs;
}

/* Rows of positions pos, pos+every, pos+2*every ... to the first n entries of rows, in a cache that
 * is no ring: what runs have in common is worked out once. Returns how many tokens from there on
 * all of them are in their pages. */
static inline uint32_t attn_kv_rows_each(const struct attn_kv *kv, uint32_t batch, uint32_t head,
                                         uint32_t pos, uint32_t every, uint32_t n,
                                         struct attn_rows *rows)
{
    uint32_t last = 0; /* slot of those that are furthest into their page */
    const struct attn_walk k = attn_plane_walk(&kv->k, batch, 0, head, 0);
    const struct attn_walk v = attn_plane_walk(&kv->v, batch, 0, head, 0);
    const struct attn_walk ks = attn_plane_walk(&kv->k_scale, batch, 0, head, 0);
    const struct attn_walk vs = attn_plane_walk(&kv->v_scale, batch, 0, head, 0);
    const bool even = kv->table && (kv->page & (kv->page - 1)) == 0;
    const uint32_t shift = even ? (uint32_t)__builtin_ctz(kv->page) : 0;
    const uint32_t *const table =
        kv->table ? kv->table + (size_t)batch * kv->pages_a_sequence : NULL;
    for (uint32_t i = 0; i < n; i++, pos += every) {
        const uint32_t whole = !table ? 0 : even ? pos >> shift : pos / kv->page;
        const uint32_t slot = pos - whole * kv->page;
        const size_t page = table ? table[whole] : 0;
        last = slot > last ? slot : last;
        rows->pos[i] = pos;
        rows->k[i] = k.at + page * kv->k.page_stride + slot * k.stride;
        rows->v[i] = v.at + page * kv->v.page_stride + slot * v.stride;
        if (ks.at)
            rows->k_scale[i] = ks.at + page * kv->k_scale.page_stride + slot * ks.stride;
        if (vs.at)
            rows->v_scale[i] = vs.at + page * kv->v_scale.page_stride + slot * vs.stride;
    }
    return table ? kv->page - last : UINT32_MAX;
}

/* Entries from..n-1 of rows: each is a position on from the one `from` entries before, in its page
 * and not beyond the end of a ring. */
static inline void attn_kv_rows_after(const struct attn_kv *kv, uint32_t from, uint32_t n,
                                      struct attn_rows *rows)
{
    const size_t k = kv->k.token_stride, v = kv->v.token_stride;
    const size_t ks = kv->k_scale.token_stride, vs = kv->v_scale.token_stride;
    for (uint32_t i = from; i < n; i++) {
        rows->pos[i] = rows->pos[i - from] + 1;
        rows->k[i] = (const char *)rows->k[i - from] + k;
        rows->v[i] = (const char *)rows->v[i - from] + v;
    }
    for (uint32_t i = from; kv->k_scale.base && i < n; i++)
        rows->k_scale[i] = (const char *)rows->k_scale[i - from] + ks;
    for (uint32_t i = from; kv->v_scale.base && i < n; i++)
        rows->v_scale[i] = (const char *)rows->v_scale[i - from] + vs;
}

/* Rows of positions pos .. pos+n-1 (n <= ATTN_TILE_MAX, all present in the cache). */
static inline void attn_kv_rows(const struct attn_kv *kv, uint32_t batch, uint32_t head,
                                uint32_t pos, uint32_t n, struct attn_rows *rows)
{
    const bool even = attn_kv_rows_at(kv, batch, head, pos, n, rows, 0, 1) == 1;
    rows->n = n;
    rows->k_step = even ? (ptrdiff_t)kv->k.token_stride : 0;
    rows->v_step = even ? (ptrdiff_t)kv->v.token_stride : 0;
}

/*
 * Sizes and strides of the view a problem asks for, base pointers and table left NULL. The caller
 * provides k_bytes, v_bytes (0 when V is a prefix of K), scale bytes, and a table of table_entries
 * page numbers below `pages` when that is not 0. Of a shared prefix every sequence has the pages
 * of the first.
 */
struct attn_kv_shape {
    struct attn_kv view;
    size_t k_bytes, v_bytes, k_scale_bytes, v_scale_bytes;
    size_t table_entries, pages;
};

struct attn_kv_shape attn_kv_shape(const struct attn_problem *p);

/* Bytes from one element of a token of a transposed K to the next; 0 where K lies in rows. */
static inline size_t attn_k_step(const struct attn_problem *p, const struct attn_kv *kv)
{
    return p->layout == ATTN_TRANSPOSED ? kv->k.head_stride / p->dim : 0;
}

#endif
