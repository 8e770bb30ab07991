/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/layer_engine.h"

#include "bench/cases/layer_memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Waiting spins as the team's own does, unless CPUs are shared. */
enum { SPINS = 10000 };

static bool is_model(const struct engine *e)
{
    return e->name.problem.phase != ATTN_LAYER;
}

/* The end of a stage for one rank: the barrier, and rank 0's clock on both sides of it. */
static void meet(struct engine *e, enum layer_part part, int rank, uint64_t *last)
{
    if (rank || !e->times) {
        barrier_wait(&e->barrier);
        return;
    }
    const uint64_t done = e->clock->wall_ns();
    e->times->part[part] += done - *last;
    barrier_wait(&e->barrier);
    *last = e->clock->wall_ns();
    e->times->wait[part] += *last - done;
}

static void embed(struct engine *e, int rank, int ranks)
{
    const uint32_t width = e->name.layer.width, q = e->name.problem.q_len;
    const size_t row = layer_matrix_row_bytes(&e->head);
    for (uint32_t t = (uint32_t)rank; t < e->tokens; t += (uint32_t)ranks) {
        float *const x = e->x[0] + (size_t)t * width;
        const uint32_t pos = e->lengths[t / q] - q + t % q;
        e->ops->widen(e->head.type, x, (const char *)e->head.data + e->token[t] * row, width);
        for (uint32_t i = 0; e->head.type == ATTN_I8 && i < width; i++)
            x[i] *= e->head.scale; /* to unit size, as the other types are */
        if (e->positions)
            e->ops->add(x, x, e->positions + (size_t)pos * width, width);
    }
}

/* Only the newest token of a sequence is asked for its successor. */
static uint32_t asked(const struct engine *e)
{
    return e->name.problem.batch;
}

static void head_norm(struct engine *e, int rank, int ranks)
{
    const struct layer_form *const form = layer_form_of(&e->shape[0]);
    const uint32_t width = e->name.layer.width, q = e->name.problem.q_len;
    const float *const x = e->x[e->size.layers % 2];
    float *const out = e->x[1 - e->size.layers % 2];
    for (uint32_t b = (uint32_t)rank; b < asked(e); b += (uint32_t)ranks)
        e->ops->norm(form->norm, out + (size_t)b * width, x + ((size_t)b * q + q - 1) * width,
                     e->head_norm, e->head_norm_bias, width, form->eps);
}

static void head_product(struct engine *e, int rank, int ranks)
{
    const struct layer_product product = {
        .matrix = &e->head,
        .n = asked(e),
        .x = e->x[1 - e->size.layers % 2],
        .x_stride = e->name.layer.width,
        .out = e->logits,
        .out_stride = e->head.rows,
    };
    layer_multiply(&e->step[0], &product, rank, ranks);
    /* The best of a rank's own words, while they are in its cache. */
    const uint64_t rows = e->head.rows, r = (uint64_t)rank, n = (uint64_t)ranks;
    const uint32_t first = (uint32_t)(rows * r / n), end = (uint32_t)(rows * (r + 1) / n);
    for (uint32_t b = 0; b < asked(e); b++) {
        const float *const logits = e->logits + (size_t)b * e->head.rows;
        uint32_t best = first;
        for (uint32_t i = first; i < end; i++)
            best = logits[i] > logits[best] ? i : best;
        e->best[(size_t)rank * e->name.problem.batch + b] = first < end ? logits[best] : -INFINITY;
        e->best_token[(size_t)rank * e->name.problem.batch + b] = best;
    }
}

static void choose(struct engine *e, int ranks)
{
    const uint32_t batch = e->name.problem.batch, q = e->name.problem.q_len;
    for (uint32_t b = 0; b < batch; b++) {
        uint32_t best = 0;
        for (uint32_t r = 1; r < (uint32_t)ranks; r++)
            if (e->best[r * batch + b] > e->best[best * batch + b])
                best = r;
        e->token[b * q + q - 1] = e->best_token[best * batch + b];
    }
}

/* One step for one rank. */
static void step_job(void *arg, int rank, int ranks)
{
    struct engine *const e = arg;
    const struct layer_step *const steps = e->step + e->copy * e->size.layers;
    const bool all = e->only == e->size.layers;
    uint64_t last = rank == 0 && e->times ? e->clock->wall_ns() : 0;
    if (is_model(e) && all) {
        embed(e, rank, ranks);
        meet(e, LAYER_PART_HEAD, rank, &last);
    }
    const uint32_t end = all ? e->size.layers : e->only + 1;
    for (uint32_t l = all ? 0 : e->only; l < end; l++) {
        const struct layer_program *const program = &e->program[l];
        for (int i = 0; i < program->n; i++) {
            layer_stage_run(&program->stage[i], &steps[l], rank, ranks);
            meet(e, program->stage[i].part, rank, &last);
        }
    }
    if (!is_model(e) || !all || e->no_head)
        return;
    head_norm(e, rank, ranks);
    meet(e, LAYER_PART_HEAD, rank, &last);
    head_product(e, rank, ranks);
    meet(e, LAYER_PART_HEAD, rank, &last);
    if (rank == 0)
        choose(e, ranks);
}

static void run(struct engine *e, uint32_t only, struct engine_times *times)
{
    if (engine_memory_moved(e))
        engine_memory_connect(e);
    e->only = only;
    e->times = times;
    team_run(e->team, step_job, e);
}

void engine_step(struct engine *e, struct engine_times *times)
{
    e->copy = e->turn++ % e->size.copies;
    run(e, e->size.layers, times);
}

void engine_place(struct engine *e)
{
    const struct layer_form *const form = layer_form_of(&e->shape[0]);
    const uint32_t q = e->name.problem.q_len, dim = e->name.problem.dim;
    for (uint32_t t = 0; form->rope && t < e->tokens; t++) {
        const uint32_t pos = e->lengths[t / q] - q + t % q;
        for (int i = 0; i < 2; i++) {
            float *const to = e->turns[i] + (size_t)t * dim;
            if (e->all_turns[i])
                memcpy(to, e->all_turns[i] + (size_t)pos * dim, dim * sizeof(*to));
            else
                layer_turns(to, pos, dim, (double)(i ? form->local_theta : form->theta));
        }
    }
}

void engine_shape(struct engine *e, uint32_t batch, uint32_t q_len)
{
    e->name.problem.batch = batch;
    e->name.problem.q_len = q_len;
    e->tokens = batch * q_len;
    for (uint32_t l = 0; l < e->size.layers; l++) {
        e->shape[l].kind.problem.batch = e->cross[l].batch = batch;
        e->shape[l].kind.problem.q_len = e->cross[l].q_len = q_len;
        e->step[l].blas = layer_uses_gemm(&e->name.layer, e->tokens) ? layer_blas() : NULL;
    }
}

/* ---- check */

static int refuse(const struct layer_check *c, uint32_t layer, struct attn_message *why)
{
    return attn_refuse(why, -EDOM,
                       "wrong result in layer %u: %s of token %u, element %u is %.9g and should be "
                       "%.9g; the error is %.3g times what rounding allows",
                       layer, c->stage, c->token, c->index, c->found, c->expected, c->worst);
}

static void keep_worst(struct layer_check *worst, const struct layer_check *one)
{
    const double error = fmax(worst->max_abs_error, one->max_abs_error);
    if (!worst->stage || one->worst > worst->worst)
        *worst = *one;
    worst->max_abs_error = error;
}

/* A layer by itself, on copy 0. */
static int check_layer(struct engine *e, uint32_t layer, uint64_t seed, double *memory,
                       struct layer_check *check, struct attn_message *why)
{
    struct layer_check one;
    e->copy = 0;
    layer_poison(&e->step[layer]);
    run(e, layer, NULL);
    const int error = layer_check(&e->step[layer], seed + layer, 48, memory, &one);
    keep_worst(check, &one);
    return error ? refuse(&one, layer, why) : 0;
}

/* The logits of the step that has just run, from the normed vector they were computed from. */
static int check_head(struct engine *e, double *memory, struct layer_check *check,
                      struct attn_message *why)
{
    struct layer_check one = {.stage = "logits"};
    const uint32_t width = e->name.layer.width;
    const float *const x = e->x[1 - e->size.layers % 2];
    for (uint32_t b = 0; b < asked(e); b++) {
        for (uint32_t i = 0; i < width; i++)
            memory[i] = (double)x[(size_t)b * width + i];
        for (uint32_t k = 0; k < 48; k++) {
            const uint32_t row = (uint32_t)((uint64_t)(e->head.rows - 1) * k / 47);
            double magnitude;
            const double y = layer_ref_product(&e->head, NULL, row, memory, &magnitude);
            const double found = (double)e->logits[(size_t)b * e->head.rows + row];
            const double bound = LAYER_CHECK_C * 0x1p-24 * magnitude + 1e-37;
            const double error = isfinite(found) ? fabs(found - y) : INFINITY;
            one.max_abs_error = fmax(one.max_abs_error, error);
            if (error / bound <= one.worst)
                continue;
            one.worst = error / bound;
            one.error_bound = bound;
            one.token = b;
            one.index = row;
            one.expected = y;
            one.found = found;
        }
    }
    keep_worst(check, &one);
    return one.worst <= 1 ? 0 : refuse(&one, e->size.layers, why);
}

int engine_check(struct engine *e, uint64_t seed, struct layer_check *check,
                 struct attn_message *why)
{
    enum { LOOKED = 4 };
    const uint32_t layers = e->size.layers;
    size_t doubles = 0;
    for (uint32_t l = 0; l < layers; l++) {
        const size_t need = layer_check_doubles(&e->shape[l]);
        doubles = need > doubles ? need : doubles;
    }
    double *const memory = malloc(doubles * sizeof(*memory));
    int error = memory ? 0 : attn_refuse(why, -ENOMEM, "out of memory for the reference");
    *check = (struct layer_check){0};
    if (!error && is_model(e)) {
        memset(e->logits, 0xff, (size_t)asked(e) * e->head.rows * sizeof(*e->logits));
        e->copy = 0;
        run(e, layers, NULL);
        error = check_head(e, memory, check, why);
    }
    for (uint32_t k = 0; !error && k < LOOKED && k < layers; k++) {
        const uint32_t looked = layers < LOOKED ? layers : LOOKED;
        const uint32_t part = layers / looked;
        const uint32_t layer = k + 1 == looked ? layers - 1 : k * part + (k ? seed % part : 0);
        error = check_layer(e, layer, seed, memory, check, why);
    }
    free(memory);
    return error;
}

/* ---- set-up */

static void set_barrier(struct engine *e, const struct attn_host *host)
{
    const unsigned ranks = (unsigned)team_ranks(e->team);
    barrier_init(&e->barrier, ranks, ranks > host->topology.pus ? 0 : SPINS);
}

int engine_open(struct engine *e, const struct attn_name *name, const struct attn_kernel *kernel,
                struct attn_host *host, struct team *team, struct attn_message *why)
{
    *e = (struct engine){
        .name = *name,
        .kernel = kernel,
        .ops = layer_ops_best(),
        .team = team,
        .clock = &machine_clock,
    };
    if (engine_size(&e->size, name, kernel,
                    attn_host_llc(host, attn_placement(name), name->threads)))
        return attn_refuse(why, -ENOMEM, "needs more memory than there are addresses");
    e->tokens = e->size.tokens;
    set_barrier(e, host);
    const int error = engine_memory_open(e, host, why);
    if (error) {
        engine_close(e);
        return error;
    }
    if (name->problem.phase != ATTN_GENERATE)
        engine_place(e);
    return 0;
}

void engine_close(struct engine *e)
{
    arena_free(&e->cache);
    arena_free(&e->work);
    arena_free(&e->vectors);
    free(e->shape);
    free(e->cross);
    free(e->program);
    free(e->weights);
    free(e->step);
    *e = (struct engine){0};
}
