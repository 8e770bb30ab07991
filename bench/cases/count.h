/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware counters beside the times: what is counted in this run, who is believed about bytes, and
 * what each row gets of it. Passes that count are the harness's and never those that are timed.
 */
#ifndef ATTN_COUNT_H
#define ATTN_COUNT_H

#include "analysis/column.h"
#include "bench/cases/host.h"
#include "bench/cases/options.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/context.h"
#include "bench/machine/counters/roles.h"
#include "bench/machine/counters/traffic.h"

struct attn_counting {
    struct counters *counters; /* NULL: nothing is counted */
    struct bytes bytes;
    struct traffic traffic;
    byte_open_fn *const *sources; /* a test's own; NULL: the machine's */
    struct team *team;            /* that calibrates */
    uint64_t llc_bytes;
    int asked[COUNTERS_MOST], asks; /* events of --benchmark_perf_counters */
    struct counter_sum role[COUNTER_ROLES];
    bool running; /* between start and stop */
    struct counter_reading reading;
    unsigned taken, rejected;  /* readings beside cases, of events and of bytes */
    char last[COUNTER_REASON]; /* why the last that was thrown away was */
};

/* What was counted of one case, by repetition. */
struct attn_counted {
    struct attn_counted_bytes {
        struct byte_count sum; /* of the passes so far, over all calls */
        int64_t iterations;    /* 0: no reading, or one that was thrown away */
        int passes;
    } * repetition;
    size_t n;
};

/*
 * Reads --counters and --benchmark_perf_counters, proves events and calibrates sources of bytes
 * with a team of `threads`. 0, or -errno with a sentence: an event nobody knows, and under
 * --counters=require whatever cannot be counted.
 */
int attn_counting_open(struct attn_counting *counting, const struct attn_settings *settings,
                       const struct benchmark_runner *runner, struct attn_host *host,
                       uint32_t threads, struct attn_message *why);
void attn_counting_close(struct attn_counting *counting);

/* The column of a row a role's value goes to, and what one count of it is worth there. */
struct attn_role_column {
    enum ana_column_id id;
    double factor;
};
extern const struct attn_role_column attn_role_column[COUNTER_ROLES];

/* Context keys counters, counters_overhead_ns and byte_sources, and what is missing as one warning.
 */
void attn_counting_describe(const struct attn_counting *counting, struct machine_context *context);

/* For the harness's hooks. */
int attn_counting_passes(const struct attn_counting *counting);
void attn_counting_start(struct attn_counting *counting, int pass, struct team *team);
void attn_counting_stop(struct attn_counting *counting, int pass, int64_t iterations,
                        struct benchmark_row *row, struct attn_counted *counted);

/* After the last repetition: is the source still what it was? If not, the reason is a warning, and
 * bytes that were counted are dropped: true when this case had any. */
bool attn_counting_check(struct attn_counting *counting, const struct attn_counted *counted,
                         struct benchmark_runner *runner);

/* When a row is complete: bytes, who counted them, and how often that is what has to move in a call
 * (0: nobody knows what has to). */
void attn_counting_row(const struct attn_counting *counting, const struct attn_counted *counted,
                       double compulsory_bytes, struct benchmark_row *row);
void attn_counted_free(struct attn_counted *counted);

/* Context keys of the end: how many readings were thrown away and why, which source was lost. */
void attn_counting_end(const struct attn_counting *counting, struct benchmark_runner *runner);

#endif
