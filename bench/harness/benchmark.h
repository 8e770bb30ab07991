/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A benchmark runner in C11 whose command line, names, and console, JSON and CSV output are those
 * of Google Benchmark, so that every tool reading that format reads this one. Two kinds of client:
 *
 *  - a file of benchmarks: BENCHMARK(fn, ...options) at file scope, BENCHMARK_MAIN() once;
 *  - a program that finds out at run time what to measure: a runner object, benchmark_register()
 *    once a case, benchmark_run(). From C++ it is this one: BENCHMARK() and its lists are C.
 *
 * Nothing here aborts or exits. What a case does wrong becomes an error row; what the command line
 * says wrong becomes one line on stderr and an exit status. Functions returning int give 0 or
 * -errno unless they say otherwise. Strings handed in are copied; function and user pointers have
 * to stay valid until the runner is freed. Times are seconds wherever a name says no unit.
 */
#ifndef BENCHMARK_C_H
#define BENCHMARK_C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCHMARK_MAX_ARGS = 8, BENCHMARK_MAX_STATISTICS = 8 };

struct benchmark_runner;
struct benchmark_thread;

/* ---------------------------------------------------------------- inside a benchmark function */

/* Handed to the function; both members are the library's. They stand here so that one step of the
 * loop is a decrement and a branch in the caller. */
struct benchmark_state {
    int64_t left;
    struct benchmark_thread *self;
};

bool benchmark_keep_running_slow(struct benchmark_state *state);
bool benchmark_keep_running_batch(struct benchmark_state *state, int64_t batch);

/* The timed loop: while (benchmark_keep_running(state)) work(); Time is taken from its first call
 * to the call that returns false. A function leaves it early only after skipping. */
static inline bool benchmark_keep_running(struct benchmark_state *state)
{
    if (__builtin_expect(state->left > 0, 1)) {
        state->left--;
        return true;
    }
    return benchmark_keep_running_slow(state);
}

/* The same loop with its counter where the compiler wants it, for bodies of a few instructions that
 * would notice a counter in memory: BENCHMARK_LOOP(state) work(); Inside it benchmark_iterations()
 * tells all iterations of the pass, and after skipping it has to be left with break or return. */
#define BENCHMARK_LOOP(state)                                                 \
    for (int64_t benchmark_left = 0;                                          \
         (benchmark_left = benchmark_loop_batch(state, benchmark_left)) > 0;) \
        for (; benchmark_left != 0; benchmark_left--)
/* How many iterations to do before asking again, told how many of the last ones were not done; 0
 * ends the loop. */
int64_t benchmark_loop_batch(struct benchmark_state *state, int64_t undone);

/* The index-th argument of this case; asking for one it does not have makes an error row. */
int64_t benchmark_arg(struct benchmark_state *state, int index);
void *benchmark_user(const struct benchmark_state *state);
const char *benchmark_name(const struct benchmark_state *state);
int benchmark_thread_index(const struct benchmark_state *state);
int benchmark_threads(const struct benchmark_state *state);
/* Iterations this thread is asked for in this pass, and those it has done. */
int64_t benchmark_max_iterations(const struct benchmark_state *state);
int64_t benchmark_iterations(const struct benchmark_state *state);

/* Leave time out. Only inside the loop; each pair costs two clock readings that do leak in. */
void benchmark_pause_timing(struct benchmark_state *state);
void benchmark_resume_timing(struct benchmark_state *state);
/* Under manual time: what this iteration took. Adds up. */
void benchmark_set_iteration_time(struct benchmark_state *state, double seconds);

/* End the case with a row that says why instead of times. The first message counts. May be called
 * from run, setup and teardown; from teardown it discards the times already taken. */
void benchmark_skip_with_error(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void benchmark_skip_with_message(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool benchmark_skipped(const struct benchmark_state *state);
/* True once the user has asked the run to end (Ctrl-C): long set-ups may look and return early. */
bool benchmark_stop_requested(const struct benchmark_state *state);

/* What a counter's value means; applied after the threads' values have been added up. */
enum benchmark_counter_flags {
    BENCHMARK_COUNTER_PLAIN = 0,
    BENCHMARK_COUNTER_RATE = 1,                /* divided by the measured seconds */
    BENCHMARK_COUNTER_AVG_THREADS = 2,         /* divided by the number of threads */
    BENCHMARK_COUNTER_ITERATION_INVARIANT = 4, /* multiplied by the iterations */
    BENCHMARK_COUNTER_AVG_ITERATIONS = 8,      /* divided by the iterations */
    BENCHMARK_COUNTER_INVERT = 16,             /* 1/value, applied last */
    BENCHMARK_COUNTER_BASE_1024 = 32,          /* the console prints Ki, Mi, ... */
};

/* Sets (replaces) a counter. In setup and teardown it goes to every row of the case. Names that
 * are keys of the row format are refused with a warning; NaN and infinities are left out. */
void benchmark_set_counter(struct benchmark_state *state, const char *name, double value,
                           unsigned flags);
/* Totals over all iterations of this thread; become bytes_per_second and items_per_second. */
void benchmark_set_bytes_processed(struct benchmark_state *state, int64_t bytes);
void benchmark_set_items_processed(struct benchmark_state *state, int64_t items);
void benchmark_set_complexity_n(struct benchmark_state *state, int64_t n);
void benchmark_set_label(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Per-call wall times in seconds of the repetitions so far (thread 0), when the case asked for
 * samples or a flag did; meant for teardown. NULL and *count 0 when none were taken. */
const double *benchmark_samples(const struct benchmark_state *state, size_t *count);

/* Keep the compiler from dropping the value, or from keeping memory in registers across it. */
#define benchmark_do_not_optimize(value) __asm__ volatile("" : : "r,m"(value) : "memory")
static inline void benchmark_clobber_memory(void)
{
    __asm__ volatile("" : : : "memory");
}

/* What one reading of the wall clock costs, and how far readings stray from that when nothing is
 * measured (99.9th percentile over the median): the floor under every time of a call. In seconds;
 * taken when first asked for. */
void benchmark_clock_quality(struct benchmark_runner *runner, double *cost, double *jitter);

/* -------------------------------------------------------------------------------------- rows */

enum benchmark_unit {
    BENCHMARK_UNIT_DEFAULT, /* --benchmark_time_unit, else ns */
    BENCHMARK_NANOSECOND,
    BENCHMARK_MICROSECOND,
    BENCHMARK_MILLISECOND,
    BENCHMARK_SECOND,
};

enum benchmark_row_kind {
    BENCHMARK_ROW_ITERATION,
    BENCHMARK_ROW_AGGREGATE,
    BENCHMARK_ROW_BIG_O,
    BENCHMARK_ROW_RMS,
};

enum benchmark_row_status { BENCHMARK_ROW_OK, BENCHMARK_ROW_ERROR, BENCHMARK_ROW_SKIPPED };

struct benchmark_counter {
    char *name;
    double value;
    unsigned flags;
};

/* What the client counted in a pass, see the hooks. What it does not know stays as it was. */
struct benchmark_memory {
    int64_t allocations, max_bytes_used;
    int64_t total_allocated_bytes, net_heap_growth; /* BENCHMARK_MEMORY_UNKNOWN to begin with */
};
#define BENCHMARK_MEMORY_UNKNOWN INT64_MAX

/* One line of the result, complete. Read only outside the library. */
struct benchmark_row {
    enum benchmark_row_kind kind;
    enum benchmark_row_status status;
    char *name; /* run_name, or run_name_aggregate */
    char *run_name;
    char *aggregate_name; /* NULL unless an aggregate: "mean", "median", "stddev", "cv", ... */
    char *message;        /* of an error or skip */
    char *label;
    int64_t family_index, instance_index;
    int64_t repetitions, repetition_index;
    int threads;
    bool percentage;    /* an aggregate that is a fraction (cv): the times below are fractions */
    int64_t iterations; /* of an aggregate: the repetitions it stands on */
    double real_time;   /* seconds per iteration, whatever the unit it is printed in */
    double cpu_time;
    enum benchmark_unit unit;
    struct benchmark_counter *counters; /* in byte order of their names */
    size_t counter_count;
    double complexity_n;
    const char *big_o; /* of a BigO row: "N", "NlgN", ... */
    bool has_memory;   /* of a repetition, when the client counts allocations */
    double allocs_per_iter;
    struct benchmark_memory memory;
};

/* For a finish callback: set (replace) a counter of this row, value as it shall be printed. */
void benchmark_row_set_counter(struct benchmark_row *row, const char *name, double value,
                               unsigned flags);
/* NULL when the row has no such counter. */
const struct benchmark_counter *benchmark_row_counter(const struct benchmark_row *row,
                                                      const char *name);

/* ------------------------------------------------------------------------------ registration */

/* Values one argument takes. */
enum benchmark_values_kind {
    BENCHMARK_VALUES_LIST,
    BENCHMARK_VALUES_RANGE,
    BENCHMARK_VALUES_DENSE
};
struct benchmark_values {
    enum benchmark_values_kind kind;
    const int64_t *list;
    size_t count;
    int64_t low, high, step;
};

/* A list as written; low, the powers of 8 strictly between (of 2 for threads), high; low to high in
 * steps. BENCHMARK_GEOMETRIC is BENCHMARK_RANGE with a multiplier of one's own. */
#define BENCHMARK_LIST(...)                                               \
    {                                                                     \
        .list = (const int64_t[]){__VA_ARGS__},                           \
        .count = sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t) \
    }
#define BENCHMARK_RANGE(low_, high_)                                   \
    {                                                                  \
        .kind = BENCHMARK_VALUES_RANGE, .low = (low_), .high = (high_) \
    }
#define BENCHMARK_GEOMETRIC(low_, high_, multiplier_)                                         \
    {                                                                                         \
        .kind = BENCHMARK_VALUES_RANGE, .low = (low_), .high = (high_), .step = (multiplier_) \
    }
#define BENCHMARK_DENSE(low_, high_, step_)                                             \
    {                                                                                   \
        .kind = BENCHMARK_VALUES_DENSE, .low = (low_), .high = (high_), .step = (step_) \
    }

/* Asymptotic curves; only on request, because many readers of the format fail on such rows. */
enum benchmark_complexity {
    BENCHMARK_O_NONE,
    BENCHMARK_O_1,
    BENCHMARK_O_N,
    BENCHMARK_O_N_SQUARED,
    BENCHMARK_O_N_CUBED,
    BENCHMARK_O_LOG_N,
    BENCHMARK_O_N_LOG_N,
    BENCHMARK_O_AUTO,
    BENCHMARK_O_FUNCTION, /* complexity_function */
};

/* A statistic of one's own, over the repetitions' values. The name must hold no '_'. */
struct benchmark_statistic {
    const char *name;
    double (*compute)(const double *values, size_t count);
    bool percentage;
};

/* One benchmark function with everything it is run with: every combination of its arguments and
 * thread counts is a case. All members but name and run may stay zero. */
struct benchmark_family {
    size_t struct_size; /* sizeof(struct benchmark_family) */
    const char *name;
    void (*run)(struct benchmark_state *state);
    void *user;

    /* Name. A verbatim name is the complete one, "decode/kv:f16/real_time/threads:2": nothing is
     * appended to it. Families of equal family number (> 0) share a family_index. */
    bool verbatim_name;
    int64_t family;

    /* Cases: the product of the argument lists, the first varying fastest; or explicit tuples, that
     * many arguments each, laid one after another. */
    struct benchmark_values product[BENCHMARK_MAX_ARGS];
    struct benchmark_values tuples;
    int tuple_width;
    const char *arg_names[BENCHMARK_MAX_ARGS];
    struct benchmark_values threads;
    /* The case runs a team of its own: the harness calls it on one thread, iterations are calls,
     * rates are global, and the row's threads key says this number. */
    int team_threads;

    enum benchmark_unit unit;
    int64_t iterations;     /* exactly so many; 0: search */
    double min_time;        /* 0: --benchmark_min_time */
    double min_warmup_time; /* 0: --benchmark_min_warmup_time */
    int repetitions;        /* 0: --benchmark_repetitions */
    bool use_real_time;     /* search, rates and name by wall time */
    bool use_manual_time;
    bool process_cpu_time; /* CPU time of all threads of the process */
    bool report_aggregates_only, display_aggregates_only;
    bool samples; /* record the wall time of every call, see benchmark_samples() */
    const char *label;
    /* A word for the code this case runs, equal in two builds that run the same; NULL: not known.
     * It is told by --benchmark_worker, and saves the comparison of what cannot have changed. */
    const char *code;

    /* Once a case, untimed: before its first pass (warm-up and search included), and after its last
     * repetition but before its rows are reported. teardown is called whenever setup was, also when
     * setup skipped. With interleaving several cases are set up at the same time. */
    void (*setup)(void *user, struct benchmark_state *state);
    void (*teardown)(void *user, struct benchmark_state *state);
    /* Around every pass, on the first thread, untimed. */
    void (*pass_setup)(struct benchmark_state *state);
    void (*pass_teardown)(struct benchmark_state *state);
    /* For every row that carries times, repetitions first, then aggregates (whose counters have
     * been aggregated already): may set counters from the row's own times. */
    void (*finish)(void *user, struct benchmark_row *row);

    struct benchmark_statistic statistics[BENCHMARK_MAX_STATISTICS];
    enum benchmark_complexity complexity;
    double (*complexity_function)(int64_t n);
};

/* Adds a family after those already there. -EINVAL with a line on stderr when it makes no sense. */
int benchmark_register(struct benchmark_runner *runner, const struct benchmark_family *family);

/* Adds the families BENCHMARK() has put into the program, in their order. */
int benchmark_register_static(struct benchmark_runner *runner);

struct benchmark_static_family {
    const struct benchmark_family *family;
    struct benchmark_static_family *next;
};
void benchmark_link_static(struct benchmark_static_family *node);

#define BENCHMARK_JOIN_2(a, b) a##b
#define BENCHMARK_JOIN(a, b) BENCHMARK_JOIN_2(a, b)
#define BENCHMARK_DEFINE(id, label_, fn, ...)                                \
    static const struct benchmark_family id;                                 \
    __attribute__((constructor)) static void BENCHMARK_JOIN(id, _link)(void) \
    {                                                                        \
        static struct benchmark_static_family node = {.family = &id};        \
        benchmark_link_static(&node);                                        \
    }                                                                        \
    static const struct benchmark_family id = {.name = (label_), .run = (fn), __VA_ARGS__}
#define BENCHMARK_FIRST(fn, ...) \
    BENCHMARK_DEFINE(BENCHMARK_JOIN(benchmark_family_at_line_, __LINE__), #fn, fn, __VA_ARGS__)
#define BENCHMARK_SECOND(label_, fn, ...) \
    BENCHMARK_DEFINE(BENCHMARK_JOIN(benchmark_family_at_line_, __LINE__), label_, fn, __VA_ARGS__)

/* BENCHMARK(fn) or BENCHMARK(fn, .product = {BENCHMARK_RANGE(8, 4096)}, .use_real_time = true);
 * BENCHMARK_NAMED("fn/case", fn, .user = ...) with a name of one's own. */
#define BENCHMARK(...) BENCHMARK_FIRST(__VA_ARGS__, .struct_size = sizeof(struct benchmark_family))
#define BENCHMARK_NAMED(...) \
    BENCHMARK_SECOND(__VA_ARGS__, .struct_size = sizeof(struct benchmark_family))

/* ------------------------------------------------------------------------------------ running */

/* What the machine, or a test, may put in place of the library's own. NULL members keep it. */
struct benchmark_hooks {
    size_t struct_size; /* sizeof(struct benchmark_hooks) */
    void *user;
    double (*wall_clock)(void *user);                   /* monotonic seconds */
    double (*cpu_clock)(void *user, bool process_wide); /* of the calling thread, or all */
    int (*bind_thread)(void *user, int cpu);            /* bind the calling thread; 0 or -errno */
    void (*evict_caches)(void *user);                   /* for --benchmark_cache_mode=cold */
    void (*sleep)(void *user, double seconds);          /* for --benchmark_cooldown */
    FILE *out, *err;                                    /* in place of stdout and stderr */
    /* Both or neither: around an untimed pass of a few iterations behind each repetition. JSON rows
     * then hold allocs_per_iter, max_bytes_used and what else is known. */
    void (*memory_start)(void *user);
    void (*memory_stop)(void *user, struct benchmark_memory *memory);
    /* All or none: what the client counts with hardware counters, --benchmark_perf_counters among
     * it. Behind each repetition come as many untimed passes of its length as counter_passes()
     * says, each between start and stop on the first thread, since few events can be counted at a
     * time and counting costs time. stop() puts what it counted into the row, or nothing. `of_case`
     * is the user pointer of the case's family; iterations are those of all threads, 0 when the
     * pass failed and there is nothing to add. */
    int (*counter_passes)(void *user, void *of_case);
    void (*counter_start)(void *user, void *of_case, int pass);
    void (*counter_stop)(void *user, void *of_case, int pass, int64_t iterations,
                         struct benchmark_row *row);
};

struct benchmark_runner *benchmark_runner_new(const struct benchmark_hooks *hooks);
void benchmark_runner_free(struct benchmark_runner *runner);

/* Reads BENCHMARK_* of the environment, then takes the flags it knows out of argv; the rest, and
 * flags with a malformed value (already complained about), stay for the client. Returns 0 to go
 * on, 1 when the program is to end with benchmark_exit_status() (--help, a malformed setting), or
 * -errno. */
int benchmark_initialize(struct benchmark_runner *runner, int *argc, char **argv);
/* Complains about everything left in argv; true if there was anything. */
bool benchmark_report_unrecognized(struct benchmark_runner *runner, int argc, char **argv);
/* The usage text of the harness's flags. */
void benchmark_print_usage(FILE *stream, const char *program);

/* The flags, for a client with a command line of its own, man pages and completion. */
struct benchmark_flag {
    const char *name;   /* without the leading "--" */
    const char *values; /* what stands after '=' in the usage text */
    const char *preset; /* the default, as it would be typed */
    const char *help;   /* one sentence */
    bool is_bool;       /* may stand without a value */
};
/* NULL past the last one. */
const struct benchmark_flag *benchmark_flag_at(size_t index);
/* The flag that an argument ("--benchmark_filter=x", "--benchmark_filter") names, else NULL. */
const struct benchmark_flag *benchmark_find_flag(const char *argument);
/* The value in force, as text; "" for a flag nobody set and that has no default; NULL if unknown.
 */
const char *benchmark_flag_value(const struct benchmark_runner *runner, const char *name);

/* Will benchmark_run() serve requests (--benchmark_worker) in place of running and reporting? */
bool benchmark_is_worker(const struct benchmark_runner *runner);

/* Strings of the JSON context and lines above the console table. They may be added until the first
 * row is reported, and for the result file in benchmark_at_end(); -EEXIST (with a line on stderr)
 * when the key is there already. */
int benchmark_add_context(struct benchmark_runner *runner, const char *key, const char *value);
/* A line on stderr in the text formats. Under --benchmark_format=json, context keys "warnings",
 * "warning_1", ... instead; only what comes after the context has been printed goes to stderr. */
void benchmark_warn(struct benchmark_runner *runner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A row of an earlier run, as the text of one JSON object, put unchanged before this run's rows in
 * the JSON outputs. -EINVAL if it does not look like an object. */
int benchmark_add_finished_row(struct benchmark_runner *runner, const char *json_object);

/* Called for every row as it is reported, besides the reporters. */
void benchmark_on_row(struct benchmark_runner *runner,
                      void (*function)(void *user, const struct benchmark_row *row), void *user);

/* Called once after the last case of a run, before the result file is written for the last time:
 * context keys added there stand in the file, if not in a document that is displayed already. */
void benchmark_at_end(struct benchmark_runner *runner, void (*function)(void *user), void *user);

/* Lists or runs what the filter matches, in registration order, and writes what the flags ask for.
 * Returns the exit status of the program: 0; 1 for an output that could not be written, a malformed
 * filter and, under --benchmark_fail_on_error, an error row or an empty match; 128 + signal after
 * the user ended the run. */
int benchmark_run(struct benchmark_runner *runner);
/* The same status again, or what benchmark_initialize() ended with. */
int benchmark_exit_status(const struct benchmark_runner *runner);
/* Cases the filter selected in the last benchmark_run(). */
size_t benchmark_matched(const struct benchmark_runner *runner);

/* All of the above for a program that is nothing but benchmarks. */
int benchmark_main(int argc, char **argv);
#define BENCHMARK_MAIN()                   \
    int main(int argc, char **argv)        \
    {                                      \
        return benchmark_main(argc, argv); \
    }                                      \
    struct benchmark_runner

#ifdef __cplusplus
}
#endif

#endif
