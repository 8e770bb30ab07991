/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rows say of bytes when somebody counts them. The source is made up and knows what the kernel
 * moved, because it is told; what is tested is all between a source and a row: calibration first,
 * repetitions that count apart from those that are timed, readings that are thrown away, and a
 * source that goes bad in the middle, whose rows lose their figures and nothing else.
 */
#include "bench/cases/run.h"

#include "analysis/column.h"
#include "tests/test.h"

enum { AMPLIFICATION = 2, ROWS = 16 };

static double moved;      /* by the kernel, told by it */
static double ratio = 1;  /* of what the source says on the known reading kernel */
static int bad_readings;  /* so many of the next ones fail */
static int counted_calls; /* of the kernel while the source counts */

static struct {
    double before, bytes; /* bytes: of the known kernels */
    int starts, calibrations, counting;
} source;

/* ---- a kernel that is right, and says what it moves */

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t rows = p->batch * p->q_len * p->heads;
    double values[64];
    struct attn_expected row = {.out = values};
    if (rank == 0) {
        moved += AMPLIFICATION * (double)attn_bytes(p);
        counted_calls += source.counting;
    }
    for (uint32_t index = (uint32_t)rank; index < rows; index += (uint32_t)ranks) {
        row.head = index % p->heads;
        row.i = index / p->heads % p->q_len;
        row.batch = index / p->heads / p->q_len;
        attn_check_expect(args, &row);
        for (uint32_t d = 0; d < p->dim_v; d++)
            args->out[(size_t)index * p->dim_v + d] = (float)values[d];
    }
}

static const struct attn_kernel kernel = {
    .struct_size = sizeof(struct attn_kernel),
    .rung = "fake",
    .isa = "",
    .summary = "the oracle",
    .kind = ATTN_ORACLE,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phase = {attend},
    .phase_name = {"attend"},
};

/* ---- a source that knows */

static enum counter_state source_start(void *self, int pass, struct team *team,
                                       struct counter_trouble *trouble)
{
    (void)self, (void)pass, (void)team, (void)trouble;
    source.before = moved;
    source.starts++;
    source.counting = 1;
    return COUNTER_OK;
}

static enum counter_state source_stop(void *self, int pass, struct byte_count *count, double *ns,
                                      struct counter_trouble *trouble)
{
    (void)self, (void)pass;
    *ns = 1e9;
    source.counting = 0;
    if (moved == source.before) { /* read, write, stream, and from then on reads */
        const int kernels = source.calibrations++;
        count->read += ratio * source.bytes * (kernels != 2);
        return COUNTER_OK;
    }
    if (bad_readings && bad_readings--)
        return counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE, "not this time");
    count->read += moved - source.before;
    return COUNTER_OK;
}

static void source_close(void *self)
{
    (void)self;
}

static enum counter_state source_open(struct byte_meter *meter, const char *root,
                                      struct counters *counters, struct counter_trouble *trouble)
{
    (void)root, (void)counters, (void)trouble;
    *meter = (struct byte_meter){.passes = 1,
                                 .event = -1,
                                 .start = source_start,
                                 .stop = source_stop,
                                 .close = source_close};
    return COUNTER_OK;
}

static enum counter_state none(struct byte_meter *meter, const char *root,
                               struct counters *counters, struct counter_trouble *trouble)
{
    (void)meter, (void)root, (void)counters;
    return counter_trouble_set(trouble, COUNTER_ABSENT, "not here");
}

static byte_open_fn *const sources[BYTES_SOURCES] = {NULL, none,        none, none,
                                                     none, source_open, none, NULL};

/* ---- running cases */

struct seen {
    int rows, errors;
    struct {
        double time, dram, id, amplification, faults, fills;
        char aggregate[16], label[64];
    } row[ROWS];
};

static double counter(const struct benchmark_row *row, const char *name)
{
    const struct benchmark_counter *const c = benchmark_row_counter(row, name);
    return c ? c->value : -1;
}

static void on_row(void *user, const struct benchmark_row *row)
{
    struct seen *const s = user;
    if (s->rows == ROWS)
        return;
    s->errors += row->status != BENCHMARK_ROW_OK;
    s->row[s->rows].time = row->real_time;
    s->row[s->rows].dram = counter(row, ana_columns[ANA_DRAM_BYTES].name);
    s->row[s->rows].id = counter(row, ana_columns[ANA_BYTE_SOURCE_ID].name);
    s->row[s->rows].amplification = counter(row, ana_columns[ANA_READ_AMPLIFICATION].name);
    s->row[s->rows].faults = counter(row, "page-faults");
    s->row[s->rows].fills = counter(row, ana_columns[ANA_L2_FILL_BYTES].name);
    snprintf(s->row[s->rows].aggregate, sizeof(s->row[0].aggregate), "%s",
             row->aggregate_name ? row->aggregate_name : "");
    snprintf(s->row[s->rows].label, sizeof(s->row[0].label), "%s", row->label ? row->label : "");
    s->rows++;
}

static struct benchmark_runner *new_runner(FILE *nowhere, const char *events)
{
    struct benchmark_hooks hooks = {.struct_size = sizeof(hooks), .out = nowhere, .err = nowhere};
    char program[] = "test", time[] = "--benchmark_min_time=4x",
         repetitions[] = "--benchmark_repetitions=3", list[128];
    char *argv[] = {program, time, repetitions, list, NULL};
    int argc = 4;
    snprintf(list, sizeof(list), "--benchmark_perf_counters=%s", events);
    attn_session_hooks(&hooks);
    struct benchmark_runner *const runner = benchmark_runner_new(&hooks);
    CHECK(benchmark_initialize(runner, &argc, argv) == 0, "flags");
    return runner;
}

static struct attn_problem small(void)
{
    struct attn_problem p = attn_problem_default();
    p.heads = 4;
    p.kv_heads = 2;
    p.dim = p.dim_v = 16;
    p.context = 40;
    return p;
}

static struct seen measure(struct attn_host *host, struct attn_counting *counting)
{
    static char name[] = "decode/fake/one", label[] = "a model";
    struct attn_case c = {
        .name = {.kernel = "fake", .problem = small(), .threads = 2, .hot = true},
        .text = name,
        .kernel = &kernel,
    };
    struct attn_group group = {.problem = c.name.problem, .label = label, .n = 1};
    const struct attn_cases cases = {.item = &c, .n = 1, .group = &group, .groups = 1};
    struct attn_session session;
    struct attn_message why = {.text = ""};
    struct seen seen = {.rows = 0};
    FILE *const nowhere = fopen("/dev/null", "w");
    struct benchmark_runner *const runner = new_runner(nowhere, "page-faults");
    CHECK(attn_session_open(&session, host, &cases, runner, NULL, &why) == 0, "%s", why.text);
    session.counting = counting;
    benchmark_on_row(runner, on_row, &seen);
    CHECK(benchmark_run(runner) == 0, "status");
    attn_session_close(&session);
    benchmark_runner_free(runner);
    fclose(nowhere);
    return seen;
}

static void check_rows(const struct seen *s, const char *what, double id, bool label)
{
    const struct attn_problem p = small();
    const double bytes = (double)attn_bytes(&p);
    CHECK(s->rows == 7 && s->errors == 0, "%s: %d rows, %d errors", what, s->rows, s->errors);
    for (int i = 0; i < s->rows; i++) {
        const char *const a = s->row[i].aggregate;
        CHECK(s->row[i].time >= 0 && s->row[i].faults >= 0, "%s: row %d lost more than bytes", what,
              i);
        CHECK((strstr(s->row[i].label, "dram_bytes dropped") != NULL) == label, "%s: label \"%s\"",
              what, s->row[i].label);
        if (strcmp(a, "stddev") == 0 || strcmp(a, "cv") == 0)
            continue;
        CHECK(s->row[i].id == id, "%s: row %d %s: source %g, not %g", what, i, a, s->row[i].id, id);
        if (id == BYTES_MODELLED)
            CHECK(s->row[i].dram < 0 && s->row[i].amplification < 0, "%s: row %d has figures", what,
                  i);
        else
            CHECK(s->row[i].dram == AMPLIFICATION * bytes &&
                      s->row[i].amplification == AMPLIFICATION,
                  "%s: row %d %s: %g bytes, %g times", what, i, a, s->row[i].dram,
                  s->row[i].amplification);
    }
}

static void open_counting(struct attn_counting *counting, struct attn_host *host)
{
    const struct attn_settings settings = {.text = {NULL}};
    struct attn_message why = {.text = ""};
    FILE *const nowhere = fopen("/dev/null", "w");
    struct benchmark_runner *const runner = new_runner(nowhere, "page-faults");
    memset(&source, 0, sizeof(source));
    ratio = 1;
    source.bytes = 4.0 * (double)attn_host_llc(host, MACHINE_COMPACT, 2);
    *counting = (struct attn_counting){.sources = sources};
    CHECK(attn_counting_open(counting, &settings, runner, host, 2, &why) == 0, "%s", why.text);
    CHECK(counting->bytes.id == BYTES_CORE_FILL && source.calibrations == 3, "calibrated: %d, %d",
          counting->bytes.id, source.calibrations);
    /* Calls are too short here for what a machine's own counters cost. */
    for (int role = 0; role < COUNTER_ROLES; role++) {
        for (int i = 0; i < counting->role[role].n; i++)
            counters_drop(counting->counters, counting->role[role].index[i]);
        counting->role[role].n = 0;
    }
    counters_prove(counting->counters);
    benchmark_runner_free(runner);
    fclose(nowhere);
}

static void rows(struct attn_host *host)
{
    struct attn_counting counting;
    struct machine_context context = {0};
    open_counting(&counting, host);
    attn_counting_describe(&counting, &context);
    const char *const said = context_get(&context, "byte_sources");
    CHECK(said && strstr(said, "5 core.fill: used, our threads, lines read (read 1.00, write 1.00, "
                               "stream 0.00)"),
          "%s", said);
    CHECK(strstr(context_get(&context, "counters"), "page-faults: ok"), "%s",
          context_get(&context, "counters"));
    for (size_t i = 0; i < context.warnings; i++)
        CHECK(!strstr(context.warning[i], "modelled"), "%s", context.warning[i]);
    context_free(&context);

    /* An event that is there on every machine stands for lines. */
    counting.role[ROLE_L2_FILLS] = (struct counter_sum){.index = {counting.asked[0]}, .n = 1};
    counting.bytes.bytes_per_second = 0; /* nothing is timed here */
    counted_calls = 0;
    struct seen s = measure(host, &counting);
    check_rows(&s, "good", BYTES_CORE_FILL, false);
    for (int i = 0; i < 3; i++)
        CHECK(s.row[i].fills == 64 * s.row[i].faults, "%g lines, %g bytes", s.row[i].faults,
              s.row[i].fills);
    CHECK(counted_calls == 3 * 4, "as long as the timed passes: %d calls", counted_calls);

    /* One reading of three is thrown away: the row of that repetition has none, the median has. */
    counting.bytes.bytes_per_second = 0;
    bad_readings = 1;
    s = measure(host, &counting);
    CHECK(s.row[0].id == BYTES_MODELLED && s.row[0].dram < 0, "the first was thrown away");
    CHECK(s.row[1].id == BYTES_CORE_FILL && s.row[1].amplification == AMPLIFICATION,
          "not the next");
    CHECK(strcmp(s.row[4].aggregate, "median") == 0 && s.row[4].amplification == AMPLIFICATION,
          "%s: %g", s.row[4].aggregate, s.row[4].amplification);
    CHECK(strcmp(counting.last, "not this time") == 0, "%s", counting.last);
    CHECK(counting.rejected == 1 &&
              counting.taken == 2 * 3 * (unsigned)attn_counting_passes(&counting),
          "%u of %u readings", counting.rejected, counting.taken);

    /* Goes bad while a case runs: figures are dropped and marked, rows stay; later ones know. */
    ratio = 0.4;
    s = measure(host, &counting);
    check_rows(&s, "lost", BYTES_MODELLED, true);
    CHECK(strncmp(counting.bytes.lost, "core.fill: ", 11) == 0, "%s", counting.bytes.lost);
    s = measure(host, &counting);
    check_rows(&s, "after", BYTES_MODELLED, false);
    attn_counting_close(&counting);
}

/* Demanded counters are found to be missing before anything is measured. */
static void demanded(struct attn_host *host)
{
    static const struct {
        const char *mode, *events, *expected; /* expected: the end of the sentence's beginning */
    } cases[] = {
        {"off", "page-faults", "--counters=off and --benchmark_perf_counters contradict"},
        {"auto", "page-faults,,x", "--benchmark_perf_counters: \"page-faults,,x\" lacks a name"},
        {"auto", "page-fautls",
         "--benchmark_perf_counters: no event is called \"page-fautls\"; did you mean "
         "page-faults?"},
        {"require", "nosuchpmu/event=1/", "--counters=require: nosuchpmu/event=1/ is absent: "},
        {"require", "page-faults,nosuchpmu/event=1,umask=2/",
         "--counters=require: nosuchpmu/event=1,umask=2/ is absent: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct attn_settings settings = {.text = {NULL}};
        struct attn_counting counting = {.sources = sources};
        struct attn_message why = {.text = ""};
        FILE *const nowhere = fopen("/dev/null", "w");
        struct benchmark_runner *const runner = new_runner(nowhere, cases[i].events);
        settings.text[ATTN_OPT_COUNTERS] = cases[i].mode;
        memset(&source, 0, sizeof(source));
        CHECK(attn_counting_open(&counting, &settings, runner, host, 2, &why) < 0, "%s %s",
              cases[i].mode, cases[i].events);
        CHECK(strncmp(why.text, cases[i].expected, strlen(cases[i].expected)) == 0, "%s", why.text);
        attn_counting_close(&counting);
        benchmark_runner_free(runner);
        fclose(nowhere);
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
    /* The known kernels walk four times the last-level cache: a small one will do. */
    if (host.topology.llc_level)
        host.topology.cache[host.topology.llc_level - 1].size = 1 << 20;
    if (attn_host_llc(&host, MACHINE_COMPACT, 2) == 0 ||
        attn_host_llc(&host, MACHINE_COMPACT, 2) > 64 << 20) {
        puts("the size of the last-level cache is not known");
        attn_host_close(&host);
        return TEST_SKIP;
    }
    rows(&host);
    demanded(&host);
    attn_host_close(&host);
    return test_exit();
}
