/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every registered kernel against the oracle, at every CPU level below this machine's own: hostile
 * shapes (1, a tile less and more one, odd primes, every group up to 128), every layout and
 * variant, five kinds of data, ranks 1 to 5 in a plain loop, poisoned outputs, caches that end at a
 * guard page. A problem's expected rows are worked out once and every kernel is held against them.
 */
#include "tests/kernel_case.h"
#include "tests/test.h"

#include "kernels/cpu.h"
#include "kernels/name.h"
#include "kernels/registry.h"

enum { GROUPS = 128, KERNELS_MAX = 256 };

static double worst_ratio, worst_norm;
static size_t runs, runs_of[KERNELS_MAX]; /* as the registry counts them */

/* `which`: its place in the registry. */
static void check_one(struct kernel_case *c, size_t which, enum data_kind kind, uint32_t splits,
                      int ranks)
{
    size_t count;
    const struct attn_kernel *const kernel = attn_registry(&count)[which];
    struct attn_check result = {0};
    const int wrong = kernel_case_run(c, kernel, splits, ranks, &result);
    struct attn_name name = {.problem = c->problem,
                             .splits = splits,
                             .tile = c->args.tile,
                             .prefetch = c->args.prefetch};
    char text[ATTN_NAME_MAX];

    runs++;
    if (which < KERNELS_MAX)
        runs_of[which]++;
    worst_ratio = result.worst > worst_ratio ? result.worst : worst_ratio;
    worst_norm = result.norm_worst > worst_norm ? result.norm_worst : worst_norm;
    CHECK(wrong || result.quant_worst <= 1, "%g from the original, %g times the bound",
          result.quant_error, result.quant_worst);
    if (!wrong) {
        test_checks++;
        return;
    }
    attn_kernel_name(kernel, name.kernel, sizeof(name.kernel));
    attn_name_format(&name, text, sizeof(text));
    CHECK(!wrong,
          "%s, %s data, %d ranks, seed %llu: row (%u, %u, %u) column %u is %g, not %g"
          " (%.3g times the bound; as a whole %.3g times the limit)",
          text, data_kind_names[kind], ranks, (unsigned long long)c->seed, result.batch, result.i,
          result.head, result.column, result.found, result.expected, result.worst,
          result.norm_worst);
}

/* Tiles of another length, and memory asked for earlier, later or not at all. */
static void check_asked(struct kernel_case *c, size_t which, enum data_kind kind, uint64_t seed)
{
    size_t count;
    const struct attn_kernel *const kernel = attn_registry(&count)[which];
    const uint32_t tile = 8 * (1 + (uint32_t)(seed % 6));
    const int32_t ahead = (int32_t)(seed % (kernel->prefetch_most + 1));
    c->args.tile = tile < kernel->tile_most ? tile : kernel->tile_most;
    c->args.prefetch = !kernel->prefetch_most ? 0 : ahead ? ahead : ATTN_PREFETCH_NONE;
    if (c->args.tile || c->args.prefetch)
        check_one(c, which, kind, 0, 1 + (int)(seed % 3));
    c->args.tile = 0;
    c->args.prefetch = 0;
}

/* As this CPU's memory wants to be read, and as other makers' do, in turn. */
static void read_as(uint64_t turn)
{
    static const struct attn_cpu_reading readings[] = {
        {0},
        {.streams = 8, .burst = UINT16_MAX},
        {.tile = 24, .streams = 4, .burst = 16, .few = true},
    };
    attn_cpu_set_reading(readings[turn % 3]);
}

static void check_problem(const struct attn_problem *p, enum data_kind kind, uint64_t seed,
                          size_t sample)
{
    struct kernel_case c;
    char why[200];
    size_t count;
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    const char *const invalid = attn_problem_invalid(p, why, sizeof(why));

    CHECK(!invalid, "%s", invalid ? invalid : "");
    if (invalid)
        return;
    read_as(seed / 6);
    kernel_case_open(&c, p, kind, seed, sample);
    for (size_t k = 0; k < count; k++) {
        if (attn_kernel_unsupported(kernels[k], p, why, sizeof(why)))
            continue;
        const int first = sample ? 2 : 1, last = sample ? 2 : 5;
        for (int ranks = first; ranks <= last; ranks++)
            check_one(&c, k, kind, 0, ranks);
        check_one(&c, k, kind, 1 + (uint32_t)(seed % 6), 1 + (int)(seed % 3));
        check_asked(&c, k, kind, seed);
    }
    kernel_case_close(&c);
}

static uint32_t pick(uint64_t *state, const uint32_t *values, size_t n)
{
    return values[test_random(state) % n];
}

#define PICK(...) \
    pick(state, (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

static struct attn_problem random_problem(uint64_t *state)
{
    struct attn_problem p = attn_problem_default();
    const uint32_t group = PICK(1, 2, 3, 5, 7, 8, 29, 71);
    p.k_type = (enum attn_type)(test_random(state) % ATTN_TYPES);
    p.v_type = test_random(state) % 3 && !attn_types[p.k_type].channel
                   ? p.k_type
                   : (enum attn_type)(test_random(state) % ATTN_I8C);
    p.batch = PICK(1, 1, 2, 3);
    p.kv_heads = group > 8 ? 1 : PICK(1, 2, 3);
    p.heads = p.kv_heads * group;
    p.dim = PICK(8, 15, 16, 17, 32, 46, 64, 80, 100, 128, 131, 192, 256, 576);
    p.dim_v = test_random(state) % 3 ? p.dim : PICK(8, 13, 64, 128, 512);
    p.context = PICK(1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 97, 127, 128, 129, 191, 257, 331);
    p.q_len = PICK(1, 1, 1, 2, 3, 5, 8, 33);
    p.q_len = p.q_len > p.context ? p.context : p.q_len;
    p.layout =
        (enum attn_layout)PICK(ATTN_CONTIGUOUS, ATTN_CONTIGUOUS, ATTN_TOKEN_MAJOR, ATTN_TOKEN_MAJOR,
                               ATTN_PAGED, ATTN_PAGED, ATTN_RING, ATTN_RING, ATTN_TRANSPOSED);
    if (p.layout == ATTN_TRANSPOSED)
        p.k_type = (enum attn_type)PICK(ATTN_F32, ATTN_F16, ATTN_BF16);
    p.page = p.layout == ATTN_PAGED ? PICK(1, 5, 16, 64) : 0;
    p.window = p.layout == ATTN_RING || test_random(state) % 4 == 0 ? PICK(1, 7, 16, 50, 128) : 0;
    p.chunk = test_random(state) % 8 ? 0 : 32;
    p.mask = test_random(state) % 8 ? ATTN_CAUSAL : test_random(state) % 2 ? ATTN_FULL : ATTN_TREE;
    p.head_map = test_random(state) % 4 ? ATTN_MAP_BLOCK : ATTN_MAP_CYCLIC;
    p.ragged = p.batch > 1 ? PICK(0, 50, 90) : 0;
    p.sinks = test_random(state) % 4 == 0;
    p.alibi = test_random(state) % 6 == 0;
    p.rel_bias = !p.alibi && p.mask != ATTN_FULL && test_random(state) % 5 == 0;
    p.softcap = test_random(state) % 5 ? 0 : 20;
    p.scale = test_random(state) % 6 ? 0 : 0.11f;
    if (test_random(state) % 10 == 0 && p.dim >= 64 && p.layout != ATTN_TRANSPOSED) {
        p.v_is_k_prefix = true;
        p.k_type = attn_types[p.k_type].channel ? ATTN_I8 : p.k_type;
        p.dim_v = attn_types[p.k_type].bits < 8 ? p.dim / 64 * 32 : p.dim - 16;
        p.v_type = p.k_type;
    }
    if (p.layout == ATTN_PAGED && test_random(state) % 2 && !attn_types[p.k_type].channel) {
        const uint32_t shortest = attn_problem_length(&p, p.batch - 1);
        p.prefix = shortest > p.q_len ? (shortest - p.q_len) / p.page * p.page : 0;
        p.prefix = p.prefix / p.page > 1 && test_random(state) % 2 ? p.page : p.prefix;
        p.window = p.chunk = p.prefix ? 0 : p.window;
    }
    return p;
}

/* A small problem of a group, its type and layout in turn. Every kernel takes one of the three
 * forms: values, codes, and K laid across. */
static struct attn_problem problem_of_group(uint32_t group, uint32_t form)
{
    static const enum attn_type types[][5] = {
        {ATTN_F32, ATTN_F16, ATTN_BF16, ATTN_E4M3, ATTN_E5M2},
        {ATTN_I8, ATTN_I4, ATTN_I8C, ATTN_I4C, ATTN_I8},
        {ATTN_F32, ATTN_F16, ATTN_BF16, ATTN_F16, ATTN_F32},
    };
    static const enum attn_layout layouts[] = {ATTN_CONTIGUOUS, ATTN_PAGED, ATTN_TOKEN_MAJOR,
                                               ATTN_RING};
    static const uint32_t dims[] = {40, 64, 128, 20};
    struct attn_problem p = attn_problem_default();
    p.k_type = p.v_type = types[form][group % 5];
    if (attn_types[p.k_type].channel)
        p.v_type = p.k_type == ATTN_I8C ? ATTN_I8 : ATTN_I4;
    p.layout = form == 2 ? ATTN_TRANSPOSED : layouts[group % 4];
    p.kv_heads = group < 8 ? 2 : 1;
    p.heads = p.kv_heads * group;
    p.dim = p.dim_v = dims[group / 4 % 4];
    p.context = group / 16 % 2 ? 130 : 49;
    p.window = p.layout == ATTN_RING || group % 8 == 0 ? 33 : 0;
    if (p.layout == ATTN_PAGED) {
        p.page = 16;
        p.batch = form ? 1 : 2;
        p.prefix = form ? 0 : 16;
    }
    return p;
}

/* One run of each build with vectors. */
static void check_builds(const struct attn_problem *p, enum data_kind kind, uint64_t seed,
                         size_t sample)
{
    struct kernel_case c;
    size_t count;
    char why[200];
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    CHECK(!attn_problem_invalid(p, why, sizeof(why)), "%s", why);
    kernel_case_open(&c, p, kind, seed, sample);
    for (size_t k = 0; k < count; k++)
        if (kernels[k]->kind == ATTN_RUNG && kernels[k]->cpu &&
            !attn_kernel_unsupported(kernels[k], p, why, sizeof(why)))
            check_one(&c, k, kind, 0, 1 + (int)(seed % 3));
    kernel_case_close(&c);
}

/* Rows of a group lie across lanes and registers: each number of them has an end of its own. Where
 * that takes long, every `step`-th; an odd step leaves no remainder of a power of two out. */
static void test_groups(uint64_t seed, uint32_t step)
{
    for (uint32_t group = 1; group <= GROUPS; group += step)
        for (uint32_t form = 0; form < 3; form++) {
            const struct attn_problem p = problem_of_group(group, form);
            read_as(group);
            check_builds(&p, (enum data_kind)(group % DATA_KINDS), seed + group, 0);
        }
}

static void test_random_problems(uint64_t seed, int problems)
{
    uint64_t state = seed;
    for (int k = 0; k < problems; k++) {
        const struct attn_problem p = random_problem(&state);
        check_problem(&p, (enum data_kind)(k % DATA_KINDS), seed + (uint64_t)k, 0);
    }
}

/* T5's bias where some tiles are far from every query and others are not: one bias for all that a
 * row sees would not show. Groups of 1, 3 and 24. */
static void test_far_bias(uint64_t seed)
{
    for (uint32_t kv_heads = 1; kv_heads <= 24; kv_heads *= kv_heads == 1 ? 8 : 3) {
        struct attn_problem p = attn_problem_default();
        p.rel_bias = true;
        p.heads = 24;
        p.kv_heads = kv_heads;
        p.dim = p.dim_v = 32;
        p.context = 500;
        p.q_len = 2;
        check_problem(&p, DATA_UNIFORM, seed + kv_heads, 0);
    }
}

/* Heads that are walked together, so many or so wide that their tiles shrink to what lies close, as
 * far down as tiles go; 24 rows are widened first. */
static void test_close_heads(uint64_t seed)
{
    static const struct {
        uint32_t heads, kv_heads;
        enum attn_type type;
    } cases[] = {{32, 32, ATTN_F32}, {13, 13, ATTN_F16}, {72, 3, ATTN_F32}, {40, 20, ATTN_I8}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (uint64_t turn = 0; turn < 6; turn++) { /* every reading, by two and by three ranks */
            struct attn_problem p = attn_problem_default();
            p.layout = ATTN_TOKEN_MAJOR;
            p.heads = cases[i].heads;
            p.kv_heads = cases[i].kv_heads;
            p.k_type = p.v_type = cases[i].type;
            p.dim = p.dim_v = 256;
            p.context = 1000;
            read_as(turn);
            check_builds(&p, DATA_UNIFORM, seed - seed % 6 + turn / 3 + 1, 3);
        }
}

static struct attn_problem long_problem(enum attn_type type, enum attn_layout layout,
                                        uint32_t heads, uint32_t kv_heads)
{
    struct attn_problem p = attn_problem_default();
    p.k_type = p.v_type = type;
    p.layout = layout;
    p.heads = heads;
    p.kv_heads = kv_heads;
    p.dim = p.dim_v = 64;
    p.context = 131072;
    return p;
}

/* Ends of pages and rings, and offsets, far from the beginning. */
static void test_long_layouts(uint64_t turn)
{
    read_as(turn);
    struct attn_problem p = long_problem(ATTN_BF16, ATTN_PAGED, 4, 1);
    p.page = 16;
    check_builds(&p, DATA_UNIFORM, 11, 3);
    p = long_problem(ATTN_F16, ATTN_TOKEN_MAJOR, 16, 2);
    check_builds(&p, DATA_RISING, 12, 3);
    p = long_problem(ATTN_I8, ATTN_RING, 2, 1);
    p.window = 50001;
    check_builds(&p, DATA_PEAKY, 13, 3);
    p.layout = ATTN_CONTIGUOUS;
    check_builds(&p, DATA_UNIFORM, 14, 3);
}

/* A long context of equal weights is where a kernel that adds up one by one in f32 is caught. */
static void test_long_context(void)
{
    struct attn_problem p = long_problem(ATTN_F16, ATTN_CONTIGUOUS, 3, 1);
    for (int kind = 0; kind < DATA_KINDS; kind++) {
        p.k_type = p.v_type = kind % 2 ? ATTN_F32 : ATTN_F16;
        check_problem(&p, (enum data_kind)kind, 7 + (uint64_t)kind, 2);
    }
}

/* An oracle that is wrong would pass everything: hold it against values known by hand. */
static void test_oracle(void)
{
    struct attn_problem p = attn_problem_default();
    struct kernel_case c;
    p.k_type = p.v_type = ATTN_F32;
    p.heads = 4;
    p.kv_heads = 2;
    p.dim = p.dim_v = 8;
    p.context = 5;
    kernel_case_open(&c, &p, DATA_EQUAL, 1, 0);
    for (size_t r = 0; r < c.rows; r++) {
        CHECK(c.expected[r].out[3] > 0.69999 && c.expected[r].out[3] < 0.70001,
              "the mean of equal values is the value, not %g", c.expected[r].out[3]);
        /* Logit 8 * 0.3 * 0.7 / sqrt(8); five of them add log 5. */
        const double lse = 8 * 0.3 * 0.7 / 2.8284271247 + 1.6094379124;
        CHECK(c.expected[r].lse > lse - 1e-6 && c.expected[r].lse < lse + 1e-6, "lse %g",
              c.expected[r].lse);
    }
    kernel_case_close(&c);
}

/* The check itself must be able to fail: a kernel that forgets a row, and one that is off. */
static void forget_a_row(const struct attn_args *args, int rank, int ranks)
{
    const size_t rows = (size_t)args->problem->batch * args->problem->q_len * args->problem->heads;
    size_t count;
    attn_registry(&count)[0]->phase[0](args, rank, ranks);
    if (rank == ranks - 1)
        memset(args->out + (rows - 1) * args->problem->dim_v, 0xff, 4);
}

static void off_by_little(const struct attn_args *args, int rank, int ranks)
{
    size_t count;
    attn_registry(&count)[0]->phase[0](args, rank, ranks);
    if (rank == 0)
        args->out[0] += 1e-4f;
}

/* Reads the oldest token, which a window hides, and gives it no weight. */
static void mask_instead_of_skip(const struct attn_args *args, int rank, int ranks)
{
    struct attn_rows rows;
    size_t count;
    attn_registry(&count)[0]->phase[0](args, rank, ranks);
    attn_kv_rows(&args->kv, 0, 0, 0, 1, &rows);
    if (rank == 0)
        args->out[0] += 0 * attn_f16_to_f32(*(const uint16_t *)rows.v[0]);
}

static void answer_zeros(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    (void)rank;
    (void)ranks;
    memset(args->out, 0, (size_t)p->batch * p->q_len * p->heads * p->dim_v * sizeof(float));
}

/* Where outputs are small beside the bound: no excuse a kernel may have lets zeros pass. */
static void test_no_excuse_for_zeros(enum attn_type type)
{
    size_t count;
    struct attn_problem p = attn_problem_default();
    struct attn_kernel wrong = *attn_registry(&count)[0];
    struct attn_check result;
    struct kernel_case c;
    p.k_type = p.v_type = type;
    p.context = 8192;
    kernel_case_open(&c, &p, DATA_UNIFORM, 3, 4);
    c.args.lse = NULL;
    wrong.phase[0] = answer_zeros;
    wrong.phase[1] = NULL;
    wrong.error_factor = ATTN_ERROR_FACTOR_MAX;
    wrong.q_levels = wrong.p_levels = ATTN_LEVELS_MIN;
    wrong.p_tokens = ATTN_P_TOKENS_MAX;
    CHECK(kernel_case_run(&c, &wrong, 0, 1, &result) != 0, "zeros pass");
    CHECK(result.worst <= 1 && result.norm_error == 1, "it is the norm that finds them: %g, %g",
          result.worst, result.norm_error);
    kernel_case_close(&c);
}

static void test_check_can_fail(void)
{
    size_t count;
    struct attn_problem p = attn_problem_default();
    struct attn_kernel wrong = *attn_registry(&count)[0];
    struct attn_check result;
    struct kernel_case c;
    p.context = 100;
    kernel_case_open(&c, &p, DATA_UNIFORM, 3, 0);
    CHECK(kernel_case_run(&c, &wrong, 0, 2, &result) == 0, "the oracle agrees with itself");
    wrong.phase[0] = forget_a_row;
    CHECK(kernel_case_run(&c, &wrong, 0, 2, &result) != 0, "a forgotten row is found");
    wrong.phase[0] = off_by_little;
    CHECK(kernel_case_run(&c, &wrong, 0, 2, &result) != 0, "an error of 1e-4 is found");
    kernel_case_close(&c);

    p.window = 60;
    wrong.phase[0] = mask_instead_of_skip;
    for (uint64_t seed = 2; seed < 4; seed++) {
        kernel_case_open(&c, &p, DATA_UNIFORM, seed, 0);
        CHECK(kernel_case_run(&c, attn_registry(&count)[0], 0, 2, &result) == 0, "skipped");
        CHECK(kernel_case_run(&c, &wrong, 0, 2, &result) != 0, "a token masked is found");
        kernel_case_close(&c);
    }
    p.window = 0;

    /* Block and cyclic maps must give different numbers at 1 < G < H. */
    kernel_case_open(&c, &p, DATA_UNIFORM, 3, 0);
    c.problem.head_map = ATTN_MAP_CYCLIC;
    CHECK(kernel_case_run(&c, attn_registry(&count)[0], 0, 1, &result) != 0,
          "the head maps are told apart");
    kernel_case_close(&c);
}

/* What ran at all, for whoever has to know that a build did. */
static void list_runs(void)
{
    char name[64];
    size_t count;
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    CHECK(count <= KERNELS_MAX, "room for %zu kernels", count);
    for (size_t k = 0; k < count && k < KERNELS_MAX; k++) {
        attn_kernel_name(kernels[k], name, sizeof(name));
        if (runs_of[k])
            printf("%s ran %zu times\n", name, runs_of[k]);
    }
}

int main(int argc, char **argv)
{
    const uint64_t seed = test_seed();
    /* Sanitizers see the same code on fewer shapes. */
    /* A number of problems is for slow machines, such as simulated ones: nothing long then. */
    const int problems = argc > 1 ? atoi(argv[1]) : TEST_SANITIZED ? 50 : 150;
    const uint64_t here = attn_cpu_features();

    test_oracle();
    test_check_can_fail();
    test_groups(seed, argc > 1 ? 11 : TEST_SANITIZED ? 3 : 1);
    test_far_bias(seed);
    test_close_heads(seed);
    if (argc < 2) {
        test_no_excuse_for_zeros(ATTN_F16);
        test_no_excuse_for_zeros(ATTN_I8);
    }
    for (uint64_t level = here;; level &= ~(UINT64_C(1) << (63 - __builtin_clzll(level)))) {
        /* Take the highest feature away each time: every build runs, the lower ones more often. */
        uint64_t mask = level;
        char text[128];
        attn_cpu_set_mask(mask);
        attn_cpu_describe(attn_cpu_features(), text, sizeof(text));
        printf("level [%s]\n", text);
        test_random_problems(seed, mask == here ? problems : problems / 10);
        if (!mask)
            break;
    }
    attn_cpu_set_mask(UINT64_MAX);
    if (argc < 2) {
        test_long_context();
        for (uint64_t turn = 0; turn < (TEST_SANITIZED ? 1 : 3); turn++)
            test_long_layouts(turn);
    }
    list_runs();
    printf("%zu kernel runs, worst error %.3g of the bound, %.3g of the limit of whole rows\n",
           runs, worst_ratio, worst_norm);
    return test_exit();
}
