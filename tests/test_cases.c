/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps written out: products, groups, what runs once, what is dropped, and what is refused. */
#include "tests/test.h"

#include "bench/cases/case.h"

#include <errno.h>

static int expand(const char *text, struct attn_sweep *sweep, struct attn_cases *cases,
                  struct attn_message *why)
{
    int error = attn_sweep_parse("x", text, sweep, why);
    CHECK(error == 0, "%s", why->text);
    if (error)
        exit(test_exit());
    error = attn_cases_expand(sweep, 2, cases, why);
    attn_sweep_free(sweep);
    return error;
}

static void test_product(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\n[a]\nheads = 4\nkv_heads = 1,2\ncontext = 8,16\nthreads = 1,2\n"
                 "cache = cold,hot\n",
                 &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 16 && c.groups == 4, "%zu cases, %zu groups", c.n, c.groups);
    CHECK_STR(c.item[0].text, "decode/ref/kv:f16/batch:1/heads:4/kv_heads:1/dim:128/context:8/"
                              "real_time/threads:1");
    CHECK_STR(c.item[3].text, "decode/ref/kv:f16/batch:1/heads:4/kv_heads:1/dim:128/context:8/"
                              "cache:hot/real_time/threads:2");
    for (size_t i = 0; i < c.n; i++) {
        const struct attn_group *const g = &c.group[c.item[i].group];
        CHECK(i >= g->first && i < g->first + g->n, "case %zu is not within its group", i);
        CHECK(attn_problem_equal(&g->problem, &c.item[i].name.problem), "case %zu", i);
        struct attn_name back;
        CHECK(attn_name_parse(c.item[i].text, &back) == 0, "%s", c.item[i].text);
    }
    attn_cases_free(&c);
}

static void test_once(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\nkv_heads = 1\ncontext = 8\n[a]\nheads = 2,4\n[b]\nheads = 4,2\n"
                 "cache = cold,hot\n",
                 &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 4 && c.groups == 2 && c.repeated == 2, "%zu cases, %zu groups, %zu repeated", c.n,
          c.groups, c.repeated);
    attn_cases_free(&c);
}

static void test_dropped(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\n[a]\nheads = 6\nkv_heads = 1-6+1\ncontext = 8\nthreads = 1,2\n", &s,
                 &c, &why) == 0,
          "%s", why.text);
    CHECK(c.groups == 4 && c.n == 8, "%zu groups, %zu cases", c.groups, c.n);
    CHECK(c.dropped == 2, "%zu dropped", c.dropped);
    CHECK_STR(c.dropped_first.text, "kv_heads 4 does not divide heads 6");
    attn_cases_free(&c);

    CHECK(expand("kernel = ref\n[a]\nheads = 6\nkv_heads = 4\n", &s, &c, &why) == -EINVAL, "none");
    CHECK_STR(why.text, "no combination can be run: kv_heads 4 does not divide heads 6");
    CHECK(expand("kernel = ref\n[a]\nheads = 6\nkv_heads = 4,5\n", &s, &c, &why) == -EINVAL,
          "none");
    CHECK_STR(why.text,
              "no combination can be run: kv_heads 4 does not divide heads 6 (the first of them)");
}

static void test_words(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\n[a]\nheads = 6\nkv_heads = heads,2\ncontext = 8\n"
                 "q_len = context,1\nk_type = f32\nscale = 0.5\nsinks = on\nsplits = 3\n"
                 "layout = paged4\n",
                 &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 4, "%zu cases", c.n);
    CHECK_STR(c.item[0].text, "decode/ref/kv:f32+f16/batch:1/heads:6/kv_heads:6/dim:128/context:8/"
                              "q_len:8/layout:paged4/sinks:1/scale:0.5/splits:3/real_time/"
                              "threads:2");
    attn_cases_free(&c);

    CHECK(expand("kernel = ref\nphase = prefill\n[a]\nheads = 6\nkv_heads = 1\ncontext = 8\n", &s,
                 &c, &why) == 0,
          "%s", why.text);
    CHECK_STR(c.item[0].text, "prefill/ref/kv:f16/batch:1/heads:6/kv_heads:1/dim:128/context:8/"
                              "q_len:8/real_time/threads:2");
    attn_cases_free(&c);
}

/* Nothing stands in a name that was not done: who does not heed a knob is not run with it. */
static void test_knobs(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = split\n[a]\ncontext = 8\ntile = 24\nprefetch = none,2\n"
                 "placement = scatter\n",
                 &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 2, "%zu cases", c.n);
    for (size_t i = 0; i < c.n; i++)
        CHECK(strstr(c.item[i].text, i ? "/tile:24/prefetch:2/placement:scatter/"
                                       : "/tile:24/prefetch:none/placement:scatter/"),
              "%s", c.item[i].text);
    attn_cases_free(&c);

    CHECK(expand("kernel = ref\n[a]\ncontext = 8\ntile = 24,auto\n", &s, &c, &why) == 0, "%s",
          why.text);
    CHECK(c.n == 2 && c.item[0].skip && !c.item[1].skip, "%zu cases", c.n);
    CHECK_STR(c.item[0].skip, "ref lets nobody choose its tile");
    attn_cases_free(&c);
    CHECK(expand("kernel = naive.c\n[a]\ncontext = 8\nprefetch = 2\n", &s, &c, &why) == 0, "%s",
          why.text);
    CHECK_STR(c.item[0].skip, "naive.c lets nobody choose what it prefetches");
    attn_cases_free(&c);

    CHECK(expand("kernel = naive.c,ref,online.c\n[a]\ncontext = 8\nsplits = 2\n", &s, &c, &why) ==
              0,
          "%s", why.text);
    CHECK(c.n == 3 && c.item[0].skip && c.item[1].skip && !c.item[2].skip, "%zu cases", c.n);
    CHECK_STR(c.item[0].skip, "naive.c lets nobody choose its splits");
    attn_cases_free(&c);
}

/* Named kernels that cannot run a problem say why; those of a glob are counted. */
static void test_unfit(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ceil_idot.c\n[a]\ncontext = 8\nkv_type = f16,i8\n", &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 2, "%zu cases", c.n);
    CHECK(c.item[0].skip && !c.item[0].kernel, "f16 is not read by an integer ceiling");
    CHECK(!c.item[1].skip && c.item[1].kernel, "i8 is");
    attn_cases_free(&c);

    CHECK(expand("kernel = ceil_idot.c*\n[a]\ncontext = 8\nkv_type = f16,i8\n", &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 1 && c.unfit == 1, "%zu cases, %zu unfit", c.n, c.unfit);
    CHECK_STR(c.unfit_first.text, "ceil_idot.c does not read a K cache of f16");
    attn_cases_free(&c);
    CHECK(expand("kernel = ceil_idot.c*\n[a]\ncontext = 8\nkv_type = f16\n", &s, &c, &why) ==
              -EINVAL,
          "nothing can");
    CHECK(strstr(why.text, "no kernel selected can run"), "%s", why.text);
}

static void test_too_many(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\n[a]\nbatch = 1-4000+1\ncontext = 1-4000+1\n", &s, &c, &why) ==
              -EINVAL,
          "sixteen million");
    CHECK_STR(why.text, "x, block a: the sweep multiplies to 1.6e+07 combinations; make its lists "
                        "shorter");
}

/* Equal shapes run once, and the label says whose they are. */
static void test_models(void)
{
    struct attn_sweep s;
    struct attn_cases c;
    struct attn_message why;
    CHECK(expand("kernel = ref\ncontext = 64\n[a]\nmodel = llama-3.1-8b,mistral-7b-v0.3\n"
                 "[b]\nheads = 32\nkv_heads = 8\ndim = 128\n[c]\nmodel = llama-3.1-8b\n"
                 "kv_heads = 4\n",
                 &s, &c, &why) == 0,
          "%s", why.text);
    CHECK(c.n == 2 && c.repeated == 2, "%zu cases, %zu repeated", c.n, c.repeated);
    CHECK_STR(c.item[0].text, "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:64/"
                              "real_time/threads:2");
    CHECK_STR(c.group[0].label, "llama-3.1-8b, mistral-7b-v0.3");
    CHECK(c.item[1].name.problem.kv_heads == 4, "a key beside a model wins");
    CHECK_STR(c.group[1].label, "llama-3.1-8b with kv_heads 4");
    attn_cases_free(&c);

    CHECK(expand("kernel = ref\ncontext = 64\nmodel = t5-xxl\n[a]\n[b]\nrel_bias = off\n", &s, &c,
                 &why) == 0,
          "%s", why.text);
    CHECK_STR(c.item[0].text, "decode/ref/kv:f16/batch:1/heads:64/kv_heads:64/dim:64/context:64/"
                              "rel_bias:1/scale:1/real_time/threads:2");
    CHECK_STR(c.item[1].text, "decode/ref/kv:f16/batch:1/heads:64/kv_heads:64/dim:64/context:64/"
                              "scale:1/real_time/threads:2");
    CHECK_STR(c.group[1].label, "t5-v1.1-xxl with rel_bias off");
    attn_cases_free(&c);
}

int main(void)
{
    test_models();
    test_product();
    test_once();
    test_dropped();
    test_words();
    test_knobs();
    test_unfit();
    test_too_many();
    return test_exit();
}
