/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generating: traces and what is wrong with them, caches of sequences that come and go, and whole
 * runs, whose tokens must not depend on how the cache is laid out nor on when they are asked for.
 */
#include "tests/test.h"

#include "bench/cases/generate_trial.h"
#include "kernels/registry.h"

#include <errno.h>
#include <math.h>

struct endless {
    const char *text;
    size_t given;
};

/* Ends after all, at 1 GiB, for the sake of who does not stop by himself. */
static ssize_t read_endless(void *cookie, char *bytes, size_t n)
{
    struct endless *const endless = cookie;
    const size_t length = strlen(endless->text);
    if (endless->given >= (size_t)1 << 30)
        return 0;
    for (size_t i = 0; i < n; i++)
        bytes[i] = endless->text[(endless->given + i) % length];
    endless->given += n;
    return (ssize_t)n;
}

/* What never ends is not read until memory does. */
static void check_endless(void)
{
    struct attn_trace trace;
    struct attn_message why;
    struct endless endless = {.text = "0 1 1\n"};
    FILE *const file = fopencookie(&endless, "r", (cookie_io_functions_t){.read = read_endless});
    CHECK(file && attn_trace_read("t", file, &trace, &why) == -EINVAL, "endless");
    CHECK_STR(why.text, "t is not a trace: it is larger than 64 MiB");
    CHECK(endless.given < (size_t)256 << 20, "%zu bytes were read", endless.given);
    if (file)
        fclose(file);
}

static void check_traces(void)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"", "t holds no request"},
        {"# nothing\n\n   \n", "t holds no request"},
        {"0 1\n", "t:1: \"0 1\" is not a request"},
        {"0 1 x\n", "t:1: \"0 1 x\" is not a request"},
        {"0 1 2 3\n", "t:1: \"3\" follows"},
        {"-1 1 2\n", "t:1: \"-1 1 2\" is not a request"},
        {"0 0 2\n", "t:1: a prompt of 0"},
        {"0 2 0\n", "t:1: a prompt of 2 and an output of 0"},
        {"1.5 2 2\n", "t:1: \"1.5 2 2\" is not a request"},
        {"0 99999999 2\n", "t:1: a prompt of 99999999"},
        {"0 99999999999999999999 2\n", "t:1: \"0 99999999999999999999 2\" is not a request"},
        {"9007199254740993 1 1\n", "t:1: \"9007199254740993 1 1\" is not a request"},
        {"5 1 1\n\n4 1 1\n", "t:3: time goes backwards"},
    };
    struct attn_trace trace, same;
    struct attn_message why;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        CHECK(attn_trace_parse("t", wrong[i].text, &trace, &why) == -EINVAL, "%s", wrong[i].text);
        CHECK(strncmp(why.text, wrong[i].message, strlen(wrong[i].message)) == 0, "%s", why.text);
    }
    CHECK(attn_trace_parse("t", "0 5 6\n3\t7 8 # two\r\n3 9 10", &trace, &why) == 0, "%s",
          why.text);
    CHECK(trace.n == 3 && trace.request[1].arrival == 3 && trace.request[2].output == 10, "read");
    CHECK(attn_trace_parse("u", "#\n0 5 6\n\n3 7 8\n3 9 10\n", &same, &why) == 0, "%s", why.text);
    CHECK(same.id == trace.id && same.id, "comments are not part of what a trace is");
    attn_trace_free(&same);
    CHECK(attn_trace_parse("u", "0 5 6\n3 7 8\n3 9 11\n", &same, &why) == 0, "%s", why.text);
    CHECK(same.id != trace.id, "a token more is another trace");
    attn_trace_free(&same);
    attn_trace_free(&trace);
    const struct attn_trace *loaded;
    CHECK(attn_trace_load("/nowhere/trace", &loaded, &why) == -ENOENT, "%s", why.text);
    CHECK(attn_trace_load("/", &loaded, &why) < 0, "a directory");
    CHECK(!attn_trace_find(12345), "never loaded");
    check_endless();
}

/* Every page in use stands in one row only, and what is free and used is all there is. */
static void check_pages(const struct generate_cache *c, const uint32_t *length)
{
    uint8_t seen[256] = {0};
    uint32_t used = 0;
    for (uint32_t r = 0; r < c->n; r++) {
        const uint32_t need = c->whole ? 1 : (length[r] + c->page - 1) / c->page;
        CHECK(c->pages[r] == need, "row %u has %u pages for %u tokens", r, c->pages[r], length[r]);
        for (uint32_t i = 0; i < c->pages[r]; i++)
            CHECK(seen[c->table[r * c->row + i]]++ == 0, "a page in two places");
        for (uint32_t i = 0; c->whole && i < c->row; i++)
            CHECK(c->table[r * c->row + i] == c->table[r * c->row], "a ring is one page");
        used += c->pages[r];
    }
    for (uint32_t i = 0; i < c->free_n; i++)
        CHECK(seen[c->free[i]]++ == 0, "a page both free and used");
    CHECK(used + c->free_n == c->free_all, "%u used, %u free of %u", used, c->free_n, c->free_all);
    CHECK(generate_cache_reserved(c) == (uint64_t)used * c->page, "reserved");
}

static void check_caches(void)
{
    uint64_t state = test_seed();
    for (int whole = 0; whole < 2; whole++) {
        struct generate_cache c;
        uint32_t length[5] = {0};
        CHECK(generate_cache_open(&c, 5, 100, whole ? 30 : 7, whole, 3) == 0, "open");
        for (int k = 0; k < 500; k++) {
            const uint64_t what = test_random(&state) % 4;
            if (c.n < 5 && what == 0) {
                generate_cache_join(&c);
                length[c.n - 1] = 1 + (uint32_t)(test_random(&state) % 50);
                generate_cache_grow(&c, c.n - 1, length[c.n - 1]);
            } else if (c.n && what == 1) {
                const uint32_t row = (uint32_t)(test_random(&state) % c.n);
                generate_cache_leave(&c, row);
                length[row] = length[c.n];
            } else {
                for (uint32_t r = 0; r < c.n; r++)
                    if (length[r] < 100)
                        generate_cache_grow(&c, r, ++length[r]);
            }
            check_pages(&c, length);
        }
        generate_cache_close(&c);
    }
}

/* A whole run; its checksum. */
static uint32_t run(struct attn_host *host, const struct attn_name *name, uint64_t *tokens,
                    struct generate_step *last)
{
    struct engine e;
    struct generate g;
    struct team *team;
    struct attn_message why = {.text = ""};
    struct layer_check check;
    struct layer_kind kind;
    layer_config_kind(&name->layer, &name->problem, 0, &kind);
    CHECK(!attn_name_invalid(name, why.text, sizeof(why.text)), "%s", why.text);
    CHECK(attn_host_team(host, MACHINE_COMPACT, name->threads, &team, &why) == 0, "%s", why.text);
    const int error = engine_open(&e, name, attn_kernel_best(&kind.problem), host, team, &why);
    CHECK(error == 0, "%s", why.text);
    if (error)
        return 0;
    CHECK(generate_open(&g, &e, 9, &why) == 0, "%s", why.text);
    CHECK(generate_run(&g, 0, 0) == 0, "run");
    const uint32_t first = g.checksum;
    *tokens = g.tokens;
    *last = g.step[g.steps - 1];
    uint64_t joined = 0;
    for (size_t i = 0; i < g.steps; i++) {
        const struct generate_step *const s = &g.step[i];
        CHECK(s->kv_bytes <= s->reserved_bytes && s->kv_bytes, "step %zu", i);
        CHECK(s->joined <= s->sequences && s->prefill_ns <= s->ns, "step %zu", i);
        joined += s->joined;
    }
    CHECK(joined == g.trace->n, "%llu joined", (unsigned long long)joined);
    CHECK(generate_run(&g, 0, 0) == 0 && g.checksum == first, "the same again");
    CHECK(generate_run(&g, 2, 140) == 0, "a short one");
    CHECK(engine_check(&e, 5, &check, &why) == 0, "%s", why.text);
    CHECK(check.error_bound > 0 && check.worst > 0, "something was checked");
    generate_close(&g);
    engine_close(&e);
    return first;
}

static void check_runs(struct attn_host *host)
{
    static const char path[] = "trace.tmp",
                      requests[] = "0 150 9\n0 20 12\n1 5 4\n2 1 1\n40 60 3\n";
    const struct attn_trace *trace;
    struct attn_message why;
    FILE *const out = fopen(path, "w");
    CHECK(out && fputs(requests, out) >= 0 && fclose(out) == 0, "write");
    CHECK(attn_trace_load(path, &trace, &why) == 0, "%s", why.text);
    remove(path);

    struct attn_name name = {.problem = attn_problem_default(), .threads = 2};
    struct attn_problem *const p = &name.problem;
    p->phase = ATTN_GENERATE;
    p->heads = 4;
    p->kv_heads = 2;
    p->dim = p->dim_v = 16;
    p->context = 170;
    p->batch = 2;
    name.layer = (struct layer_config){
        .weights = ATTN_F32, .width = 48, .ffn = 64, .layers = 4, .layers_run = 4, .vocab = 99};
    static const struct {
        enum attn_layout layout;
        uint32_t page;
        const char *mix;
        int alike; /* same number: same tokens */
        bool bias;
    } runs[] = {
        {ATTN_CONTIGUOUS, 0, "", 0, false},
        {ATTN_PAGED, 16, "", 0, false},
        {ATTN_PAGED, 1, "", 0, false},
        {ATTN_TOKEN_MAJOR, 0, "", 0, false},
        {ATTN_CONTIGUOUS, 0, "2w24+1", 1, false},
        {ATTN_RING, 0, "2w24+1", 1, false},
        {ATTN_PAGED, 5, "2w24+1", 1, false},
        {ATTN_CONTIGUOUS, 0, "1+1s", 2, false},
        {ATTN_PAGED, 32, "1+1s", 2, false},
        {ATTN_CONTIGUOUS, 0, "", 3, true},
        {ATTN_PAGED, 16, "", 3, true},
    };
    uint32_t sums[4] = {0};
    for (int traced = 0; traced < 2; traced++) {
        memset(sums, 0, sizeof(sums));
        name.layer.trace = traced ? trace->id : 0;
        name.layer.prompt = traced ? 0 : 150;
        for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
            uint64_t tokens = 0;
            struct generate_step last = {0};
            p->layout = runs[i].layout;
            p->page = runs[i].page;
            p->rel_bias = runs[i].bias;
            strcpy(name.layer.mix, runs[i].mix);
            const uint32_t sum = run(host, &name, &tokens, &last);
            uint32_t *const known = &sums[runs[i].alike];
            CHECK(!*known || *known == sum, "run %zu: other tokens for another layout", i);
            *known = sum;
            CHECK(tokens == (traced ? 9 + 12 + 4 + 1 + 3 : 2 * 20), "%llu tokens",
                  (unsigned long long)tokens);
            CHECK(last.longest == (traced ? 63 : 170), "the longest has %u", last.longest);
        }
        CHECK(sums[0] != sums[1] && sums[1] != sums[2] && sums[0] != sums[3],
              "other models, other tokens");
    }
}

/* ---- what tokens depend on */

enum { FORM_PROMPT = 40, FORM_STEPS = 32, FORM_LAYERS = 6, SPOILT_LAYER = 1, SPOILT_POSITION = 3 };

static struct attn_name form_name(enum layer_form_id form)
{
    struct attn_name name = {.problem = attn_problem_default(), .threads = 1};
    struct attn_problem *const p = &name.problem;
    p->phase = ATTN_GENERATE;
    p->heads = 4;
    p->kv_heads = 2;
    p->dim = p->dim_v = 16;
    p->context = FORM_PROMPT + FORM_STEPS;
    p->scale = form == LAYER_T5;
    p->rel_bias = form == LAYER_T5;
    p->softcap = form == LAYER_GEMMA2 ? 50 : 0;
    name.layer = (struct layer_config){.form = form,
                                       .weights = ATTN_BF16,
                                       .width = 64,
                                       .ffn = 96,
                                       .cross = layer_forms[form].cross ? 21 : 0,
                                       .layers = FORM_LAYERS,
                                       .layers_run = FORM_LAYERS,
                                       .vocab = 5003,
                                       .prompt = FORM_PROMPT};
    return name;
}

/* An early token's K and V are those of the token after it. */
static void append_spoilt(const struct layer_step *step, int rank, int ranks)
{
    const struct attn_args *const args = &step->attention;
    const struct attn_problem *const p = args->problem;
    struct attn_rows rows;
    layer_stage_append(step, rank, ranks);
    if (args->lengths[0] != FORM_PROMPT)
        return;
    for (uint32_t head = 0; head < p->kv_heads; head++) {
        attn_kv_rows(&args->kv, 0, head, SPOILT_POSITION, 2, &rows);
        memcpy((void *)(uintptr_t)rows.k[0], rows.k[1],
               attn_row_bytes(&attn_types[p->k_type], p->dim));
        memcpy((void *)(uintptr_t)rows.v[0], rows.v[1],
               attn_row_bytes(&attn_types[p->v_type], p->dim_v));
    }
}

/* A cache that is taken to be one token shorter than it is, when tokens are decoded. */
static attn_phase_fn *whole_phase[ATTN_PHASES_MAX];

static void call_short(size_t phase, const struct attn_args *args, int rank, int ranks)
{
    struct attn_args less = *args;
    const uint32_t length = args->lengths[0] - (args->problem->q_len == 1);
    less.lengths = &length;
    whole_phase[phase](&less, rank, ranks);
}

static void short_0(const struct attn_args *args, int rank, int ranks)
{
    call_short(0, args, rank, ranks);
}

static void short_1(const struct attn_args *args, int rank, int ranks)
{
    call_short(1, args, rank, ranks);
}

enum fault { NO_FAULT, SPOILT_ROW, SHORT_CACHE, FAULTS };
static const char *const fault_names[FAULTS] = {"nothing", "a spoilt row", "a short cache"};

/* A row is spoilt in one layer; lengths are those of all. */
static void inject(struct engine *e, enum fault fault)
{
    for (uint32_t l = 0; l < e->size.layers; l++) {
        struct layer_program *const program = &e->program[l];
        size_t phases = 0;
        for (int i = 0; i < program->n; i++) {
            struct layer_stage *const s = &program->stage[i];
            if (fault == SPOILT_ROW && l == SPOILT_LAYER && s->run == layer_stage_append)
                s->run = append_spoilt;
            if (fault != SHORT_CACHE || !s->phase || s->cross)
                continue;
            CHECK(phases < 2, "a kernel of more phases");
            whole_phase[phases] = s->phase;
            s->phase = phases++ ? short_1 : short_0;
        }
    }
}

/* What has come through all layers is neither lost nor out of hand. */
static void check_magnitude(const struct engine *e, const char *what)
{
    const float *const x = e->x[e->size.layers % 2];
    double squares = 0;
    for (uint32_t i = 0; i < e->name.layer.width; i++)
        squares += (double)x[i] * (double)x[i];
    const double size = sqrt(squares / e->name.layer.width);
    CHECK(size > 0.3 && size < 2 * FORM_LAYERS, "%s: elements of %g", what, size);
}

/* The checksum of a whole run; *different is how many words are among the tokens of its sequence.
 */
static uint32_t form_checksum(struct attn_host *host, enum layer_form_id form, uint64_t prompts,
                              enum fault fault, uint32_t *different)
{
    const struct attn_name name = form_name(form);
    struct engine e;
    struct generate g;
    struct team *team;
    struct attn_message why = {.text = ""};
    struct layer_kind kind;
    uint32_t token[FORM_STEPS];
    layer_config_kind(&name.layer, &name.problem, 0, &kind);
    CHECK(!attn_name_invalid(&name, why.text, sizeof(why.text)), "%s", why.text);
    CHECK(attn_host_team(host, MACHINE_COMPACT, name.threads, &team, &why) == 0, "%s", why.text);
    const int error = engine_open(&e, &name, attn_kernel_best(&kind.problem), host, team, &why);
    CHECK(error == 0, "%s", why.text);
    if (error)
        return 0;
    CHECK(!e.positions == !layer_forms[form].learned, "positions");
    inject(&e, fault);
    CHECK(generate_open(&g, &e, prompts, &why) == 0, "%s", why.text);
    for (uint32_t n = 0; different && n < FORM_STEPS; n++) {
        bool seen = false;
        CHECK(generate_run(&g, n + 1, 0) == 0, "run");
        token[n] = g.sequence[0].token;
        for (uint32_t i = 0; i < n; i++)
            seen |= token[i] == token[n];
        *different += !seen;
    }
    CHECK(generate_run(&g, 0, 0) == 0, "run");
    check_magnitude(&e, layer_forms[form].name);
    const uint32_t checksum = g.checksum;
    generate_close(&g);
    engine_close(&e);
    return checksum;
}

/* What would go unseen if every model wrote the same: other seeds, other prompts, a wrong cache. */
static void check_forms(struct attn_host *host)
{
    static struct attn_host other;
    struct attn_message why;
    CHECK(attn_host_open(&other, test_seed() + 1, &why) == 0, "%s", why.text);
    for (int form = 0; form < LAYER_FORMS; form++) {
        const enum layer_form_id id = (enum layer_form_id)form;
        const char *const what = layer_forms[form].name;
        uint32_t different = 0;
        const uint32_t right = form_checksum(host, id, 9, NO_FAULT, &different);
        CHECK(different > FORM_STEPS / 2, "%s: %u words in %d tokens", what, different, FORM_STEPS);
        CHECK(form_checksum(host, id, 9, NO_FAULT, NULL) == right, "%s: the same again", what);
        CHECK(form_checksum(host, id, 10, NO_FAULT, NULL) != right, "%s: with another prompt",
              what);
        CHECK(form_checksum(&other, id, 9, NO_FAULT, NULL) != right, "%s: with other weights",
              what);
        for (int fault = NO_FAULT + 1; fault < FAULTS; fault++)
            CHECK(form_checksum(host, id, 9, (enum fault)fault, NULL) != right, "%s: with %s", what,
                  fault_names[fault]);
    }
    attn_host_close(&other);
}

/* Memory a kernel wants most of for two queries, or for two sequences. */
static size_t wants_for_two(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)splits;
    (void)ranks;
    return p->q_len == 2 ? 5 << 20 : p->batch == 2 ? 7 << 20 : 64;
}

/* Steps are of any number of queries and sequences, and less work need not want less memory. */
static void check_scratch(void)
{
    const struct attn_kernel kernel = {.scratch_bytes = wants_for_two};
    struct attn_name name = {.problem = attn_problem_default(), .threads = 2};
    struct engine_size with, without;
    name.problem.phase = ATTN_GENERATE;
    name.layer = (struct layer_config){.weights = ATTN_F32,
                                       .width = 48,
                                       .ffn = 64,
                                       .layers = 1,
                                       .layers_run = 1,
                                       .vocab = 99,
                                       .prompt = 5};
    for (name.problem.batch = 1; name.problem.batch <= 3; name.problem.batch += 2) {
        const uint64_t least = name.problem.batch == 1 ? 5 << 20 : 7 << 20;
        CHECK(engine_size(&with, &name, &kernel, 1 << 20) == 0, "size");
        CHECK(engine_size(&without, &name, NULL, 1 << 20) == 0, "size");
        CHECK(with.work >= without.work + least, "%llu bytes of scratch for %u sequences",
              (unsigned long long)(with.work - without.work), name.problem.batch);
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
    check_traces();
    check_caches();
    check_scratch();
    check_runs(&host);
    check_forms(&host);
    attn_host_close(&host);
    return test_exit();
}
