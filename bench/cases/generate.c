/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that generates: who is there, what fits, one step after another. */
#include "bench/cases/generate_trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The cache whose pages have that length, made if there is none yet. */
static int find_cache(struct generate *g, const struct attn_problem *p, uint32_t *index)
{
    bool whole;
    const uint32_t page = engine_page(p, &whole);
    for (*index = 0; *index < g->caches; ++*index)
        if (g->cache[*index].page == page && g->cache[*index].whole == whole)
            return 0;
    if (g->caches == GENERATE_CACHES)
        return -E2BIG;
    return generate_cache_open(&g->cache[g->caches++], g->capacity, p->context, page, whole,
                               g->seed);
}

/* Without a trace: all requests at once, alike but for ragged prompts. */
static int own_requests(struct generate *g)
{
    const struct attn_name *const name = &g->e->name;
    struct attn_problem prompts = name->problem;
    prompts.context = name->layer.prompt;
    g->own = (struct attn_trace){.n = g->capacity,
                                 .request = calloc(g->capacity, sizeof(*g->own.request))};
    g->trace = &g->own;
    if (!g->own.request)
        return -ENOMEM;
    for (uint32_t i = 0; i < g->capacity; i++)
        g->own.request[i] = (struct attn_request){
            .prompt = attn_problem_length(&prompts, i),
            .output = name->problem.context - name->layer.prompt,
        };
    return 0;
}

int generate_open(struct generate *g, struct engine *e, uint64_t seed, struct attn_message *why)
{
    *g = (struct generate){.e = e, .seed = seed, .capacity = e->name.problem.batch};
    if (attn_types[e->name.problem.k_type].channel)
        return attn_refuse(why, -ENOTSUP, "a cache with scales a channel cannot grow by tokens");
    g->sequence = calloc(g->capacity, sizeof(*g->sequence));
    g->cache_of = calloc(e->size.layers, sizeof(*g->cache_of));
    int error = g->sequence && g->cache_of ? 0 : -ENOMEM;
    for (uint32_t l = 0; !error && l < e->size.layers; l++)
        error = find_cache(g, &e->shape[l].kind.problem, &g->cache_of[l]);
    if (!error && e->name.layer.trace)
        g->trace = attn_trace_find(e->name.layer.trace);
    else if (!error)
        error = own_requests(g);
    if (!error && !g->trace)
        error = attn_refuse(why, -EINVAL, "no trace of that name was read");
    else if (error)
        attn_refuse(why, error,
                    error == -E2BIG ? "the layers have windows of more than %d lengths"
                                    : "out of memory",
                    GENERATE_CACHES);
    if (error)
        generate_close(g);
    return error;
}

void generate_close(struct generate *g)
{
    for (size_t i = 0; i < g->caches; i++)
        generate_cache_close(&g->cache[i]);
    attn_trace_free(&g->own);
    free(g->sequence);
    free(g->cache_of);
    free(g->step);
    *g = (struct generate){0};
}

/* Points every layer at the rows of the tables from sequence `first` on. */
static void look_at(struct generate *g, uint32_t first, uint32_t batch, uint32_t q_len)
{
    struct engine *const e = g->e;
    engine_shape(e, batch, q_len);
    for (uint32_t l = 0; l < e->size.layers; l++) {
        const struct generate_cache *const c = &g->cache[g->cache_of[l]];
        struct attn_kv *const kv = &e->step[l].attention.kv;
        kv->table = c->table + (size_t)first * c->row;
        kv->pages_a_sequence = c->row;
        kv->page = c->page;
    }
}

static void grow(struct generate *g, uint32_t row, uint32_t length)
{
    for (size_t i = 0; i < g->caches; i++)
        generate_cache_grow(&g->cache[i], row, length);
    g->sequence[row].length = length;
}

static uint32_t word(const struct generate *g, uint64_t draw)
{
    uint64_t z = (g->seed + draw + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % g->e->name.layer.vocab);
}

static void engine_run(struct generate *g)
{
    struct engine_times times = {0};
    engine_place(g->e);
    engine_step(g->e, &times);
    for (int i = 0; i < LAYER_PARTS; i++)
        g->inside_ns += times.part[i] + times.wait[i];
}

/* A new sequence as the last row, and its prompt through the model. */
static void admit(struct generate *g, uint64_t number, uint32_t most)
{
    struct engine *const e = g->e;
    const struct attn_request *const r = &g->trace->request[number];
    const uint32_t row = g->n++, prompt = most && most < r->prompt ? most : r->prompt;
    g->sequence[row] = (struct generate_sequence){.prompt = prompt, .left = r->output};
    for (size_t i = 0; i < g->caches; i++)
        generate_cache_join(&g->cache[i]);
    for (uint32_t done = 0; done < prompt;) {
        const uint32_t n = prompt - done < ENGINE_CHUNK ? prompt - done : ENGINE_CHUNK;
        grow(g, row, done += n);
        look_at(g, row, 1, n);
        e->lengths[0] = done;
        for (uint32_t i = 0; i < n; i++)
            e->token[i] = word(g, (number << 32) + done - n + i);
        e->no_head = done < prompt;
        engine_run(g);
    }
    e->no_head = false;
    g->sequence[row].token = e->token[e->tokens - 1];
}

static void decode(struct generate *g)
{
    struct engine *const e = g->e;
    for (uint32_t b = 0; b < g->n; b++) {
        grow(g, b, g->sequence[b].length + 1);
        e->lengths[b] = g->sequence[b].length;
        e->token[b] = g->sequence[b].token;
    }
    look_at(g, 0, g->n, 1);
    engine_run(g);
    for (uint32_t b = 0; b < g->n; b++) {
        g->sequence[b].token = e->token[b];
        g->sequence[b].left--;
        g->checksum = (g->checksum ^ e->token[b]) * 0x01000193u;
    }
    g->tokens += g->n;
}

/* Bytes of all layers: what the sequences fill, and what is set aside for them. */
static void weigh(const struct generate *g, struct generate_step *step)
{
    const struct engine *const e = g->e;
    uint64_t held[GENERATE_CACHES] = {0};
    for (size_t i = 0; i < g->caches; i++)
        for (uint32_t b = 0; b < g->n; b++) {
            const uint32_t page = g->cache[i].page, length = g->sequence[b].length;
            held[i] += g->cache[i].whole && length > page ? page : length;
            step->longest = length > step->longest ? length : step->longest;
        }
    for (uint32_t l = 0; l < e->size.layers; l++) {
        struct attn_problem one = e->shape[l].kind.problem;
        if (e->shape[l].kind.shares)
            continue;
        one.batch = one.context = one.q_len = 1;
        one.layout = ATTN_CONTIGUOUS;
        one.page = one.ragged = 0;
        const uint64_t token = attn_kv_bytes(&one);
        step->kv_bytes += held[g->cache_of[l]] * token;
        step->reserved_bytes += generate_cache_reserved(&g->cache[g->cache_of[l]]) * token;
    }
    step->sequences = g->n;
}

/* The finished leave; the last row takes each place that becomes free. */
static void dismiss(struct generate *g)
{
    for (uint32_t b = g->n; b-- > 0;) {
        if (g->sequence[b].left)
            continue;
        for (size_t i = 0; i < g->caches; i++)
            generate_cache_leave(&g->cache[i], b);
        g->sequence[b] = g->sequence[--g->n];
    }
}

static struct generate_step *next_step(struct generate *g)
{
    if (g->steps == g->room) {
        const size_t room = g->room ? 2 * g->room : 1024;
        void *const grown = realloc(g->step, room * sizeof(*g->step));
        if (!grown)
            return NULL;
        g->step = grown;
        g->room = room;
    }
    g->step[g->steps] = (struct generate_step){0};
    return &g->step[g->steps++];
}

static void reset(struct generate *g)
{
    for (size_t i = 0; i < g->caches; i++)
        generate_cache_reset(&g->cache[i], g->seed);
    g->n = 0;
    g->steps = 0;
    g->checksum = 0x811c9dc5u;
    g->tokens = g->inside_ns = g->all_ns = g->prefill_ns = 0;
}

int generate_run(struct generate *g, size_t steps, uint32_t prompt)
{
    const struct machine_clock *const clock = g->e->clock;
    const struct attn_trace *const trace = g->trace;
    uint64_t now = 0, next = 0, weighing = 0;
    reset(g);
    const uint64_t begin = clock->wall_ns();
    for (uint64_t start = begin; g->n || next < trace->n; now++) {
        struct generate_step *const step = next_step(g);
        if (!step)
            return -ENOMEM;
        if (!g->n && trace->request[next].arrival > now)
            now = trace->request[next].arrival; /* nobody waits for an idle machine */
        while (g->n < g->capacity && next < trace->n && trace->request[next].arrival <= now) {
            admit(g, next++, prompt);
            step->joined++;
        }
        const uint64_t decoding = clock->wall_ns();
        decode(g);
        const uint64_t end = clock->wall_ns();
        step->ns = end - start;
        step->prefill_ns = decoding - start;
        g->prefill_ns += step->prefill_ns;
        weigh(g, step);
        if (steps && g->steps == steps)
            return 0;
        start = clock->wall_ns();
        weighing += start - end;
        dismiss(g);
    }
    g->all_ns = clock->wall_ns() - begin - weighing;
    return 0;
}
