/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole layers as cases: rows of right kernels have times and the columns of layers, a kernel that
 * is wrong leaves an error row, names and configs are inverse, and what cannot be is refused.
 */
#include "tests/test.h"

#include "analysis/column.h"
#include "bench/cases/layer_shape.h"
#include "bench/cases/run.h"
#include "bench/cases/sweep.h"

#include <errno.h>
#include <math.h>

struct seen {
    int rows, errors, skipped;
    double real_time, attention, parts, bytes, kv_bytes, error, bound, layers_run;
    double ratio, counted, measured;
    char message[256];
};

static double counter(const struct benchmark_row *row, enum ana_column_id id)
{
    const struct benchmark_counter *const c = benchmark_row_counter(row, ana_columns[id].name);
    return c ? c->value : -1;
}

static void on_row(void *user, const struct benchmark_row *row)
{
    struct seen *const s = user;
    s->rows++;
    s->errors += row->status == BENCHMARK_ROW_ERROR;
    s->skipped += row->status == BENCHMARK_ROW_SKIPPED;
    s->real_time = row->real_time;
    s->attention = counter(row, ANA_ATTENTION_FRACTION);
    s->parts = counter(row, ANA_PARTS_NS);
    s->bytes = counter(row, ANA_BYTES);
    s->kv_bytes = counter(row, ANA_KV_BYTES);
    s->error = counter(row, ANA_MAX_ABS_ERROR);
    s->bound = counter(row, ANA_ERROR_BOUND);
    s->layers_run = counter(row, ANA_LAYERS_RUN);
    s->ratio = counter(row, ANA_MEMORY_RATIO);
    s->counted = counter(row, ANA_MEMORY_RATIO_COUNTED);
    s->measured = counter(row, ANA_MEMORY_RATIO_MEASURED);
    snprintf(s->message, sizeof(s->message), "%s", row->message ? row->message : "");
}

/* A one-block suite; every case of it measured for two calls. */
static struct seen measure(struct attn_host *host, const char *keys, const struct attn_kernel *swap)
{
    struct attn_sweep sweep;
    struct attn_cases cases;
    struct attn_session session;
    struct attn_message why = {.text = ""};
    struct seen seen = {.rows = 0};
    char text[1024];
    FILE *const nowhere = fopen("/dev/null", "w");
    const struct benchmark_hooks hooks = {.struct_size = sizeof(hooks),
                                          .out = nowhere,
                                          .err = nowhere};
    struct benchmark_runner *const runner = benchmark_runner_new(&hooks);
    char program[] = "test", time[] = "--benchmark_min_time=2x",
         once[] = "--benchmark_repetitions=1";
    char *argv[] = {program, time, once, NULL};
    int argc = 3;
    snprintf(text, sizeof(text),
             "[one]\nheads = 4\nkv_heads = 2\ndim = 16\ncontext = 50\nthreads = 2\ncache = hot\n"
             "width = 64\nffn = 96\n%s",
             keys);
    CHECK(attn_sweep_parse("test", text, &sweep, &why) == 0, "%s", why.text);
    CHECK(attn_cases_expand(&sweep, 1, &cases, &why) == 0, "%s", why.text);
    for (size_t i = 0; i < cases.n; i++) {
        struct attn_name again;
        CHECK(attn_name_parse(cases.item[i].text, &again) == 0, "%s", cases.item[i].text);
        if (swap)
            cases.item[i].kernel = swap;
    }
    CHECK(benchmark_initialize(runner, &argc, argv) == 0, "flags");
    CHECK(attn_session_open(&session, host, &cases, runner, NULL, &why) == 0, "%s", why.text);
    benchmark_on_row(runner, on_row, &seen);
    CHECK(benchmark_run(runner) == 0, "status");
    attn_session_close(&session);
    benchmark_runner_free(runner);
    attn_cases_free(&cases);
    attn_sweep_free(&sweep);
    fclose(nowhere);
    return seen;
}

static void check_right(struct attn_host *host)
{
    static const char *const blocks[] = {
        "phase = layer\n",
        "phase = layer\nbatch = 14\nragged = 40\nlayout = paged16\nweights = i8\n",
        "phase = layer\nform = gemma2\nsoftcap = 50\nkv_type = f32\n",
        "phase = layer\nform = t5\ncross = 30\nq_len = 3\nmask = tree\n",
        "phase = model\nlayers = 3\nvocab = 200\n",
        ("phase = model\nlayers = 7\nvocab = 200\nlayers_run = 2\nmix = 2w16k1+1s+1\nlayout = "
         "ring\n"),
        "phase = model\nlayers = 2\nvocab = 7\nform = gpt2\nweights = f32\nbatch = 3\n",
        "phase = model\nlayers = 2\nvocab = 1\nform = falcon\nprojection = gemv\nbatch = 13\n",
        "phase = model\nlayers = 2\nvocab = 65\nform = gemma3\nprojection = gemm\nweights = i8\n",
        "phase = layer\nform = t5\ncross = 30\nq_len = 3\nrel_bias = on\nscale = 1\n",
        "phase = model\nlayers = 2\nvocab = 9\nform = t5\ncross = 5\nrel_bias = on\nbatch = 2\n",
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
        const struct seen s = measure(host, blocks[i], NULL);
        CHECK(s.rows == 1 && !s.errors && !s.skipped && s.real_time > 0, "%s: %d rows: %s",
              blocks[i], s.rows, s.message);
        CHECK(s.attention > 0 && s.attention < 1, "%s: attention_fraction %g", blocks[i],
              s.attention);
        CHECK(s.parts > 0 && s.parts < 1e9 * s.real_time * 1.5, "%s: parts %g of %g", blocks[i],
              s.parts, 1e9 * s.real_time);
        CHECK(s.bound > 0 && s.error >= 0 && s.error <= s.bound, "%s: %g, bound %g", blocks[i],
              s.error, s.bound);
        CHECK(s.bytes > s.kv_bytes, "%s", blocks[i]);
    }
    const struct seen s = measure(host, blocks[5], NULL);
    CHECK(s.layers_run == 2, "%g layers run", s.layers_run);
    /* Per four layers two rings of 16 tokens with one head, one whole cache, one of nobody's. */
    const double row = 16 * 2 * 2;
    CHECK(s.kv_bytes == (4 * 16 * 1 + 1 * 50 * 2 + 0) * row + 0 * row, "%g", s.kv_bytes / row);
}

/* Of arXiv 1911.02150: 1/d + n G/(d h) + 1/b with d = 64, G/h = 1/2, n the mean of what both
 * attentions see; f16 counts as the elements it has. */
static void check_ratio(struct attn_host *host)
{
    static const struct {
        const char *keys;
        double ratio;
    } cases[] = {
        {"phase = layer\n", 1.0 / 64 + 50 / 128.0 + 1},
        {"phase = layer\nkv_type = i8\nwindow = 10\n", 1.0 / 64 + 10 / 128.0 + 1},
        {"phase = layer\nform = t5\ncross = 30\n", 1.0 / 64 + 40 / 128.0 + 1},
        {"phase = layer\nform = t5\ncross = 30\nwindow = 10\n", 1.0 / 64 + 20 / 128.0 + 1},
        {"phase = layer\nq_len = 4\nmask = tree\n", 1.0 / 64 + 50 / 128.0 / 4 + 1.0 / 4},
        {"phase = model\nlayers = 2\nvocab = 200\nbatch = 8\n", 1.0 / 64 + 50 / 128.0 + 1.0 / 8},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct seen s = measure(host, cases[i].keys, NULL);
        CHECK(fabs(s.ratio - cases[i].ratio) < 1e-9, "%s: %.9g, expected %.9g", cases[i].keys,
              s.ratio, cases[i].ratio);
        CHECK(s.counted > 0 && s.measured > s.counted, "%s: %g counted, %g measured", cases[i].keys,
              s.counted, s.measured);
    }
}

/* Attention that is a little off, and attention that forgets its last row. */
static bool forgets;

static void wrong_phase(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t n = (size_t)p->batch * p->q_len * p->heads * p->dim_v;
    (void)ranks;
    for (size_t i = 0; rank == 0 && i + forgets < n; i++)
        args->out[i] = 0.25f;
}

static const struct attn_kernel wrong = {
    .struct_size = sizeof(struct attn_kernel),
    .rung = "fake",
    .isa = "",
    .summary = "wrong",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phase = {wrong_phase},
    .phase_name = {"attend"},
};

static void check_wrong(struct attn_host *host)
{
    for (int f = 0; f < 2; f++) {
        forgets = f;
        struct seen s = measure(host, "phase = layer\n", &wrong);
        CHECK(s.rows == 1 && s.errors == 1, "%d rows, %d errors", s.rows, s.errors);
        CHECK(strstr(s.message, "wrong result in layer 0"), "%s", s.message);
        s = measure(host, "phase = model\nlayers = 3\nvocab = 50\n", &wrong);
        CHECK(s.rows == 1 && s.errors == 1, "%d rows, %d errors", s.rows, s.errors);
    }
}

/* T5's self-attention comes with biases that differ by head and end in one value, the attention to
 * its encoder without. */
static int looked, biased, plain;

static void looking_phase(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const float *const b = args->bias;
    (void)ranks;
    if (rank)
        return;
    looked++;
    if (p->mask == ATTN_FULL)
        plain += !b && !p->rel_bias;
    else
        biased += b && p->rel_bias && b[0] != b[1] && b[0] != b[ATTN_BIAS_SPAN] &&
                  b[ATTN_BIAS_SPAN - 1] == b[113] && b[113] != b[112];
}

static void check_bias(struct attn_host *host)
{
    struct attn_kernel looking = wrong;
    looking.phase[0] = looking_phase;
    measure(host, "phase = layer\nform = t5\ncross = 30\nrel_bias = on\n", &looking);
    CHECK(biased && plain && biased + plain == looked, "%d looked, %d with the bias, %d without",
          looked, biased, plain);
}

static void check_refused(void)
{
    static const char *const blocks[][2] = {
        {"phase = layer\nmodel = phi-2\n", "--width"},
        {"phase = layer\nform = t5\n", "cross"},
        {"phase = layer\ncross = 9\n", "cross"},
        {"phase = model\nlayers = 4\nlayers_run = 5\n", "layers_run"},
        {"phase = model\nmix = 1s+1\n", "share"},
        {"phase = model\nmix = 1k3+1\n", "kv_heads 3"},
        {"phase = layer\ndim = 17\n", "odd"},
        {"phase = layer\nlayout = ring\n", "ring"},
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
        struct attn_sweep sweep;
        struct attn_cases cases;
        struct attn_message why = {.text = ""};
        char text[256];
        snprintf(text, sizeof(text), "[one]\n%s", blocks[i][0]);
        CHECK(attn_sweep_parse("test", text, &sweep, &why) == 0, "%s", why.text);
        CHECK(attn_cases_expand(&sweep, 1, &cases, &why) == -EINVAL, "%s passes", blocks[i][0]);
        CHECK(strstr(why.text, blocks[i][1]), "%s: %s", blocks[i][0], why.text);
        attn_sweep_free(&sweep);
    }
    static const char *const names[] = {
        "layer/x/kv:f16/batch:1/heads:4/kv_heads:2/dim:16/context:50/form:llama/weights:bf16/"
        "width:64/ffn:96/layers:3",
        "decode/x/kv:f16/batch:1/heads:4/kv_heads:2/dim:16/context:50/form:llama",
        "model/x/kv:f16/batch:1/heads:4/kv_heads:2/dim:16/context:50/form:llama/weights:bf16/"
        "width:64/ffn:96",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct attn_name name;
        CHECK(attn_name_parse(names[i], &name) == -EINVAL, "%s passes", names[i]);
    }
}

int main(void)
{
    static struct attn_host host;
    struct attn_message why;
    if (attn_host_open(&host, test_seed(), &why)) {
        printf("%s\n", why.text);
        return TEST_SKIP;
    }
    check_right(&host);
    check_ratio(&host);
    check_wrong(&host);
    check_bias(&host);
    check_refused();
    attn_host_close(&host);
    return test_exit();
}
