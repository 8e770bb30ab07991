/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeps: what a suite file says, or the command line, as blocks. Each block is a product of its
 * own. A suite file is
 *
 *     about = one line for --list_suites
 *     benchmark_min_time = 0.1s      a default for a flag of the harness
 *     kv_type = f16                  before the first block: holds for all of them
 *     [mha to mqa]                   a block
 *     kv_heads = 32,8,1              any sweep key of --help, and its lists
 *
 * with # comments. What the user types wins: over the file's harness flags, and over the same key
 * of every block.
 */
#ifndef ATTN_SWEEP_H
#define ATTN_SWEEP_H

#include <stddef.h>

#include "bench/cases/message.h"
#include "bench/cases/options.h"

enum { ATTN_SWEEP_FLAGS = 16 };

struct attn_block {
    const char *name; /* "" is the command line */
    struct attn_settings settings;
};

struct attn_sweep {
    const char *name, *about;
    struct attn_block *block;
    size_t n;
    /* "--benchmark_min_time=0.1s", to be put before what the user typed. */
    char *flag[ATTN_SWEEP_FLAGS];
    size_t flags;
    char *text; /* the file; settings point into it */
};

/* A suite of this build, by name, or else a file. 0, or -errno with a sentence. */
int attn_sweep_open(const char *name_or_file, struct attn_sweep *sweep, struct attn_message *why);

/* `where` opens every message ("quick:12: ..."). Takes a copy of the text. */
int attn_sweep_parse(const char *where, const char *text, struct attn_sweep *sweep,
                     struct attn_message *why);

/* One block: the command line's. */
int attn_sweep_from_settings(const struct attn_settings *settings, struct attn_sweep *sweep,
                             struct attn_message *why);

/*
 * Puts what the command line says in place of the same keys of every block. A model given there
 * also takes the place of heads, kv_heads and dim, and kv_type that of k_type and v_type.
 */
void attn_sweep_override(struct attn_sweep *sweep, const struct attn_settings *settings);

void attn_sweep_free(struct attn_sweep *sweep);

/* The suites compiled into the program; the table is generated from bench/suites. */
struct attn_suite {
    const char *name, *text;
};
extern const struct attn_suite attn_suites[];
extern const size_t attn_suite_count;

#endif
