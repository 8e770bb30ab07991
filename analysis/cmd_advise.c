/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat advise: which attention a task allows on a measured machine, fastest first. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/advise.h"
#include "analysis/results.h"
#include "analysis/shape_options.h"

struct look {
    enum ana_format format;
    uint64_t top;
    bool all;
};

static bool for_people(const struct look *look)
{
    return look->format == ANA_TABLE_TEXT || look->format == ANA_TABLE_MARKDOWN;
}

/* People see what there is to choose from, programs every design. */
static bool shown(const struct look *look, const struct ana_design *d, size_t so_far)
{
    if (!for_people(look) || look->all)
        return true;
    return d->feasible && (d->own || (!d->beaten && so_far < look->top));
}

static void put_row(struct ana_table *table, const struct look *look, const struct ana_task *task,
                    const struct ana_design *d)
{
    char design[192], refs[64];
    const double rate = (double)task->batch * 1e9;
    const struct ana_guess *const step = &d->forecast.step;
    ana_design_say(d, design, sizeof(design));
    ana_evidence_refs(d->parts, refs, sizeof(refs));
    if (d->own && for_people(look))
        snprintf(design + strlen(design), sizeof(design) - strlen(design), " (the model)");
    ana_table_text(table, design);
    ana_table_number(table, rate / step->ns);
    ana_table_number(table, rate / step->high);
    ana_table_number(table, rate / step->low);
    ana_table_number(table, for_people(look) ? step->ns * 1e-6 : step->ns);
    ana_table_number(table, for_people(look) ? d->p99_ns * 1e-6 : d->p99_ns);
    ana_table_number(table,
                     for_people(look) ? d->forecast.kv_bytes / 0x1p30 : d->forecast.kv_bytes);
    ana_table_number(table, d->forecast.outside_factor);
    ana_table_text(table, refs);
    if (for_people(look) && !look->all)
        return;
    ana_table_text(table, d->why_not);
    if (for_people(look))
        return;
    const double numbers[] = {d->heads,       d->kv_heads,    d->dim, d->share,    d->mix->local,
                              d->mix->global, d->mix->window, d->own, d->feasible, d->beaten};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        ana_table_number(table, numbers[i]);
}

static void put_columns(struct ana_table *table, const struct look *look)
{
    static const char *const people[] = {"design", "tokens/s",  "at least", "at most", "ms a step",
                                         "p99 ms", "cache GiB", "outside",  "papers",  "why not"};
    static const char *const programs[] = {"design",     "tokens_per_second",
                                           "tokens_low", "tokens_high",
                                           "step_ns",    "p99_ns",
                                           "kv_bytes",   "outside_factor",
                                           "evidence",   "why_not",
                                           "heads",      "kv_heads",
                                           "dim",        "share",
                                           "local",      "global",
                                           "window",     "own",
                                           "feasible",   "beaten"};
    const size_t n = for_people(look) ? (look->all ? 10 : 9) : sizeof(programs) / sizeof(*programs);
    for (size_t i = 0; i < n; i++)
        ana_table_column(table, for_people(look) ? people[i] : programs[i],
                         i > 0 && i != 8 && i != 9);
}

/* The model as it is and the fastest that fits, in sentences. */
static void tell(const struct ana_task *task, const struct ana_advice *a, size_t rows)
{
    char design[192];
    size_t memory = 0, beaten = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct ana_design *const d = &a->designs[i];
        memory += !d->feasible && d->forecast.kv_bytes > (double)task->memory;
        beaten += d->feasible && d->beaten;
        if (!d->own)
            continue;
        ana_design_say(d, design, sizeof(design));
        if (d->feasible)
            printf("\nAs it is, %s fits: %s, %.3g of %.3g GiB\n", task->model->name, design,
                   d->forecast.kv_bytes / 0x1p30, (double)task->memory / 0x1p30);
        else
            printf("\nAs it is, %s does not fit: %s; %s\n", task->model->name, design, d->why_not);
    }
    printf("%zu of %zu designs fit; %zu fail by memory, %zu by latency; of those that fit, %zu are "
           "no\nfaster than a richer one, and %zu are shown (--all, --top)\n",
           a->feasible, a->count, memory, a->count - a->feasible - memory, beaten, rows);
    printf("Attention only, %llu tokens of context, batch %llu; predictions from %zu cases, off by "
           "%.0f %% when\nheld out (median), 95 %% of them by less than %.0f %%. outside: how many "
           "times beyond what was measured.\n",
           (unsigned long long)task->context, (unsigned long long)task->batch, a->cases,
           a->median_error * 100, a->high_error * 100);
    if (*a->unmeasured)
        printf("Not measured in this file, so not tried: caches of %s\n", a->unmeasured);
}

static void cite(const struct ana_advice *a, const struct look *look)
{
    unsigned parts = 0;
    for (size_t i = 0, rows = 0; i < a->count; i++)
        if (shown(look, &a->designs[i], rows)) {
            parts |= a->designs[i].parts;
            rows++;
        }
    if (parts)
        puts("\nWhat papers measured of the quality, of their models and not of yours:");
    for (size_t i = 0; i < ana_evidence_count; i++)
        if (ana_evidence[i].parts & parts)
            printf("%3zu  %s: %s\n", i + 1, ana_evidence[i].source, ana_evidence[i].finding);
}

static int show(const struct ana_command *self, const struct ana_task *task,
                const struct ana_advice *a, const struct look *look)
{
    struct ana_table *const table = ana_table_new();
    size_t rows = 0;
    if (!table)
        return ana_complain(self, "not enough memory");
    put_columns(table, look);
    for (size_t i = 0; i < a->count; i++)
        if (shown(look, &a->designs[i], rows)) {
            put_row(table, look, task, &a->designs[i]);
            rows++;
        }
    const int error = rows ? ana_table_write(table, look->format, stdout) : 0;
    ana_table_free(table);
    if (error)
        return ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    if (for_people(look)) {
        if (!a->feasible)
            puts("No design fits.");
        tell(task, a, rows);
        cite(a, look);
    }
    return ana_finish_stdout(self);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct ana_shape_options o = {.share = 1, .ranks = 1};
    struct ana_model model;
    struct ana_task task = {.model = &model, .batch = 1};
    struct look look = {.format = ANA_TABLE_TEXT, .top = 12};
    double p99_ms = 0;
    uint64_t threads = 0;
    const struct ana_option options[] = {
        {"memory", ANA_SIZE, &task.memory, "memory for the cache: 16GiB"},
        {"context", ANA_ABOVE, &task.context, "tokens in the cache: 60K"},
        {"batch", ANA_ABOVE, &task.batch, "sequences (1)"},
        {"p99_ms", ANA_REAL, &p99_ms, "longest step that is allowed, attention alone"},
        {"model", ANA_TEXT, &o.model, "a model's name, a config.json or a GGUF file"},
        {"layers", ANA_ABOVE, &o.layers, "layers, without --model"},
        {"heads", ANA_ABOVE, &o.heads, "query heads, without --model"},
        {"kv_heads", ANA_ABOVE, &o.kv_heads, "KV heads it has now (as many)"},
        {"dim", ANA_ABOVE, &o.dim, "head dim, without --model"},
        {"kv_type", ANA_TEXT, &o.kv_type, "type its cache has now (f16)"},
        {"page", ANA_COUNT, &o.page, "tokens a page of a paged cache (0: contiguous)"},
        {"threads", ANA_ABOVE, &threads, "of the cases to predict from (those measured most)"},
        {"top", ANA_ABOVE, &look.top, "designs to show (12)"},
        {"all", ANA_FLAG, &look.all, "show every design, and why it does not fit"},
        {"format", ANA_TEXT, &o.format, "text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    int status = ana_shape_resolve(self, &o, &model, &task.cache, &look.format);
    if (status)
        return status;
    if (!task.memory || !task.context)
        return ana_complain(self, "needs --memory and --context, such as --memory=16GiB "
                                  "--context=60K");
    if (!model.kind_count)
        return ana_complain(self, "%s has no layer with a KV cache", model.name);
    if (p99_ms < 0)
        return ana_complain(self, "--p99_ms=%g: it must be above 0", p99_ms);
    if (argc != 1)
        return ana_complain(self, "needs one result file of attn-bench; found %d", argc);
    struct ana_results results;
    struct ana_advice advice;
    char message[512];
    status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    task.summary = results.summary;
    task.p99_ns = p99_ms * 1e6;
    task.threads = (uint32_t)(threads > UINT32_MAX ? UINT32_MAX : threads);
    if (ana_advise(&task, &advice, message, sizeof(message))) {
        status = ana_complain(self, "%s", message);
    } else {
        status = show(self, &task, &advice, &look);
        ana_advice_free(&advice);
    }
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_advise = {
    .name = "advise",
    .arguments = "RESULT.json --memory=SIZE --context=N",
    .summary = "Attention designs that fit a task on a measured machine, fastest first",
    .run = run,
};
