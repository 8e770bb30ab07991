/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat predict: a model's attention on a measured machine, kind of layer by kind of layer. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/predict.h"
#include "analysis/results.h"
#include "analysis/shape_options.h"

/* What every line of the answer needs. */
struct asked {
    const struct ana_result *result;
    const struct ana_set *set;
    struct ana_tried tried;
    struct ana_model model;
    struct ana_cache cache;
    uint64_t context, batch;
    enum ana_format format;
};

static void put_row(struct ana_table *table, const struct asked *a, const struct ana_layers *kind,
                    const struct ana_forecast *f, bool total)
{
    char words[64] = "all", outside[512];
    if (!total)
        snprintf(words, sizeof(words), "%u KV heads of %u, %s%.0u", kind->kv_heads, kind->dim,
                 kind->window  ? "window "
                 : kind->chunk ? "chunk "
                               : "full",
                 kind->window ? kind->window : kind->chunk);
    ana_outside_say(f, outside, sizeof(outside));
    ana_table_text(table, words);
    ana_table_number(table, f->layer_calls);
    ana_table_number(table, f->step.ns);
    ana_table_number(table, f->step.low);
    ana_table_number(table, f->step.high);
    ana_table_number(table, (double)a->batch * 1e9 / f->step.ns);
    ana_table_number(table, (double)a->batch * 1e9 / f->step.high);
    ana_table_number(table, (double)a->batch * 1e9 / f->step.low);
    ana_table_number(table, f->outside_factor);
    if (a->format != ANA_TABLE_TEXT) /* where it stands below the table */
        ana_table_text(table, outside);
}

static void tell(const struct asked *a, const struct ana_forecast *f)
{
    char outside[512];
    const double rate = (double)a->batch * 1e9;
    printf("\n%s, %llu tokens of context, batch %llu, %s cache of %.3g GiB: attention takes\n"
           "%.4g ms a step (%.3g to %.3g), at most %.4g tokens/s (%.3g to %.3g); the rest of the "
           "model comes on top\n",
           a->model.name, (unsigned long long)a->context, (unsigned long long)a->batch,
           attn_types[a->cache.k_type].name, f->kv_bytes / 0x1p30, f->step.ns * 1e-6,
           f->step.low * 1e-6, f->step.high * 1e-6, rate / f->step.ns, rate / f->step.high,
           rate / f->step.low);
    printf("from %zu cases (%s); such predictions were off by %.1f %% when held out (median), 95 "
           "%% of them by less than %.0f %%\n",
           a->set->count, a->set->name, a->tried.median_error * 100, a->tried.high_error * 100);
    ana_outside_say(f, outside, sizeof(outside));
    if (*outside)
        printf("outside the measured range: %s\n", outside);
    else
        puts("inside the measured range");
}

static int answer(const struct ana_command *self, const struct asked *a)
{
    static const char *const numbers[] = {"calls",       "step_ns",           "low_ns",
                                          "high_ns",     "tokens_per_second", "tokens_low",
                                          "tokens_high", "outside_factor"};
    struct ana_table *const table = ana_table_new();
    struct ana_forecast f;
    char message[512];
    if (!table)
        return ana_complain(self, "not enough memory");
    ana_table_column(table, "layers", false);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        ana_table_column(table, numbers[i], true);
    if (a->format != ANA_TABLE_TEXT)
        ana_table_column(table, "outside", false);
    int status = 0;
    const size_t kinds = a->model.kind_count > 1 ? a->model.kind_count : 0;
    for (size_t i = 0; i <= kinds && !status; i++) {
        const struct ana_layers *const kind = i < kinds ? &a->model.kinds[i] : NULL;
        status = ana_predict(a->result, a->set, &a->tried, &a->model, kind, &a->cache, a->context,
                             a->batch, &f, message, sizeof(message));
        if (!status)
            put_row(table, a, kind, &f, !kind);
    }
    const int error = status ? 0 : ana_table_write(table, a->format, stdout);
    ana_table_free(table);
    if (status)
        return ana_complain(self, "%s", message);
    if (error)
        return ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    if (a->format == ANA_TABLE_TEXT)
        tell(a, &f);
    return ana_finish_stdout(self);
}

/* The set of the right type, its law, and the answer. */
static int choose(const struct ana_command *self, const struct ana_results *results,
                  const char *kernel, uint32_t threads, struct asked *a)
{
    struct ana_sets sets;
    char message[512];
    const bool best = strcmp(kernel, "best") == 0;
    if (a->model.kind_count == 0)
        return ana_complain(self, "%s has no layer with a KV cache", a->model.name);
    if (ana_sets_make(results->summary, NULL, best ? NULL : kernel, &sets))
        return ana_complain(self, "not enough memory");
    int status = ANA_EXIT_OK;
    a->result = results->files[0];
    a->set = ana_predict_set(&sets, a->cache.k_type, a->cache.v_type, a->model.kinds[0].v_in_k,
                             threads, message, sizeof(message));
    if (!a->set) {
        status = ana_complain(self, "%s", message);
    } else if (ana_law_try(a->set, "", &a->tried)) {
        status = ana_complain(self, "the cases of \"%s\" do not make a law: they differ too little",
                              a->set->name);
    } else {
        status = answer(self, a);
        ana_tried_free(&a->tried);
    }
    ana_sets_free(&sets);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct ana_shape_options o = {.share = 1, .ranks = 1};
    struct asked a = {.context = 4096, .batch = 1, .format = ANA_TABLE_TEXT};
    const char *kernel = "best";
    uint64_t threads = 0;
    const struct ana_option options[] = {
        ANA_SHAPE_OPTIONS(o),
        {"context", ANA_ABOVE, &a.context, "tokens in the cache (4096)"},
        {"batch", ANA_ABOVE, &a.batch, "sequences (1)"},
        {"threads", ANA_ABOVE, &threads, "of the cases to predict from (those measured most)"},
        {"kernel", ANA_TEXT, &kernel, "best: the fastest of each case; or a name with * and ?"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    int status = ana_shape_resolve(self, &o, &a.model, &a.cache, &a.format);
    if (status)
        return status;
    if (a.cache.ranks > 1)
        return ana_complain(self,
                            "--ranks=%u: a prediction is of the one machine that was "
                            "measured",
                            a.cache.ranks);
    if (argc != 1)
        return ana_complain(self, "needs one result file of attn-bench; found %d", argc);
    struct ana_results results;
    status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    status =
        choose(self, &results, kernel, (uint32_t)(threads > UINT32_MAX ? UINT32_MAX : threads), &a);
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_predict = {
    .name = "predict",
    .arguments = "RESULT.json",
    .summary = "Attention time and tokens a second of a model on a measured machine",
    .run = run,
};
