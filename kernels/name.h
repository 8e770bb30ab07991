/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name of a result row <-> what was run. The name is the identity of a case: two rows with equal
 * names are the same case, and nothing that changes a number is missing from it.
 *
 *   decode/split.avx2/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:8192
 *         [/problem extras][/layer and model][/splits:4][/tile:24][/prefetch:2][/pages:4k]
 *         [/placement:scatter][/cache:hot]/real_time/threads:2
 *
 * Rows of aggregates end in "_median" and the like; attn_name_parse() takes run_name, not name.
 */
#ifndef ATTN_NAME_H
#define ATTN_NAME_H

#include "kernels/layer/config.h"
#include "kernels/problem.h"

struct attn_name {
    char kernel[64]; /* "split.avx2", "ref", "peer_torch" */
    struct attn_problem problem;
    struct layer_config layer; /* of the phases layer, model and generate; else all zero */
    uint32_t splits;           /* 0: the kernel's policy */
    uint32_t tile;             /* tokens a tile; 0: the kernel's own */
    int32_t prefetch;          /* as attn_args has it: in tiles, 0: the kernel's own */
    uint32_t threads;
    bool hot;       /* cache:hot; cold is the default and not printed */
    bool scatter;   /* placement:scatter; compact is the default and not printed */
    char pages[16]; /* "" is the default page size */
};

enum { ATTN_NAME_MAX = 512 };

/* Is it a row of whole layers, with a config, rather than of attention alone? */
static inline bool attn_phase_has_layers(enum attn_phase phase)
{
    return phase == ATTN_LAYER || phase == ATTN_MODEL || phase == ATTN_GENERATE;
}

/* NULL if problem and config are well formed, else what is wrong. A mix is judged layer by layer:
 * what the problem lacks (a ring's window), its layers may have. */
const char *attn_name_invalid(const struct attn_name *name, char *buf, size_t size);

/* Length needed, as snprintf. With threads == 0 the "/real_time/threads:N" tail is left out. */
int attn_name_format(const struct attn_name *name, char *buf, size_t size);

/* 0, or -EINVAL if the text is not one of our names (a foreign benchmark's, say). */
int attn_name_parse(const char *text, struct attn_name *name);

#endif
