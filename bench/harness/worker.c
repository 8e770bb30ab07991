/* SPDX-License-Identifier: Apache-2.0 */
/* See worker.h. */
#include "bench/harness/worker.h"

#include "bench/harness/search.h"
#include "bench/harness/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct worker {
    struct benchmark_runner *runner;
    const struct instances *instances;
    FILE *out;
    struct trial trial;
    bool prepared;
};

static void answer(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer(struct worker *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(w->out, format, args);
    va_end(args);
    fputc('\n', w->out);
    fflush(w->out);
}

/* A sentence on one line, whatever it was. */
static void answer_failure(struct worker *w, enum benchmark_row_status status, const char *message)
{
    char text[1024];
    snprintf(text, sizeof(text), "%s", message ? message : "");
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    answer(w, "%s %s", status == BENCHMARK_ROW_SKIPPED ? "skipped" : "error", text);
}

/* A name that does not fit on a line cannot be asked for. */
static bool speakable(const char *name)
{
    return !strpbrk(name, "\r\n");
}

static void list(struct worker *w, const char *rest)
{
    size_t listed = 0;
    (void)rest;
    for (size_t i = 0; i < w->instances->count; i++) {
        const struct instance *const instance = &w->instances->items[i];
        const char *const code = instance->family->code;
        if (!speakable(instance->name)) {
            fprintf(w->runner->hooks.err, "error: a name with a line break is left out\n");
            continue;
        }
        fprintf(w->out, "case %s %s\n", code && *code ? code : "-", instance->name);
        listed++;
    }
    answer(w, "ok %zu", listed);
}

static int drop(struct worker *w)
{
    const int rc = w->prepared ? bm_trial_end(&w->trial) : 0;
    const struct outcome *const outcome = &w->trial.outcome;
    if (w->prepared && outcome->status != BENCHMARK_ROW_OK)
        answer_failure(w, (enum benchmark_row_status)(int)outcome->status, outcome->message);
    else if (rc)
        answer_failure(w, BENCHMARK_ROW_ERROR, strerror(-rc));
    else
        answer(w, "ok");
    if (w->prepared)
        bm_trial_free(&w->trial);
    w->prepared = false;
    return rc;
}

static void drop_case(struct worker *w, const char *rest)
{
    (void)rest;
    drop(w);
}

static void prepare(struct worker *w, const char *name)
{
    const struct instance *instance = NULL;
    if (w->prepared) {
        answer(w, "error %s is still prepared; drop it first", w->trial.instance->name);
        return;
    }
    for (size_t i = 0; i < w->instances->count && !instance; i++)
        if (strcmp(w->instances->items[i].name, name) == 0)
            instance = &w->instances->items[i];
    if (!instance) {
        answer(w, "error there is no case %s", name);
        return;
    }
    bm_trial_init(&w->trial, w->runner, instance);
    w->prepared = true;
    const int rc = bm_trial_begin(&w->trial);
    if (!rc && w->trial.outcome.status == BENCHMARK_ROW_OK)
        answer(w, "ok");
    else
        drop(w);
}

/* One pass; false when it has failed, which was answered then. */
static bool pass(struct worker *w, int64_t iterations, struct pass_result *result)
{
    const int rc = bm_pass_run(w->runner, w->trial.instance, iterations, result);
    if (!rc && result->status == BENCHMARK_ROW_OK)
        return true;
    if (rc)
        answer_failure(w, BENCHMARK_ROW_ERROR, strerror(-rc));
    else
        answer_failure(w, result->status, result->message);
    bm_pass_result_free(result);
    return false;
}

static double seconds_of(const struct worker *w, const struct pass_result *result)
{
    return w->trial.instance->family->use_manual_time ? result->manual
                                                      : result->real / w->trial.instance->threads;
}

/* Nothing can be asked of a case before there is one. */
static bool ready(struct worker *w)
{
    if (!w->prepared)
        answer(w, "error no case is prepared");
    return w->prepared;
}

/* One reading past the goal may be an interruption; two in a row are a length. */
static void calibrate(struct worker *w, const char *rest)
{
    char *end;
    const double goal = strtod(rest, &end);
    int64_t iterations = 1;
    int crossed = 0;
    if (!ready(w))
        return;
    if (end == rest || *end || !(goal >= 0) || !isfinite(goal)) {
        answer(w, "error calibrate takes a number of seconds");
        return;
    }
    /* A case that says how often it runs means it. */
    if (w->trial.instance->family->iterations) {
        answer(w, "ok %" PRId64, w->trial.instance->family->iterations);
        return;
    }
    while (crossed < 2 && !bm_interrupted()) {
        struct pass_result result = {0};
        if (!pass(w, iterations, &result))
            return;
        const double seconds = seconds_of(w, &result);
        bm_pass_result_free(&result);
        const bool reached = seconds >= goal || iterations >= BM_MAX_ITERATIONS;
        crossed = reached ? crossed + 1 : 0;
        if (!reached)
            iterations = bm_search_next(iterations, seconds, goal);
    }
    answer(w, "ok %" PRId64, iterations);
}

static void run(struct worker *w, const char *rest)
{
    char *end;
    const int64_t iterations = strtoll(rest, &end, 10);
    struct pass_result result = {0};
    struct benchmark_row row;
    struct rusage before, after;
    if (!ready(w))
        return;
    if (end == rest || *end || iterations < 1 || iterations > BM_MAX_ITERATIONS) {
        answer(w, "error run takes a number of iterations from 1");
        return;
    }
    if (!pass(w, 1, &result))
        return;
    bm_pass_result_free(&result);
    getrusage(RUSAGE_SELF, &before);
    if (!pass(w, iterations, &result))
        return;
    getrusage(RUSAGE_SELF, &after);
    int rc = bm_row_init(&row, w->trial.instance, BENCHMARK_NANOSECOND);
    if (!rc) {
        rc = bm_row_from_pass(&row, &result, w->trial.instance);
        if (rc)
            answer_failure(w, BENCHMARK_ROW_ERROR, strerror(-rc));
        else
            answer(w, "ok %.17g %.17g %ld %ld", row.real_time * 1e9, row.cpu_time * 1e9,
                   after.ru_nivcsw - before.ru_nivcsw, after.ru_minflt - before.ru_minflt);
        bm_row_free(&row);
    } else {
        answer_failure(w, BENCHMARK_ROW_ERROR, strerror(-rc));
    }
    bm_pass_result_free(&result);
}

static const struct {
    const char *word;
    void (*serve)(struct worker *w, const char *rest);
} requests[] = {
    {"list", list}, {"prepare", prepare}, {"calibrate", calibrate},
    {"run", run},   {"drop", drop_case},
};

static void serve(struct worker *w, const char *line)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        const size_t length = strlen(requests[i].word);
        if (strncmp(line, requests[i].word, length) == 0 &&
            (!line[length] || line[length] == ' ')) {
            requests[i].serve(w, line + length + (line[length] == ' '));
            return;
        }
    }
    answer(w, "error list, prepare, calibrate, run, drop and quit are what can be asked");
}

int bm_worker_serve(struct benchmark_runner *runner, const struct instances *instances, FILE *in,
                    FILE *out)
{
    struct worker w = {.runner = runner, .instances = instances, .out = out};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    answer(&w, "benchmark_worker 1");
    while (!bm_interrupted() && !ferror(out) && (length = getline(&line, &capacity, in)) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strcmp(line, "quit") == 0)
            break;
        serve(&w, line);
    }
    free(line);
    if (w.prepared) {
        bm_trial_end(&w.trial);
        bm_trial_free(&w.trial);
    }
    return ferror(out) ? 1 : 0;
}

int bm_worker_run(struct benchmark_runner *runner, const struct instances *instances)
{
    const int saved = dup(STDOUT_FILENO);
    FILE *const out = saved < 0 ? NULL : fdopen(saved, "w");
    int status = 1;
    if (out && !fflush(stdout) && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        status = bm_worker_serve(runner, instances, stdin, out);
    else
        fprintf(runner->hooks.err, "error: no stream for the answers of a worker: %s\n",
                strerror(errno));
    if (out && !fflush(stdout))
        dup2(saved, STDOUT_FILENO);
    if (out)
        fclose(out);
    return status;
}
