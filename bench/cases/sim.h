/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions and DRAM traffic of a case by simulation. Every case gets a process of its own, so
 * that its counts do not depend on which other cases were selected: the program starts itself
 * under callgrind with the case's name in the environment, makes one copy of the data, and runs
 * one call with the ranks of the team in a plain loop.
 */
#ifndef ATTN_SIM_H
#define ATTN_SIM_H

#include "bench/cases/case.h"
#include "bench/cases/message.h"
#include "bench/cases/options.h"
#include "bench/machine/callgrind.h"
#include "bench/machine/context.h"

#include <stdbool.h>
#include <stdint.h>

struct attn_sim {
    bool on;
    struct callgrind_caches caches;
    uint64_t seed;
    char version[64]; /* "valgrind-3.19.0" */
    char exe[2048];   /* this program */
    char folder[1024];
    bool keep; /* the folder is the user's, and callgrind's files stay in it */
};

/* Per call, all ranks together. 0 instructions: not simulated. */
struct attn_sim_counts {
    double instructions, dram_bytes;
};

/* Reads "32K+8M": the first and the last level. 0, or -EINVAL with a sentence; the second form is
 * for the table of options. */
int attn_sim_caches(const char *text, struct callgrind_caches *caches, struct attn_message *why);
int attn_check_sim_cache(const char *item, struct attn_message *why);

/* Takes away CPU features that valgrind lacks, here as in the simulated program. */
void attn_sim_mask_cpu(const struct attn_settings *settings);

/* 0, or -errno with a sentence; without --sim all stays off. Makes a folder for the counts. */
int attn_sim_open(struct attn_sim *sim, const struct attn_settings *settings,
                  struct attn_message *why);
void attn_sim_close(struct attn_sim *sim);

/* Adds sim.tool and sim.cache. */
void attn_sim_describe(const struct attn_sim *sim, struct machine_context *context);

/* 0, -EINTR if `stop` said so, or another -errno with a sentence. */
int attn_sim_case(const struct attn_sim *sim, const struct attn_case *c, bool (*stop)(void *user),
                  void *user, struct attn_sim_counts *counts, struct attn_message *why);

/* The name of the case this process is to simulate, or NULL: an ordinary run. */
const char *attn_sim_asked(void);

/* Runs it, inside. 0 or -errno with a sentence. */
int attn_sim_inside(const char *name, struct attn_message *why);

#endif
