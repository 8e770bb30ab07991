/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One comparison of two builds: which cases they have, what was measured, and the report made of
 * it. What is in here is what a stored run holds, so the same report can be made of that.
 */
#ifndef REG_RUN_H
#define REG_RUN_H

#include "analysis/regress/experiment.h"
#include "analysis/regress/report.h"

enum reg_presence { REG_IN_BOTH, REG_IN_BASE, REG_IN_HEAD, REG_SAME_CODE, REG_PRESENCES };
extern const char *const reg_presence_name[REG_PRESENCES];

struct reg_entry {
    const char *name;
    enum reg_presence presence;
    size_t subject; /* of those in both */
};

struct reg_run {
    const char *base, *head; /* as the user called them */
    const char *arguments;   /* of both, joined by blanks */
    struct reg_entry *entries;
    size_t count;
    struct reg_experiment experiment;
    struct reg_profile profile;
    bool serves;      /* both programs keep their data between samples */
    unsigned attempt; /* 1, or 2 after a run that was too noisy */
    bool same_files;  /* the executables themselves are equal in all they load */
    bool head_broken; /* it crashed or hung before it told its cases */
};

struct reg_run_options {
    struct reg_profile profile;
    struct reg_plan plan;
    bool fingerprint;    /* cases of equal code are not timed */
    bool keep_disturbed; /* rounds that the machine disturbed are judged, too */
    double patience;     /* seconds until a request counts as hung */
    bool progress;       /* on stderr */
};

/* Finds the cases of both programs. `base` and `head` live as long as the run. 0 or -errno with a
 * sentence; whose fault it is stands in run->head_broken. */
int reg_run_open(struct reg_run *run, struct reg_program *base, struct reg_program *head,
                 const struct reg_run_options *options, struct ana_arena *arena, char *message,
                 size_t size);

/* Measures; may be called once more after reg_run_again(). 0 or -ENOMEM. */
int reg_run_measure(struct reg_run *run);

/* Forgets what was measured, for a second attempt with other seeds. */
void reg_run_again(struct reg_run *run);

void reg_run_close(struct reg_run *run);

/* Judges; `swaps` as in reg_log_series(). 0 or -ENOMEM. */
int reg_run_report(const struct reg_run *run, const uint64_t swaps[REG_STAGES], bool strict,
                   struct ana_arena *arena, struct reg_report *report);

#endif
