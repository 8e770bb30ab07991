/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases: every combination a sweep asks for, once. Cases of equal problems form a group, wherever
 * in the sweep they were asked for, so that data are filled, the oracle computed and the ceilings
 * read once a problem; groups stand in the order in which the sweep first names them.
 */
#ifndef ATTN_CASE_H
#define ATTN_CASE_H

#include "bench/cases/message.h"
#include "bench/cases/sweep.h"
#include "kernels/kernel.h"
#include "kernels/name.h"

struct attn_case {
    struct attn_name name;
    char *text;                       /* the name in full, the identity */
    const struct attn_kernel *kernel; /* NULL when `skip` says why there is none */
    char *skip;                       /* why it cannot run here, or NULL */
    size_t group;
};

struct attn_group {
    struct attn_problem problem;
    char *label;     /* "llama-3.1-8b, mistral-7b", or "" */
    size_t first, n; /* its cases */
};

struct attn_cases {
    struct attn_case *item;
    size_t n;
    struct attn_group *group;
    size_t groups;
    size_t repeated; /* asked for more than once, run once */
    size_t dropped;  /* combinations that are no problem, such as G not dividing H */
    size_t unfit;    /* kernels a glob selects that cannot run a problem */
    struct attn_message dropped_first, unfit_first; /* why the first of them was, could not */
};

/*
 * 0, or -EINVAL with a sentence, also when nothing is left. `threads` is what the sweep means
 * where it says nothing.
 */
int attn_cases_expand(const struct attn_sweep *sweep, uint32_t threads, struct attn_cases *cases,
                      struct attn_message *why);
void attn_cases_free(struct attn_cases *cases);

#endif
