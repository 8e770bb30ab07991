/* SPDX-License-Identifier: Apache-2.0 */
/* What `attn-stat regress history` can be asked, and the options its words share. */
#ifndef REG_HISTORY_WORDS_H
#define REG_HISTORY_WORDS_H

#include "analysis/option.h"
#include "analysis/regress/history/finding.h"

extern const struct ana_command reg_cmd_history_import;
extern const struct ana_command reg_cmd_history_check;
extern const struct ana_command reg_cmd_history_trend;
extern const struct ana_command reg_cmd_history_accept;
extern const struct ana_command reg_cmd_history_bisect;

/* Which series, and what counts as a change in them. */
struct reg_history_options {
    const char *name, *metric; /* patterns with * and ?, or NULL */
    const char *effect, *exact_effect, *creep, *q, *p;
    uint64_t lasting;
};

#define REG_HISTORY_DEFAULTS                                                            \
    {                                                                                   \
        .effect = "2%", .exact_effect = "0.1%", .creep = "3%", .q = "5%", .p = "0.001", \
        .lasting = 5                                                                    \
    }

#define REG_HISTORY_CHOICE(o)                                                                \
    {"case", ANA_TEXT, &(o).name, "cases of this name; * and ? stand for others"},           \
    {                                                                                        \
        "metric", ANA_TEXT, &(o).metric, "real_ns, sim_instructions or sim_dram_bytes (all)" \
    }

#define REG_HISTORY_RULE(o)                                                              \
    {"effect", ANA_TEXT, &(o).effect, "times: smallest change worth a word (2%)"},       \
        {"exact_effect", ANA_TEXT, &(o).exact_effect, "counts: the same (0.1%)"},        \
        {"creep", ANA_TEXT, &(o).creep, "smallest slow change over 30 days (3%)"},       \
        {"p", ANA_TEXT, &(o).p, "largest p of a change (0.001)"},                        \
        {"q", ANA_TEXT, &(o).q, "accepted share of false alarms among all alarms (5%)"}, \
    {                                                                                    \
        "lasting", ANA_ABOVE, &(o).lasting, "points a level has at least (5)"            \
    }

/* What a word works on. */
struct reg_look {
    struct reg_history *history;
    struct ana_arena *arena;
    struct reg_series *series; /* those that were chosen */
    size_t count;
    size_t points, all; /* points of them; series of the file */
    struct reg_finding_rule rule;
    struct reg_findings found;
};

/* Opens the file, reads the chosen series and finds their changes. ANA_EXIT_OK (then
 * reg_look_close() it), or an exit status after complaining. */
int reg_look_open(const struct ana_command *self, const char *path, enum reg_history_use use,
                  const struct reg_history_options *options, struct reg_look *look);
void reg_look_close(struct reg_look *look);

/* Nanoseconds, counts and bytes as people read them. */
void reg_put_value(const char *metric, double value, char *text, size_t size);

/* "2026-11-22 07:49". */
void reg_put_moment(int64_t seconds, char text[24]);

#endif
