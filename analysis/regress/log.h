/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every round of a run as it was measured. Verdicts are made from this and nothing else, so a run
 * that was stored can be judged again, by other rules or with the sides exchanged.
 */
#ifndef REG_LOG_H
#define REG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/regress/disturbance.h"
#include "analysis/regress/judge.h"

enum reg_stage { REG_SCREEN, REG_CONFIRM, REG_STAGES };

struct reg_round {
    enum reg_stage stage;
    uint32_t launch, item, round; /* item: index of the case, or of the control */
    bool control;                 /* base against base */
    bool head_first;
    uint32_t turns;
    double base_ns, head_ns; /* a call, median of the turns */
    double ratio;            /* head to base, median of the turns */
    double switches;
    struct reg_disturbance disturbance;
    enum reg_drop drop; /* set by reg_log_close() */
};

struct reg_log {
    struct reg_round *rounds; /* those of one launch and item stand together */
    size_t count, capacity;
    size_t dropped[REG_DROPS]; /* by reason; [REG_KEPT] counts the others */
    bool keep_disturbed;       /* those of `dropped` are judged, too */
};

/* Only keep_disturbed stays as it is. */
void reg_log_free(struct reg_log *log);
int reg_log_add(struct reg_log *log, const struct reg_round *round);

/* Applies the drop rule to all rounds. 0 or -ENOMEM. */
int reg_log_close(struct reg_log *log);

/* Share of rounds that were disturbed. */
double reg_log_disturbed(const struct reg_log *log);

/*
 * The launches of every item, series[items]: median over the rounds of ln(ratio). Launches
 * whose rounds were all dropped are missing. `swaps`, if not NULL, has a bit per launch and stage,
 * in which head and base change places.
 */
void reg_log_series(const struct reg_log *log, bool control, const uint64_t swaps[REG_STAGES],
                    struct reg_series *series, size_t items);

/* Mean seconds of a round, both sides; 0 if there is none. */
double reg_log_round_seconds(const struct reg_log *log);

/* Median time of one side of an item in one stage; NAN if there is none. */
double reg_log_time(const struct reg_log *log, size_t item, enum reg_stage stage, bool head);

#endif
