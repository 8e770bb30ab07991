/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a kernel, and the ABI of a kernel from outside: this header, what it includes
 * and nothing else. A kernel is one const struct. It is a pure function on arrays: no malloc, no
 * threads, no clock, no streams. Work is cut among ranks by the kernel; who runs the ranks (a
 * pinned team, a plain loop in a test) is the caller's business:
 *
 *     for each phase f in order:
 *         every rank r of n calls f(args, r, n)     (rank 0 is the calling thread)
 *         barrier
 *
 * Structs that cross the ABI begin with struct_size, so a newer caller can serve an older kernel.
 */
#ifndef ATTN_KERNEL_H
#define ATTN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kv.h"
#include "kernels/problem.h"

enum { ATTN_ABI_VERSION = 1, ATTN_PHASES_MAX = 4, ATTN_RANKS_MAX = 1024 };

/* What the rungs of this project read: every layout whose tokens are rows, every type (V has no
 * scales a channel); and the types of which a row is all there is to read. */
#define ATTN_LAYOUTS_ANY ((1u << ATTN_LAYOUTS) - 1)
#define ATTN_LAYOUTS_ALL (ATTN_LAYOUTS_ANY & ~(1u << ATTN_TRANSPOSED))
#define ATTN_TYPES_K ((1u << ATTN_TYPES) - 1)
#define ATTN_TYPES_INTEGER                                                       \
    (ATTN_TYPE_BIT(ATTN_I8) | ATTN_TYPE_BIT(ATTN_I4) | ATTN_TYPE_BIT(ATTN_I8C) | \
     ATTN_TYPE_BIT(ATTN_I4C))
#define ATTN_TYPES_V (ATTN_TYPES_K & ~(ATTN_TYPE_BIT(ATTN_I8C) | ATTN_TYPE_BIT(ATTN_I4C)))
#define ATTN_TYPES_STORED \
    (ATTN_TYPE_BIT(ATTN_F32) | ATTN_TYPE_BIT(ATTN_F16) | ATTN_TYPE_BIT(ATTN_BF16))

/* Everything one call reads and writes. Arrays are 64-byte aligned. */
struct attn_args {
    size_t struct_size;
    const struct attn_problem *problem;
    const float *q;          /* [batch][q_len][heads][dim] */
    struct attn_kv kv;       /* K [..][dim], V [..][dim_v] through the layout */
    const uint32_t *lengths; /* [batch] tokens in the cache, q_len <= length <= context */
    const float *sinks;      /* [heads] logits, or NULL */
    const float *alibi;      /* [heads] slopes: logit -= slope * (query pos - key pos), or NULL */
    const uint64_t *tree;    /* [batch][q_len] bit j: query i sees new token j; ATTN_TREE only */
    float *out;              /* [batch][q_len][heads][dim_v] */
    float *lse;              /* [batch][q_len][heads] log-sum-exp of the scaled logits, or NULL */
    void *scratch;           /* scratch_bytes(problem, splits, ranks) bytes, or NULL if that is 0 */
    const void *prepared;    /* what prepare() left, or NULL */
    uint32_t splits;         /* chunks a KV head is cut into; 0: the kernel's own policy */
    uint32_t threads;        /* for a kernel that owns its threads: how many of them to use */
    uint32_t tile;           /* tokens to take at a time, a multiple of 8; 0: the kernel's own */
    int32_t prefetch;        /* tiles ahead of its use memory is asked for; 0: the kernel's own,
                              * ATTN_PREFETCH_NONE: it is not asked for */
    const float *bias;       /* [heads][ATTN_BIAS_SPAN] logit += its entry at query pos - key pos,
                              * the last one for all beyond, or NULL */
};

enum { ATTN_PREFETCH_NONE = -1 };
#define ATTN_SPLITS_ANY UINT32_MAX /* of splits_most */

typedef void attn_phase_fn(const struct attn_args *args, int rank, int ranks);

enum attn_kind {
    ATTN_ORACLE,  /* the reference; never timed against a ceiling */
    ATTN_RUNG,    /* computes attention */
    ATTN_CEILING, /* touches the same bytes or issues the same operations, computes nothing */
};

struct attn_kernel {
    size_t struct_size;
    const char *rung; /* "split" */
    const char *isa;  /* "avx2", "c", "auto"; "" if there is only one build */
    const char *summary;
    enum attn_kind kind;
    uint64_t cpu;              /* features needed, bits of kernels/cpu.h */
    uint32_t k_types, v_types; /* masks of ATTN_TYPE_BIT */
    uint32_t layouts;          /* mask of 1u << enum attn_layout */
    uint32_t phases;           /* mask of 1u << enum attn_phase for which `best` may choose it */
    bool owns_threads;   /* brings its own: called with ranks = 1, args->threads says how many */
    double error_factor; /* multiplies the error bound of check.h; 0 means 1, at most 2048 */
    /* Levels above 0 to which q (a block of ATTN_QUANT_BLOCK at a time) and weights (up to p_tokens
     * at a time) are rounded before they are multiplied; 0: they are not, else at least 7. See
     * check.h, also for what no excuse can loosen. */
    uint32_t q_levels, p_levels, p_tokens;

    /* NULL if it can do this (its types and layouts already agree), else why not, as a sentence. */
    const char *(*supports)(const struct attn_problem *p);
    /* The same answer to the same question: a case gets what the first one says. */
    size_t (*scratch_bytes)(const struct attn_problem *p, uint32_t splits, int ranks);
    /* Untimed repacking, upload or settings; either may be NULL. `prepared` has prepared_bytes(p)
     * bytes (NULL if that is 0 or absent). prepare is called once a problem; 0 or -errno. */
    size_t (*prepared_bytes)(const struct attn_problem *p);
    int (*prepare)(const struct attn_args *args, void *prepared);

    attn_phase_fn *phase[ATTN_PHASES_MAX]; /* NULL ends the list */
    const char *phase_name[ATTN_PHASES_MAX];
    /* Most that args->tile, args->prefetch and args->splits may ask of it; 0: it does as it likes,
     * and is never asked. A kernel compiled before a field was added is taken to hold 0 in it. */
    uint32_t tile_most, prefetch_most, splits_most;
    /* What it gives kernels/cut.h as the most rows of a segment; 0: it cuts its work itself, and
     * into how many chunks nobody knows. */
    uint32_t cut_rows;
};

/*
 * A shared object with kernels, for attn-bench --load. It exports one struct under the name
 * ATTN_PLUGIN_SYMBOL, which this at file scope writes:
 *
 *     ATTN_PLUGIN(&mine, &another);
 *
 * Sizes are those of the header it was compiled with: fields are only ever added at the end of a
 * struct, so a program serves what is older than itself, asks it nothing that its header had no
 * field for, and refuses what is newer. attn_kv lies inside attn_args and has to agree exactly;
 * when it changes, or a field its meaning, so does ATTN_ABI_VERSION.
 */
#define ATTN_PLUGIN_SYMBOL "attn_plugin"

struct attn_plugin {
    size_t struct_size;
    uint32_t abi; /* ATTN_ABI_VERSION */
    size_t problem_size, kv_size, args_size;
    const struct attn_kernel *const *kernels; /* ends with NULL */
};

#define ATTN_PLUGIN(...)                                                                \
    extern __attribute__((visibility("default"))) const struct attn_plugin attn_plugin; \
    const struct attn_plugin attn_plugin = {                                            \
        .struct_size = sizeof(struct attn_plugin),                                      \
        .abi = ATTN_ABI_VERSION,                                                        \
        .problem_size = sizeof(struct attn_problem),                                    \
        .kv_size = sizeof(struct attn_kv),                                              \
        .args_size = sizeof(struct attn_args),                                          \
        .kernels = (const struct attn_kernel *const[]){__VA_ARGS__, NULL},              \
    }

/* Ranks a team of `threads` calls a kernel with. */
static inline int attn_kernel_ranks(const struct attn_kernel *kernel, uint32_t threads)
{
    return kernel->owns_threads ? 1 : (int)threads;
}

/* Row `t` of the query array and of the outputs: one (sequence, query token, head). */
static inline size_t attn_row_index(const struct attn_problem *p, uint32_t batch, uint32_t i,
                                    uint32_t head)
{
    return ((size_t)batch * p->q_len + i) * p->heads + head;
}

/* Is anything done to logits between q.k and the softmax, but to hide them? */
static inline bool attn_adjusts(const struct attn_args *args)
{
    return args->problem->softcap > 0 || args->alibi || args->bias;
}

/* Biases of a query head by distance, or NULL; and the one of a key at `pos` for a query at `at`.
 * Keys behind the query, which it does not see, have the one of all beyond. */
static inline const float *attn_bias_of(const struct attn_args *args, uint32_t head)
{
    return args->bias ? args->bias + (size_t)head * ATTN_BIAS_SPAN : NULL;
}

static inline float attn_bias_at(const float *bias, uint32_t at, uint32_t pos)
{
    const uint32_t distance = at - pos;
    return bias[distance < ATTN_BIAS_SPAN ? distance : ATTN_BIAS_SPAN - 1];
}

#endif
