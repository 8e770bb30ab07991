/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case from set-up to rows. Its repetitions are separate steps, because interleaving runs those
 * of other cases between them.
 */
#ifndef BENCHMARK_C_TRIAL_H
#define BENCHMARK_C_TRIAL_H

#include "bench/harness/rows.h"

struct trial {
    struct benchmark_runner *runner;
    const struct instance *instance;
    struct benchmark_thread control; /* the state of setup and teardown */
    struct outcome outcome;
    int repetitions; /* wanted, unless an accuracy is asked for */
    int done;
    double elapsed;               /* wall seconds of its repetitions */
    struct samples per_iteration; /* seconds, of each repetition that has times */
    int64_t iterations;           /* per thread; 0 until a repetition has found them */
    bool begun;
    struct samples samples;
    struct rows rows;
};

void bm_trial_init(struct trial *trial, struct benchmark_runner *runner,
                   const struct instance *instance);
void bm_trial_free(struct trial *trial);
/* Each 0 or -ENOMEM. begin runs setup; a repeat that is interrupted leaves no row. */
int bm_trial_begin(struct trial *trial);
int bm_trial_repeat(struct trial *trial);
bool bm_trial_complete(const struct trial *trial);
/* Repetitions known to be still due: at least 1 while the trial is not complete. */
int bm_trial_remaining(const struct trial *trial);
/* Runs teardown and puts the rows into their final form. */
int bm_trial_end(struct trial *trial);

#endif
