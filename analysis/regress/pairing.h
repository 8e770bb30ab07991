/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One launch of an experiment: the processes of both builds and a second one of base, and in them
 * every item asked, side by side.
 */
#ifndef REG_PAIRING_H
#define REG_PAIRING_H

#include "analysis/regress/experiment.h"

/* What a launch asks: a case, or base against itself on that case. */
struct reg_item {
    size_t subject, index; /* index: as the log calls it */
    bool control;
};

/* Starts the processes, measures the items in a random order into the log, and ends them. 0 or
 * -ENOMEM; what goes wrong with a case is in its subject. */
int reg_pair_launch(struct reg_experiment *e, enum reg_stage stage, struct reg_item *items,
                    size_t n);

/* Has the case failed or been skipped, so that it is not asked any more? */
bool reg_broken(const struct reg_subject *subject);

/* The next random number. */
uint64_t reg_draw(uint64_t *state);

#endif
