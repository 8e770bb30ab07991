/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceilings of the machine itself, apart from any case: how fast each level of cache and memory
 * is read by one thread and by more, how long a load from each takes, how much arithmetic there
 * is, and what it costs to start all threads and meet again. Each reading is a benchmark of the
 * harness, so filters, repetitions and forms of output are those of any other run.
 *
 * A repetition's value is that of its fastest iteration; a ceiling is the best of the repetitions,
 * and stable if half of them come within ATTN_SURVEY_STABLE of it and no level further from the
 * core did better: a machine that is busy throughout repeats its bad readings.
 */
#ifndef ATTN_SURVEY_H
#define ATTN_SURVEY_H

#include "bench/cases/host.h"
#include "bench/cases/message.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/context.h"
#include "bench/machine/levels.h"
#include "kernels/kernel.h"

#include <stdbool.h>
#include <stdint.h>

static const double ATTN_SURVEY_STABLE = 0.05;

enum { ATTN_SURVEY_TEAMS = 12, ATTN_SURVEY_REPETITIONS = 64 };

enum attn_survey_kind {
    ATTN_SURVEY_READ,       /* bytes a second */
    ATTN_SURVEY_ARITHMETIC, /* flops a second, f32 multiply-adds */
    ATTN_SURVEY_INTEGER,    /* the same of bytes added up in 32 bits */
    ATTN_SURVEY_LATENCY,    /* ns a dependent load */
    ATTN_SURVEY_BARRIER,    /* ns to start all threads on nothing and meet */
    ATTN_SURVEY_KINDS
};

struct attn_survey;

struct attn_reading {
    struct attn_survey *survey;
    enum attn_survey_kind kind;
    char what[16]; /* "L1" or "avx2"; "" for a barrier */
    char name[64]; /* of the benchmark */
    uint32_t threads;
    uint64_t bytes; /* of one thread */
    const struct attn_kernel *kernel;
    char why_not[160]; /* "" or why there is nothing to measure */

    double value[ATTN_SURVEY_REPETITIONS]; /* per second, or ns */
    int values;
    void *work; /* while it runs */
};

struct attn_survey {
    struct attn_host *host;
    struct benchmark_runner *runner;
    uint32_t team[ATTN_SURVEY_TEAMS]; /* numbers of threads, ascending */
    int teams;
    struct attn_reading *reading;
    size_t readings;
    double clock_cost_ns, jitter_ns; /* after the run */
};

/* Registers all readings. 0 or -errno with a sentence. The survey outlives the runner's run. */
int attn_survey_open(struct attn_survey *survey, struct attn_host *host,
                     struct benchmark_runner *runner, struct attn_message *why);
void attn_survey_close(struct attn_survey *survey);

/* The best value of a reading, 0 if it was not measured, and how far half of its repetitions stay
 * behind it at most. */
double attn_reading_best(const struct attn_reading *reading, double *spread);

/* Is the best no ceiling to rely on? Then why, as "7 % apart" or "memory was better". */
bool attn_reading_is_unstable(const struct attn_reading *reading, char *why, size_t size);

/* Is it a ceiling kernel that computes? */
bool attn_reading_is_arithmetic(const struct attn_reading *reading);

/* Larger is better, or smaller is. */
bool attn_reading_is_rate(const struct attn_reading *reading);

/* "ceiling.read_l2_bytes_per_second.threads_1" */
void attn_reading_key(const struct attn_reading *reading, char *buf, size_t size);

/* "L2 read by 1 thread" */
void attn_reading_words(const struct attn_reading *reading, char *buf, size_t size);

/* Every reading that can be measured was. */
bool attn_survey_complete(const struct attn_survey *survey);

/* Adds the ceilings as ceiling.* keys, and ceiling.unstable. */
void attn_survey_describe(const struct attn_survey *survey, struct machine_context *context);

#endif
