/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the flags and the environment ask for. One table (flags.c) holds name, grammar and help of
 * every flag and where its value goes; everything else reads this struct.
 */
#ifndef BENCHMARK_C_SETTINGS_H
#define BENCHMARK_C_SETTINGS_H

#include "bench/harness/benchmark.h"

enum format { FORMAT_CONSOLE, FORMAT_JSON, FORMAT_CSV };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* "0.5s", "0.5" or "100x"; iterations is 0 unless the last form. */
struct min_time {
    double seconds;
    int64_t iterations;
};

/* hot is what a loop over the same data is anyway. */
enum cache_mode { CACHE_HOT, CACHE_COLD };

struct numbers {
    double *items;
    size_t count;
};

struct key_value {
    char *key, *value;
};
struct key_values {
    struct key_value *items;
    size_t count;
};

struct settings {
    bool list_tests;
    bool worker;
    char *filter;
    struct min_time min_time;
    double min_warmup_time;
    int repetitions;
    bool dry_run;
    bool random_interleaving;
    bool report_aggregates_only;
    bool display_aggregates_only;
    int format;
    char *out;
    int out_format;
    int color;
    bool counters_tabular;
    struct key_values context;
    int time_unit;
    bool fail_on_error;
    int interleaving_seed; /* 0: one is drawn */
    double min_rel_accuracy;
    int min_repetitions, max_repetitions;
    double max_time;
    struct numbers percentiles;
    char *dump_samples;
    struct numbers cpu_affinity;
    double cooldown;
    int cache_mode;
    int short_names; /* enum color: auto, always, never */
    char *baseline;
    double baseline_fail_threshold; /* negative: not given */
    char *perf_counters;
    int verbosity;
    char **text; /* each flag's value as it was given, in the order of the table */
};

/* The defaults. -ENOMEM. */
int bm_settings_init(struct settings *settings);
void bm_settings_free(struct settings *settings);
/* Takes BENCHMARK_<NAME> for every flag. Returns how many were malformed (said on err). */
int bm_settings_from_environment(struct settings *settings, FILE *err);
/* Takes known flags out of argv; malformed ones stay after a line on err. *help is set by --help,
 * which ends the parsing. Returns how many were malformed. */
int bm_settings_from_arguments(struct settings *settings, int *argc, char **argv, bool *help,
                               FILE *err);

/* The value in force as text; NULL for a name that is no flag. */
const char *bm_settings_text(const struct settings *settings, const char *name);

/* Sets, or with replace false refuses with -EEXIST, a key. */
int bm_key_values_set(struct key_values *list, const char *key, const char *value, bool replace);
void bm_key_values_free(struct key_values *list);

/* The grammars, each 0, -EINVAL (no such value), -ERANGE (overflows), -EDOM (a value of the type
 * that this flag cannot have) or -ENOMEM; the target is left alone unless 0. */
int bm_parse_bool(const char *text, void *target);
int bm_parse_int(const char *text, void *target);
int bm_parse_count(const char *text, void *target);
int bm_parse_seconds(const char *text, void *target);
int bm_parse_min_time(const char *text, void *target);
int bm_parse_string(const char *text, void *target);
int bm_parse_context(const char *text, void *target);
int bm_parse_format(const char *text, void *target);
int bm_parse_color(const char *text, void *target);
int bm_parse_unit(const char *text, void *target);
int bm_parse_fraction(const char *text, void *target);
int bm_parse_percentiles(const char *text, void *target);
int bm_parse_cpus(const char *text, void *target);
int bm_parse_threshold(const char *text, void *target);
int bm_parse_cache_mode(const char *text, void *target);

#endif
