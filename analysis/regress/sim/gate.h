/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of two builds, case by case. They have no noise, so a threshold is a matter of taste and
 * not of statistics; what they cannot see (latency, frequency, threads) a gate on them cannot
 * either.
 */
#ifndef REG_SIM_GATE_H
#define REG_SIM_GATE_H

#include "analysis/regress/sim/counts.h"
#include "analysis/regress/verdict.h"

struct reg_gate_rule {
    double instructions; /* largest growth that passes, 0.03 */
    double dram;         /* the same of simulated DRAM bytes */
    double dram_bytes;   /* below so many more bytes DRAM is not looked at */
};

struct reg_gated {
    const char *name;
    enum reg_verdict verdict;
    double base, head;           /* instructions; NAN if there are none */
    double base_dram, head_dram; /* bytes */
    const char *note;            /* a sentence or "" */
};

struct ana_arena;

/* A line a case of either, base's order first, in `arena`. 0 or -ENOMEM. */
int reg_gate(const struct reg_counts *base, const struct reg_counts *head,
             const struct reg_gate_rule *rule, struct ana_arena *arena, struct reg_gated **gated,
             size_t *count);

#endif
