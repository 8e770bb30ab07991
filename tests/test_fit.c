/* SPDX-License-Identifier: Apache-2.0 */
/* Laws planted in made-up sweeps and found again; sets of cases; predictions of models. */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "analysis/predict.h"
#include "tests/sweep_file.h"

enum { SAMPLES = 72 };

/* About normal, from twelve uniform ones. */
static double normal(uint64_t *seed)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += test_uniform(seed);
    return sum;
}

struct planted {
    double t0, bandwidth, cached, compute, overlap;
};

static double planted_ns(const struct planted *p, const struct ana_sample *s)
{
    const double a = s->bytes / (s->level == ANA_MEMORY ? p->bandwidth : p->cached);
    return p->t0 + pow(pow(a, p->overlap) + pow(s->flops / p->compute, p->overlap), 1 / p->overlap);
}

/* A sweep of groups and contexts, some of it in the L2. */
static void plant(const struct planted *p, double noise, uint64_t *seed,
                  struct ana_sample samples[SAMPLES])
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const double context = exp2(9 + (double)(i % 8)), kv_heads = exp2((double)(i / 8 % 6));
        samples[i] = (struct ana_sample){
            .bytes = context * kv_heads * 512,
            .flops = context * 32 * 512,
            .level = i % 8 < 2 && kv_heads < 8 && p->cached > 0 ? ANA_L2 : ANA_MEMORY,
        };
        samples[i].ns = planted_ns(p, &samples[i]) * exp(noise * normal(seed));
    }
}

static bool holds(const struct ana_term *term, double value)
{
    return term->seen && term->low <= value && value <= term->high;
}

/* Intervals of 95 % hold what was planted about so often; an outlier in twenty moves nothing. */
static void check_planted(uint64_t *seed)
{
    static const struct planted laws[] = {{20e3, 22, 0, 110, 2},
                                          {20e3, 22, 80, 110, 1},
                                          {5e3, 40, 120, 300, 8}};
    for (size_t l = 0; l < sizeof(laws) / sizeof(*laws); l++) {
        size_t inside = 0, terms = 0;
        for (int trial = 0; trial < 40; trial++) {
            struct ana_sample samples[SAMPLES];
            struct ana_law law;
            plant(&laws[l], 0.05, seed, samples);
            for (size_t i = 0; trial % 2 && i < SAMPLES; i += 20)
                samples[i].ns *= 3;
            CHECK(ana_law_fit(samples, SAMPLES, &law) == 0, "law %zu", l);
            CHECK(trial % 2 || law.overlap == laws[l].overlap, "law %zu: overlap %g", l,
                  law.overlap);
            CHECK(fabs(law.bandwidth[ANA_MEMORY].value / laws[l].bandwidth - 1) < 0.2 &&
                      fabs(law.compute.value / laws[l].compute - 1) < 0.2,
                  "law %zu: %g GB/s, %g GFLOP/s", l, law.bandwidth[ANA_MEMORY].value,
                  law.compute.value);
            inside += holds(&law.t0, laws[l].t0) + holds(&law.compute, laws[l].compute) +
                      holds(&law.bandwidth[ANA_MEMORY], laws[l].bandwidth);
            terms += 3;
        }
        CHECK((double)inside >= 0.85 * (double)terms, "law %zu: %zu of %zu", l, inside, terms);
    }
}

static void check_exact(uint64_t *seed)
{
    const struct planted p = {20e3, 22, 80, 110, 2};
    struct ana_sample samples[SAMPLES];
    struct ana_law law;
    double errors[SAMPLES];
    size_t fold[SAMPLES];
    plant(&p, 0, seed, samples);
    CHECK(ana_law_fit(samples, SAMPLES, &law) == 0, "no noise");
    CHECK(fabs(law.t0.value / p.t0 - 1) < 1e-3 &&
              fabs(law.bandwidth[ANA_L2].value / p.cached - 1) < 1e-2 &&
              fabs(law.compute.value / p.compute - 1) < 1e-3,
          "%g %g %g", law.t0.value, law.bandwidth[ANA_L2].value, law.compute.value);
    CHECK(isnan(ana_law_ns(&law, 1e6, 1e6, ANA_L3)), "a level without rows");
    for (size_t i = 0; i < SAMPLES; i++)
        fold[i] = i % 8;
    CHECK(ana_law_hold_out(samples, SAMPLES, fold, errors) == 0, "hold out");
    for (size_t i = 0; i < SAMPLES; i++)
        CHECK(fabs(errors[i]) < 0.01, "sample %zu: %g", i, errors[i]);
    CHECK(ana_law_doubt(&law, 1e12, 1e9, ANA_MEMORY) < 0.01, "without noise there is no doubt");
}

/* One group size: bytes and operations are in proportion, and the law says so. */
static void check_degenerate(uint64_t *seed)
{
    struct ana_sample samples[SAMPLES];
    struct ana_law law;
    for (size_t i = 0; i < SAMPLES; i++) {
        const double context = exp2(9 + (double)(i % 8));
        samples[i] = (struct ana_sample){.bytes = context * 512,
                                         .flops = context * 4096,
                                         .level = ANA_MEMORY};
        samples[i].ns = 1e4 + samples[i].bytes / 20 * exp(0.02 * normal(seed));
    }
    CHECK(ana_law_fit(samples, SAMPLES, &law) == 0 && !law.compute.seen, "proportional");
    CHECK(fabs(ana_law_ns(&law, 512e6, 4096e6, ANA_MEMORY) / (1e4 + 512e6 / 20) - 1) < 0.05, "%g",
          ana_law_ns(&law, 512e6, 4096e6, ANA_MEMORY));
    CHECK(ana_law_fit(samples, 3, &law) == -EINVAL, "three samples");
    samples[5].ns = NAN;
    CHECK(ana_law_fit(samples, SAMPLES, &law) == -EINVAL, "a missing time");
    samples[5].ns = 0;
    CHECK(ana_law_fit(samples, SAMPLES, &law) == -EINVAL, "no time");
    for (size_t i = 0; i < SAMPLES; i++)
        samples[i] = samples[0];
    const int alike = ana_law_fit(samples, SAMPLES, &law);
    CHECK(alike == 0 || alike == -EDOM, "one case again and again: %d", alike);
}

static void check_predict(void)
{
    static const char *const types[] = {"f16", NULL};
    struct ana_result *result = sweep_file(types);
    struct ana_summary *summary;
    struct ana_sets sets, each;
    struct ana_tried tried;
    struct ana_forecast f, shared;
    struct ana_model model;
    char message[512];
    const struct ana_cache cache = {.k_type = ATTN_F16, .v_type = ATTN_F16, .ranks = 1};
    CHECK(ana_summarise(&result, 1, &summary) == 0, "summary");
    CHECK(ana_sets_make(summary, NULL, "*", &each) == 0 && each.count == 2, "%zu kernels",
          each.count);
    ana_sets_free(&each);
    CHECK(ana_sets_make(summary, NULL, NULL, &sets) == 0 && sets.count == 1, "%zu sets",
          sets.count);
    CHECK(sets.count && sets.sets[0].count == 24, "%zu cases", sets.sets[0].count);
    CHECK_STR(sets.sets[0].name, "decode, f16 contiguous, 2 threads, fastest kernel");
    CHECK(!ana_predict_set(&sets, ATTN_I8, ATTN_I8, false, 0, message, sizeof(message)) &&
              strstr(message, "type i8; it has f16 with 2 threads"),
          "%s", message);
    CHECK(!ana_predict_set(&sets, ATTN_F16, ATTN_F16, false, 64, message, sizeof(message)),
          "threads that were not measured");
    const struct ana_set *const set =
        ana_predict_set(&sets, ATTN_F16, ATTN_F16, false, 2, message, sizeof(message));
    CHECK(set == &sets.sets[0] && ana_law_try(set, "", &tried) == 0, "law");
    CHECK(tried.median_error < 0.01, "held out %g", tried.median_error);

    model = ana_model_uniform(10, 32, 8, 128);
    CHECK(ana_predict(result, set, &tried, &model, NULL, &cache, 8192, 1, &f, message,
                      sizeof(message)) == 0,
          "%s", message);
    const double one = 5e3 + hypot(512.0 * 8 * 8192 / 20, 512.0 * 32 * 8192 / 100);
    CHECK(fabs(f.step.ns / (10 * one) - 1) < 0.05, "%g against %g", f.step.ns, 10 * one);
    CHECK(f.step.low <= f.step.ns && f.step.ns <= f.step.high && f.outside_factor == 1, "inside");
    ana_model_share(&model, 2);
    ana_predict(result, set, &tried, &model, NULL, &cache, 8192, 1, &shared, message,
                sizeof(message));
    CHECK(shared.kv_bytes == f.kv_bytes / 2 && fabs(shared.step.ns / f.step.ns - 1) < 1e-9,
          "sharing saves bytes and no time");

    CHECK(ana_predict(result, set, &tried, &model, NULL, &cache, 131072, 4, &f, message,
                      sizeof(message)) == 0 &&
              f.outside_factor > 3.9,
          "%g", f.outside_factor);
    ana_outside_say(&f, message, sizeof(message));
    CHECK(strstr(message, "visible context 131072 is 4 times the largest measured (32768)") &&
              strstr(message, "batch 4 is 4 times the largest measured (1)"),
          "%s", message);
    model.kinds[0].window = 1024;
    ana_predict(result, set, &tried, &model, NULL, &cache, 131072, 1, &shared, message,
                sizeof(message));
    CHECK(shared.step.ns < f.step.ns / 50 && shared.outside_factor == 1, "a window bounds it");
    CHECK(ana_predict(result, set, &tried, &model, NULL, &cache, 1u << 30, 1, &f, message,
                      sizeof(message)) == -ENOTSUP,
          "a context no problem has");
    CHECK(ana_level_of(result, 1e5, 2) == ANA_L3 && ana_level_of(result, 1e7, 2) == ANA_MEMORY,
          "levels");
    ana_tried_free(&tried);
    ana_sets_free(&sets);
    ana_summary_free(summary);
    ana_result_free(result);
}

int main(void)
{
    uint64_t seed = test_seed();
    check_planted(&seed);
    check_exact(&seed);
    check_degenerate(&seed);
    check_predict();
    return test_exit();
}
