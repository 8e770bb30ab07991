/* SPDX-License-Identifier: Apache-2.0 */
/* The four tasks people come with, on a machine that is known, and what holds of every advice. */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "analysis/advise.h"
#include "tests/sweep_file.h"

static struct ana_result *result;
static struct ana_summary *summary;

static double gib(double n)
{
    return n * 0x1p30;
}

/* Sorted, judged by its own numbers, and beaten only by what fits and is richer. */
static void check_sound(const struct ana_task *task, const struct ana_advice *a)
{
    size_t own = 0, feasible = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct ana_design *const d = &a->designs[i];
        struct ana_cache cache = task->cache;
        cache.k_type = d->k_type;
        cache.v_type = d->v_type;
        const double bytes = (double)ana_batch_bytes(&d->model, &cache, task->context, task->batch);
        const bool fits =
            bytes <= (double)task->memory && (!(task->p99_ns > 0) || d->p99_ns <= task->p99_ns);
        CHECK(bytes == d->forecast.kv_bytes && fits == d->feasible, "design %zu", i);
        CHECK(d->feasible == !*d->why_not, "design %zu: \"%s\"", i, d->why_not);
        CHECK(d->heads * d->dim == a->designs[0].heads * a->designs[0].dim, "width %zu", i);
        if (i && d->feasible == d[-1].feasible)
            CHECK(d->forecast.step.ns >= d[-1].forecast.step.ns, "order of %zu", i);
        CHECK(!i || d->feasible <= d[-1].feasible, "feasible ones come first");
        own += d->own;
        feasible += d->feasible;
    }
    CHECK(own == 1 && feasible == a->feasible, "%zu own, %zu feasible", own, feasible);
    for (size_t i = 0; i < a->count && a->designs[i].feasible; i++)
        if (!a->designs[i].beaten)
            return;
    CHECK(!a->feasible, "all that fits is beaten");
}

static struct ana_advice ask(struct ana_task *task)
{
    struct ana_advice a;
    char message[512];
    task->summary = summary;
    task->cache.ranks = 1;
    const int status = ana_advise(task, &a, message, sizeof(message));
    CHECK(status == 0, "%s", message);
    if (status)
        exit(test_exit());
    check_sound(task, &a);
    return a;
}

static const struct ana_design *own_of(const struct ana_advice *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->designs[i].own)
            return &a->designs[i];
    exit(test_exit()); /* check_sound() has complained */
}

/* A long context, one user, a bound on the slowest steps. */
static void check_low_latency(void)
{
    const struct ana_model model = ana_model_uniform(32, 32, 32, 128);
    struct ana_task task = {.model = &model,
                            .cache = {.k_type = ATTN_F16, .v_type = ATTN_F16},
                            .memory = (uint64_t)gib(128),
                            .context = 131072,
                            .batch = 1,
                            .p99_ns = 1500e6};
    struct ana_advice a = ask(&task);
    CHECK(strstr(own_of(&a)->why_not, "99th percentile"), "%s", own_of(&a)->why_not);
    bool grouped = false;
    for (size_t i = 0; i < a.count; i++) {
        const struct ana_design *const d = &a.designs[i];
        CHECK(d->kv_heads < d->heads || d->mix->local || !d->feasible, "MHA in full is too slow");
        grouped = grouped || (d->feasible && !d->mix->local && d->share == 1 && d->kv_heads > 1);
    }
    CHECK(grouped, "GQA alone is fast enough");
    ana_advice_free(&a);
}

/* Many conversations in a strict budget. */
static void check_many_tenants(void)
{
    struct ana_model model;
    char message[512];
    ana_model_load("llama-3.1-8b", &model, message, sizeof(message));
    struct ana_task task = {.model = &model,
                            .cache = {.k_type = ATTN_F16, .v_type = ATTN_F16},
                            .memory = (uint64_t)gib(8),
                            .context = 4096,
                            .batch = 64};
    struct ana_advice a = ask(&task);
    CHECK(strstr(own_of(&a)->why_not, "32 GiB is 4 times the memory"), "%s", own_of(&a)->why_not);
    bool narrow = false;
    for (size_t i = 0; i < a.count && a.designs[i].feasible; i++)
        narrow = narrow || (a.designs[i].k_type == ATTN_I8 && !a.designs[i].mix->local);
    CHECK(narrow, "a narrower type fits with every layer in full");
    ana_advice_free(&a);
}

/* A small machine and 60k tokens. */
static void check_on_device(void)
{
    struct ana_model model;
    char message[512];
    ana_model_load("llama-3.2-3b", &model, message, sizeof(message));
    struct ana_task task = {.model = &model,
                            .cache = {.k_type = ATTN_F16, .v_type = ATTN_F16},
                            .memory = (uint64_t)gib(4),
                            .context = 60 * 1024,
                            .batch = 1};
    struct ana_advice a = ask(&task);
    CHECK(strstr(own_of(&a)->why_not, "6.56 GiB is 1.64 times"), "%s", own_of(&a)->why_not);
    bool type_alone = false;
    for (size_t i = 0; i < a.count && a.designs[i].feasible; i++) {
        const struct ana_design *const d = &a.designs[i];
        type_alone = type_alone || (d->k_type == ATTN_I8 && d->kv_heads == 8 && d->dim == 128 &&
                                    !d->mix->local && d->share == 1);
    }
    CHECK(type_alone, "eight bits alone are enough");
    ana_advice_free(&a);
}

/* Long conversations that one KV head is too many for: layers have to share, or to forget. */
static void check_pressed(void)
{
    struct ana_model model;
    char message[512];
    ana_model_load("gemma-2b", &model, message, sizeof(message));
    struct ana_task task = {.model = &model,
                            .cache = {.k_type = ATTN_F16, .v_type = ATTN_F16},
                            .memory = (uint64_t)gib(10),
                            .context = 32768,
                            .batch = 32};
    struct ana_advice a = ask(&task);
    CHECK(strstr(own_of(&a)->why_not, "18 GiB is 1.8 times"), "%s", own_of(&a)->why_not);
    bool shared = false;
    for (size_t i = 0; i < a.count && a.designs[i].feasible; i++) {
        const struct ana_design *const d = &a.designs[i];
        if (d->k_type != ATTN_F16 || d->dim != 256)
            continue;
        CHECK(d->share > 1 || d->mix->local, "design %zu", i);
        shared = shared || (d->share == 2 && !d->mix->local);
        CHECK(d->share == 1 || (d->parts & ANA_PART_SHARE), "its evidence");
    }
    CHECK(shared, "two layers to a cache are enough");
    ana_advice_free(&a);
}

static void check_limits(void)
{
    struct ana_model model = ana_model_uniform(2, 4, 4, 64);
    struct ana_task task = {.summary = summary,
                            .model = &model,
                            .cache = {.k_type = ATTN_F16, .v_type = ATTN_F16, .ranks = 1},
                            .memory = 1,
                            .context = 1024,
                            .batch = 1};
    struct ana_advice a;
    char message[512], refs[64];
    CHECK(ana_advise(&task, &a, message, sizeof(message)) == 0 && a.feasible == 0, "one byte");
    CHECK(strncmp(a.unmeasured, "f32, bf16, i4", 13) == 0 && !strstr(a.unmeasured, " f16,") &&
              !strstr(a.unmeasured, " i8,"),
          "%s", a.unmeasured);
    ana_advice_free(&a);
    task.threads = 64;
    CHECK(ana_advise(&task, &a, message, sizeof(message)) == -ENODATA, "threads nobody measured");
    task.threads = 0;
    task.context = 1u << 30;
    CHECK(ana_advise(&task, &a, message, sizeof(message)) == -ENOTSUP, "%s", message);
    task.context = 4096;
    CHECK(ana_model_load("gemma-3-4b", &model, message, sizeof(message)) == 0 &&
              ana_advise(&task, &a, message, sizeof(message)) == 0,
          "kinds that differ in reach: %s", message);
    for (size_t i = 0; i < a.count; i++)
        CHECK(!a.designs[i].mix->local && a.designs[i].parts & ANA_PART_WINDOW, "its own mix");
    ana_advice_free(&a);
    CHECK(ana_model_load("deepseek-v3", &model, message, sizeof(message)) == 0 &&
              ana_advise(&task, &a, message, sizeof(message)) == -ENODATA,
          "no latent was measured");
    ana_evidence_refs(0, refs, sizeof(refs));
    CHECK_STR(refs, "");
    ana_evidence_refs(ANA_PART_MQA | ANA_PART_SHARE, refs, sizeof(refs));
    CHECK_STR(refs, "1 2 3 4 6");
}

int main(void)
{
    static const char *const types[] = {"f16", "i8", NULL};
    result = sweep_file(types);
    if (ana_summarise(&result, 1, &summary))
        return 1;
    check_low_latency();
    check_many_tenants();
    check_on_device();
    check_pressed();
    check_limits();
    ana_summary_free(summary);
    ana_result_free(result);
    return test_exit();
}
