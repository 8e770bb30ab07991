/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attention problem: what is computed, never how. A problem is one attention layer (L = 1);
 * whole-model figures are the analysis room's business. The name of a problem and the struct are
 * inverse: attn_problem_parse(attn_problem_name(p)) == p, which is what makes a result row
 * identify its case for ever.
 *
 * Symbols: B batch, S context (tokens in the cache, the q_len newest included), H query heads,
 * G KV heads, D head dim (Dk of K and Q, Dv of V and the output), q query tokens a sequence.
 * Query head h reads KV head h / (H/G) (consecutive blocks, as every released checkpoint does);
 * ATTN_MAP_CYCLIC (h % G) exists only to be told apart from it.
 */
#ifndef ATTN_PROBLEM_H
#define ATTN_PROBLEM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/dtype.h"

enum attn_phase { ATTN_DECODE, ATTN_PREFILL, ATTN_GENERATE, ATTN_LAYER, ATTN_MODEL, ATTN_PHASES };

/* How K and V lie in memory; see kernels/kv.h for the strides behind each. */
enum attn_layout {
    ATTN_CONTIGUOUS,  /* [batch][kv_head][token][dim] */
    ATTN_TOKEN_MAJOR, /* [batch][token][kv_head][dim] */
    ATTN_PAGED,       /* [page][kv_head][token in page][dim] through a page table a sequence */
    ATTN_RING,        /* contiguous, but only the last `window` tokens are kept, modulo the ring */
    ATTN_TRANSPOSED,  /* K [batch][kv_head][dim][token], V contiguous */
    ATTN_LAYOUTS
};

enum attn_head_map { ATTN_MAP_BLOCK, ATTN_MAP_CYCLIC };

enum attn_mask {
    ATTN_CAUSAL, /* query i of q_len sits at position length - q_len + i and sees up to itself */
    ATTN_FULL,   /* every query sees the whole cache (cross attention) */
    ATTN_TREE,   /* causal to the prefix, a given bit matrix among the q_len newest tokens */
    ATTN_MASKS
};

struct attn_problem {
    size_t struct_size; /* sizeof(struct attn_problem) of the caller; the ABI's version field */
    enum attn_phase phase;
    enum attn_type k_type, v_type;
    uint32_t batch;    /* B, sequences */
    uint32_t heads;    /* H, query heads */
    uint32_t kv_heads; /* G, divides heads */
    uint32_t dim;      /* Dk */
    uint32_t dim_v;    /* Dv */
    uint32_t context;  /* S, tokens a sequence; the longest one when ragged */
    uint32_t q_len;    /* q <= S unless the mask is ATTN_FULL */
    enum attn_layout layout;
    uint32_t page;   /* tokens a page, for ATTN_PAGED */
    uint32_t window; /* a query sees itself and the window - 1 tokens before it; 0: all */
    uint32_t chunk;  /* a query sees its own chunk-aligned block only (Llama 4); 0: off */
    enum attn_mask mask;
    enum attn_head_map head_map;
    uint32_t ragged;    /* percent by which the shortest sequence is shorter than S; 0: all S */
    bool sinks;         /* one extra logit per query head joins the denominator (gpt-oss) */
    bool alibi;         /* per query head linear bias (MPT, BLOOM) */
    bool v_is_k_prefix; /* V is the first dim_v elements of K (absorbed MLA) */
    float softcap;      /* s = cap * tanh(s / cap) before the mask; 0: off */
    float scale;        /* of q.k; 0: 1/sqrt(dim) */
    uint32_t prefix;    /* tokens that all sequences begin with and keep once, in whole pages */
    bool rel_bias;      /* a learned bias a query head by distance (T5) */
};

/* Decode, f16, B 1, H 32, G 8, D 128, S 4096, q 1, contiguous, causal: the tool's defaults. */
struct attn_problem attn_problem_default(void);

/*
 * NULL if the problem is well formed, else a sentence that says which value is wrong and what
 * would be right. Every other function here takes only well-formed problems.
 */
const char *attn_problem_invalid(const struct attn_problem *p, char *buf, size_t size);

bool attn_problem_equal(const struct attn_problem *a, const struct attn_problem *b);

/*
 * Writes "kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096" and then only what differs
 * from the default: "/q_len:4", "/layout:paged16", "/window:4096"... Mixed widths are K+V:
 * "kv:f16+i8", "dim:192+128". The phase is not part of it (it opens the row name, see name.h).
 * Returns the length the text needs, as snprintf does.
 */
int attn_problem_name(const struct attn_problem *p, char *buf, size_t size);

/*
 * Reads one "key:value" (not NUL terminated) into p. 1 if it was a problem's key, 0 if the key is
 * somebody else's, -EINVAL if the key is ours and the value is not.
 */
int attn_problem_set(struct attn_problem *p, const char *part, size_t len);

/* Tokens of sequence `seq` (ragged batches fall linearly from S to S * (1 - ragged/100)). */
uint32_t attn_problem_length(const struct attn_problem *p, uint32_t seq);

/* Tokens of sequence `seq` that lie where an earlier sequence has them. */
static inline uint32_t attn_problem_shared(const struct attn_problem *p, uint32_t seq)
{
    return seq ? p->prefix : 0;
}

/* Query heads a KV head serves, H/G. */
static inline uint32_t attn_group(const struct attn_problem *p)
{
    return p->heads / p->kv_heads;
}

static inline uint32_t attn_kv_head_of(const struct attn_problem *p, uint32_t head)
{
    return p->head_map == ATTN_MAP_CYCLIC ? head % p->kv_heads : head / attn_group(p);
}

/* The i-th query head (0 <= i < group) that reads KV head g: the inverse of the line above. */
static inline uint32_t attn_query_head(const struct attn_problem *p, uint32_t g, uint32_t i)
{
    return p->head_map == ATTN_MAP_CYCLIC ? i * p->kv_heads + g : g * attn_group(p) + i;
}

/*
 * Positions [first, end) that query `i` of a sequence of `length` tokens sees. A tree mask may
 * hide some of the last q_len of them.
 */
struct attn_span {
    uint32_t first, end;
};

static inline struct attn_span attn_visible(const struct attn_problem *p, uint32_t length,
                                            uint32_t i)
{
    const uint32_t at = p->mask == ATTN_FULL ? length - 1 : length - p->q_len + i;
    struct attn_span s = {.first = 0, .end = at + 1};
    if (p->window && s.end > p->window)
        s.first = s.end - p->window;
    if (p->chunk && s.first < at - at % p->chunk)
        s.first = at - at % p->chunk;
    return s;
}

/* Slope of one query head: 2^(-8(h+1)/H) for a power of two H, else the slopes of the power of two
 * below H followed by every other slope of the one above (Press et al. 2021, arXiv 2108.12409). */
float attn_alibi_slope(uint32_t head, uint32_t heads);

/*
 * T5's bias by distance: query heads have one learned value for each bucket of distances, query pos
 * - key pos. Buckets 0 to 15 are one distance each, 16 to 31 go on evenly in the logarithm up to
 * 128, and the last is of all beyond: 16 + floor(16 log(d / 16) / log(128 / 16)), at most 31. Since
 * that is 31 from 113 on, a table of ATTN_BIAS_SPAN distances whose last entry is of all beyond
 * holds every value there is (Raffel et al. 2020, arXiv 1910.10683, section 2.1; there a decoder's,
 * bidirectional=False, num_buckets=32, max_distance=128).
 */
enum { ATTN_BIAS_BUCKETS = 32, ATTN_BIAS_SPAN = 128 };
uint32_t attn_relative_bucket(uint32_t distance);

/* The scale in force, never 0. */
static inline float attn_scale(const struct attn_problem *p)
{
    return p->scale != 0 ? p->scale : 1.0f / sqrtf((float)p->dim);
}

/* Bytes the cache of one layer holds: sum over sequences of length * G * (Dk*ek + Dv*ev) and the
 * scales of quantised types; a ring holds min(length, window) tokens, a shared prefix counts once.
 */
uint64_t attn_kv_bytes(const struct attn_problem *p);

/* The same of a design that keeps what K has beyond V once and not with every KV head, as GLA and
 * GTA do; here every head has a copy of it, since a row of K is read in one piece. */
uint64_t attn_kv_design_bytes(const struct attn_problem *p);

/* Compulsory bytes of one call: each K, V element that some query sees once, q and out once. */
uint64_t attn_bytes(const struct attn_problem *p);

/* 2 * H * (Dk + Dv) * visible positions summed over queries and sequences; neither masked
 * positions nor the softmax are counted. */
uint64_t attn_flops(const struct attn_problem *p);

/* Tokens through the layer in one call, B * q. */
uint64_t attn_items(const struct attn_problem *p);

const char *attn_phase_name(enum attn_phase phase);
int attn_phase_parse(const char *text, size_t len, enum attn_phase *phase);

#endif
