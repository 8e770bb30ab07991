/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No number without a check, seen from outside: kernels that are wrong in four ways run as cases,
 * and each has to leave an error row and no time. A right one has to leave times and columns.
 */
#include "tests/test.h"

#include "analysis/column.h"
#include "bench/cases/run.h"

#include <math.h>

enum fault { RIGHT, WRONG, FORGETFUL, NOT_A_NUMBER, LATE };

static enum fault fault;
static int calls; /* of the kernel in the current case; written in the first phase by rank 0 */

static void count(const struct attn_args *args, int rank, int ranks)
{
    (void)args;
    (void)ranks;
    if (rank == 0)
        calls++;
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t rows = p->batch * p->q_len * p->heads;
    double values[64];
    struct attn_expected row = {.out = values};
    for (uint32_t index = (uint32_t)rank; index < rows; index += (uint32_t)ranks) {
        row.head = index % p->heads;
        row.i = index / p->heads % p->q_len;
        row.batch = index / p->heads / p->q_len;
        attn_check_expect(args, &row);
        float *const out = args->out + (size_t)index * p->dim_v;
        for (uint32_t d = 0; d < p->dim_v; d++)
            out[d] = (float)values[d];
        if (fault == WRONG || (fault == LATE && calls > 1))
            out[p->dim_v - 1] += 0.01f;
        if (fault == NOT_A_NUMBER)
            out[0] = NAN;
        if (fault == FORGETFUL && index == rows - 1)
            memset(out, 0xff, sizeof(*out)); /* as the poison left it */
    }
}

static const struct attn_kernel kernel = {
    .struct_size = sizeof(struct attn_kernel),
    .rung = "fake",
    .isa = "",
    .summary = "the oracle, or something else",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phase = {count, attend},
    .phase_name = {"count", "attend"},
};

struct seen {
    int rows, errors, skipped;
    double real_time, max_abs_error, bound, kv_bytes, copies, ceiling, turns;
    double min, p50, p90, max, floor, huge;
    char message[256], label[64];
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
    s->max_abs_error = counter(row, ANA_MAX_ABS_ERROR);
    s->bound = counter(row, ANA_ERROR_BOUND);
    s->kv_bytes = counter(row, ANA_KV_BYTES);
    s->copies = counter(row, ANA_COPIES);
    s->min = counter(row, ANA_MIN_NS);
    s->p50 = counter(row, ANA_P50_NS);
    s->p90 = counter(row, ANA_P90_NS);
    s->max = counter(row, ANA_MAX_NS);
    s->floor = counter(row, ANA_JITTER_FLOOR_NS);
    s->huge = counter(row, ANA_HUGE_FRACTION);
    s->ceiling = counter(row, ANA_CEILING_FRACTION);
    s->turns = counter(row, ANA_TURN_FMA_FRACTION);
    snprintf(s->message, sizeof(s->message), "%s", row->message ? row->message : "");
    snprintf(s->label, sizeof(s->label), "%s", row->label ? row->label : "");
}

/* One case, measured for one call, or with `skip` not at all. */
static struct seen measure(struct attn_host *host, enum fault how, const char *skip)
{
    static char name[] = "decode/fake/one", label[] = "a model";
    struct attn_case c = {
        .name = {.kernel = "fake", .problem = attn_problem_default(), .threads = 2, .hot = true},
        .text = name,
        .kernel = skip ? NULL : &kernel,
        .skip = (char *)(uintptr_t)skip,
    };
    c.name.problem.heads = 4;
    c.name.problem.kv_heads = 2;
    c.name.problem.dim = c.name.problem.dim_v = 16;
    c.name.problem.context = 40;
    struct attn_group group = {.problem = c.name.problem, .label = label, .n = 1};
    const struct attn_cases cases = {.item = &c, .n = 1, .group = &group, .groups = 1};
    struct attn_session session;
    struct attn_message why = {.text = ""};
    struct seen seen = {.rows = 0};
    FILE *const nowhere = fopen("/dev/null", "w");
    const struct benchmark_hooks hooks = {.struct_size = sizeof(hooks),
                                          .out = nowhere,
                                          .err = nowhere};
    struct benchmark_runner *const runner = benchmark_runner_new(&hooks);
    char program[] = "test", time[] = "--benchmark_min_time=2x",
         once[] = "--benchmark_repetitions=1";
    char *argv[] = {program, time, once, NULL};
    int argc = 3;
    fault = how;
    calls = 0;
    CHECK(benchmark_initialize(runner, &argc, argv) == 0, "flags");
    CHECK(attn_session_open(&session, host, &cases, runner, NULL, &why) == 0, "%s", why.text);
    benchmark_on_row(runner, on_row, &seen);
    CHECK(benchmark_run(runner) == 0, "status");
    attn_session_close(&session);
    benchmark_runner_free(runner);
    fclose(nowhere);
    return seen;
}

int main(void)
{
    static struct attn_host host;
    struct attn_message why;
    if (attn_host_open(&host, test_seed(), &why)) {
        printf("%s\n", why.text);
        return TEST_SKIP;
    }

    struct seen s = measure(&host, RIGHT, NULL);
    CHECK(s.rows == 1 && s.errors == 0 && s.real_time > 0, "%d rows, %d errors: %s", s.rows,
          s.errors, s.message);
    CHECK(s.max_abs_error >= 0 && s.max_abs_error <= s.bound, "%g, bound %g", s.max_abs_error,
          s.bound);
    CHECK(s.kv_bytes == 40 * 2 * (16 + 16) * 2, "kv_bytes %g", s.kv_bytes);
    CHECK(s.copies == 1, "hot is one copy, not %g", s.copies);
    CHECK(s.ceiling > 0, "a rung has a ceiling");
    CHECK(s.min > 0 && s.min <= s.p50 && s.p50 <= s.max, "fastest call %g, median %g, slowest %g",
          s.min, s.p50, s.max);
    CHECK(s.p90 == -1, "two calls have a 90th percentile: %g", s.p90);
    CHECK(s.floor >= 0 && s.huge >= 0 && s.huge <= 1, "floor %g, huge %g", s.floor, s.huge);
    CHECK(strncmp(s.label, "a model", 7) == 0, "label \"%s\"", s.label);
    CHECK(calls >= 4 + 5 && calls <= 4 + 99,
          "checked, timed twice, checked, 5 to 99 turns with ceilings: %d calls", calls);
    CHECK(s.turns > 0, "turns with an arithmetic ceiling say %g", s.turns);

    static const struct {
        enum fault fault;
        const char *when;
    } wrong[] = {
        {WRONG, "before"}, {FORGETFUL, "before"}, {NOT_A_NUMBER, "before"}, {LATE, "after"}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        s = measure(&host, wrong[i].fault, NULL);
        CHECK(s.rows == 1 && s.errors == 1, "fault %d: %d rows, %d errors", wrong[i].fault, s.rows,
              s.errors);
        CHECK(s.real_time == 0, "fault %d has a time", wrong[i].fault);
        char start[64];
        snprintf(start, sizeof(start), "wrong result %s timing: ", wrong[i].when);
        CHECK(strncmp(s.message, start, strlen(start)) == 0, "said \"%s\"", s.message);
    }

    s = measure(&host, RIGHT, "no such kernel here");
    CHECK(s.rows == 1 && s.skipped == 1 && calls == 0, "a case that cannot run");
    CHECK_STR(s.message, "no such kernel here");
    attn_host_close(&host);
    return test_exit();
}
