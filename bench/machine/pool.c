/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carving by arithmetic: an offset and a stride per plane. A small case has tens of thousands of
 * copies, and a list of them would itself be a cache footprint in the timed loop.
 */
#include "bench/machine/pool.h"

#include <errno.h>
#include <string.h>

enum {
    PAGE = 4096,
    /* Half a page and one line: half of an L1 away, and not on the same line of that half. */
    SKEW = 2048 + 64,
    /* Tokens that lie apart by a multiple of this keep the alignment of rows of any length. */
    TOGETHER = 64,
};

void pool_init(struct pool *pool, struct team *team, enum arena_pages pages, uint64_t seed)
{
    *pool = (struct pool){.team = team, .pages = pages, .seed = seed};
}

void pool_free(struct pool *pool)
{
    for (int i = 0; i < FILL_CONTENTS; i++)
        arena_free(&pool->arena[i]);
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Puts the planes of one content behind each other; the length of a copy of it. */
static size_t place(struct pool_layout *layout, int content)
{
    size_t end = 0, placed = 0;
    for (int i = 0; i < POOL_PLANES; i++) {
        if (layout->plane[i].content != content || layout->plane[i].bytes == 0)
            continue;
        layout->plane[i].offset = whole_pages(end) + placed++ * SKEW % PAGE;
        end = layout->plane[i].offset + layout->plane[i].bytes;
    }
    const size_t pages = whole_pages(end) / PAGE;
    return placed ? (pages | 1) * PAGE : 0;
}

/* Scales a channel have no tokens to take turns by. */
static void share_pages(struct pool_layout *layout, const struct attn_problem *p,
                        const struct attn_kv_shape *shape)
{
    layout->together = 1;
    layout->tokens = (p->context + TOGETHER - 1) / TOGETHER * TOGETHER;
    if (shape->view.pages_a_sequence == 1 && p->page > layout->tokens &&
        !attn_types[p->k_type].channel)
        layout->together = p->page / layout->tokens;
}

int pool_layout(struct pool_layout *layout, const struct attn_problem *p,
                const struct attn_kv_shape *shape, uint64_t copies)
{
    memset(layout, 0, sizeof(*layout));
    layout->copies = copies;
    layout->view = shape->view;
    share_pages(layout, p, shape);
    copies = (copies + layout->together - 1) / layout->together;
    const int content[] = {fill_content_of(p->k_type), fill_content_of(p->v_type),
                           fill_scales_of(p->k_type), fill_scales_of(p->v_type)};
    const size_t bytes[] = {shape->k_bytes, shape->v_bytes, shape->k_scale_bytes,
                            shape->v_scale_bytes};
    size_t total = 0;
    for (int i = 0; i < POOL_PLANES; i++) {
        if (bytes[i] > SIZE_MAX / 16)
            return -EOVERFLOW;
        layout->plane[i].content = content[i];
        layout->plane[i].bytes = bytes[i];
    }
    for (int t = 0; t < FILL_CONTENTS; t++) {
        const size_t stride = place(layout, t);
        if (stride && copies > (SIZE_MAX / 2 - total) / stride)
            return -EOVERFLOW;
        layout->need[t] = stride * copies;
        total += layout->need[t];
        for (int i = 0; i < POOL_PLANES; i++) {
            if (layout->plane[i].content == t)
                layout->plane[i].stride = stride;
        }
    }
    return 0;
}

uint64_t pool_missing(const struct pool *pool, const struct pool_layout *layout)
{
    uint64_t missing = 0;
    for (int t = 0; t < FILL_CONTENTS; t++) {
        if (layout->need[t] > pool->arena[t].bytes)
            missing += layout->need[t] - pool->arena[t].bytes;
    }
    return missing;
}

static void fill_from(struct pool *pool, int content, size_t from)
{
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = pool->seed};
    const struct arena *const a = &pool->arena[content];
    fill_run(&fill, pool->team, content, a->base + from, fill_values(content, from),
             fill_values(content, a->bytes - from));
}

static int enlarge(struct pool *pool, int content, size_t need)
{
    struct arena *const a = &pool->arena[content];
    const size_t had = a->bytes;
    if (need <= had)
        return 0;
    const int err = had ? arena_grow(a, need) : arena_reserve(a, need, pool->pages);
    if (err)
        return err;
    fill_from(pool, content, had);
    return 0;
}

int pool_prepare(struct pool *pool, const struct pool_layout *layout)
{
    for (int t = 0; t < FILL_CONTENTS; t++) {
        const int err = enlarge(pool, t, layout->need[t]);
        if (err)
            return err;
    }
    return 0;
}

void pool_restore(struct pool *pool)
{
    for (int t = 0; t < FILL_CONTENTS; t++)
        if (pool->arena[t].bytes)
            fill_from(pool, t, 0);
}

static uint64_t digest(const struct pool *pool, const size_t bytes[FILL_CONTENTS])
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int t = 0; t < FILL_CONTENTS; t++) {
        for (size_t i = 0; i + sizeof(h) <= bytes[t]; i += sizeof(h)) {
            uint64_t word;
            memcpy(&word, pool->arena[t].base + i, sizeof(word));
            h = (h ^ word) * 0x100000001b3u;
        }
    }
    return h;
}

struct pool_seal pool_seal(const struct pool *pool)
{
    struct pool_seal seal = {.digest = 0};
    for (int t = 0; t < FILL_CONTENTS; t++)
        seal.bytes[t] = pool->arena[t].bytes;
    seal.digest = digest(pool, seal.bytes);
    return seal;
}

bool pool_sealed(const struct pool *pool, const struct pool_seal *seal)
{
    return digest(pool, seal->bytes) == seal->digest;
}

int pool_state(const struct pool *pool, struct arena_state *state)
{
    *state = (struct arena_state){0};
    for (int t = 0; t < FILL_CONTENTS; t++) {
        struct arena_state one = {0};
        const int err = pool->arena[t].base ? arena_state(&pool->arena[t], &one) : 0;
        if (err)
            return err;
        state->resident_bytes += one.resident_bytes;
        state->huge_bytes += one.huge_bytes;
    }
    return 0;
}

size_t pool_end(const struct pool_layout *layout, uint64_t copy)
{
    return (size_t)(copy / layout->together + 1) * layout->plane[POOL_K].stride;
}

uint64_t pool_behind(const struct pool_layout *layout, size_t end)
{
    const size_t stride = layout->plane[POOL_K].stride;
    return (end + stride - 1) / stride * layout->together;
}

static const void *at(const struct pool *pool, const struct pool_layout *layout,
                      enum pool_plane plane, size_t token_stride, uint64_t copy)
{
    if (layout->plane[plane].bytes == 0)
        return NULL;
    return pool->arena[layout->plane[plane].content].base + layout->plane[plane].offset +
           copy / layout->together * layout->plane[plane].stride +
           copy % layout->together * layout->tokens * token_stride;
}

struct attn_kv pool_view(const struct pool *pool, const struct pool_layout *layout, uint64_t copy)
{
    struct attn_kv kv = layout->view;
    kv.k.base = at(pool, layout, POOL_K, kv.k.token_stride, copy);
    kv.v.base =
        layout->plane[POOL_V].bytes ? at(pool, layout, POOL_V, kv.v.token_stride, copy) : kv.k.base;
    kv.k_scale.base = at(pool, layout, POOL_K_SCALE, kv.k_scale.token_stride, copy);
    kv.v_scale.base = layout->plane[POOL_V].bytes
                          ? at(pool, layout, POOL_V_SCALE, kv.v_scale.token_stride, copy)
                          : kv.k_scale.base;
    return kv;
}

void pool_original(const struct pool *pool, enum attn_type type, const void *row,
                   const void *scales, uint32_t dim, double *values)
{
    const struct attn_type_info *const info = &attn_types[type];
    const int content = fill_content_of(type);
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = pool->seed};
    const uint64_t first =
        fill_values(content, (uint64_t)((const char *)row - pool->arena[content].base));
    for (uint32_t d = 0; d < dim; d++) {
        uint64_t index = first + d;
        if (info->bits == 4) {
            const struct attn_i4_place place = attn_i4_place(d, dim);
            index = first + 2 * place.byte + (place.shift != 0);
        }
        values[d] = (double)fill_value(&fill, index);
        if (info->top)
            values[d] *= info->top * (double)attn_element_scale(info, scales, d);
    }
}
