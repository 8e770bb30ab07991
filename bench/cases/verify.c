/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle is asked by the whole team, since a long context costs it more than everything else
 * a case does untimed. Both samples are asked at once: the second call of the check then costs
 * one call of the kernel.
 */
#include "bench/cases/verify.h"

#include "bench/cases/call.h"
#include "kernels/quant.h"

#include <errno.h>
#include <stdlib.h>

struct question {
    const struct attn_args *args;
    const struct pool *pool;
    struct attn_oracle *oracle;
};

static void read_original(const void *context, enum attn_type type, const void *row,
                          const void *scales, uint32_t dim, double *values)
{
    pool_original(context, type, row, scales, dim, values);
}

static void ask(void *arg, int rank, int ranks)
{
    const struct question *const q = arg;
    const struct attn_source source = {.read = read_original, .context = q->pool};
    for (size_t i = (size_t)rank; i < ATTN_SAMPLES * q->oracle->n; i += (size_t)ranks) {
        struct attn_expected *const row = &q->oracle->row[i / q->oracle->n][i % q->oracle->n];
        attn_check_expect(q->args, row);
        if (row->original)
            attn_check_original(q->args, &source, row);
    }
}

int attn_oracle_ask(struct attn_oracle *oracle, struct attn_data *data, struct team *team,
                    uint64_t seed, struct attn_message *why)
{
    const struct attn_problem *const p = &data->problem;
    char text[sizeof(why->text)];
    if (oracle->n)
        return 0;
    attn_data_take(data, 0);
    const char *const invalid = attn_quant_invalid(&data->args, text, sizeof(text));
    if (invalid)
        return attn_refuse(why, -EDOM, "%s", invalid);
    const bool narrow = attn_types[p->k_type].bits <= 8 || attn_types[p->v_type].bits <= 8;
    const size_t n = attn_check_sample_size(p), all = ATTN_SAMPLES * n * p->dim_v;
    double *const values = calloc(narrow ? 2 * all : all, sizeof(*values));
    struct attn_expected *const rows = calloc(ATTN_SAMPLES * n, sizeof(*rows));
    if (!values || !rows) {
        free(values);
        free(rows);
        return attn_refuse(why, -ENOMEM, "out of memory for the oracle");
    }
    *oracle = (struct attn_oracle){.values = values, .n = n};
    for (size_t i = 0; i < ATTN_SAMPLES * n; i++) {
        attn_check_sample(p, seed + i / n, i % n, &rows[i]);
        rows[i].out = values + i * p->dim_v;
        rows[i].original = narrow ? rows[i].out + all : NULL;
    }
    for (int sample = 0; sample < ATTN_SAMPLES; sample++)
        oracle->row[sample] = rows + (size_t)sample * n;
    const struct question question = {.args = &data->args, .pool = data->pool, .oracle = oracle};
    team_run(team, ask, (void *)&question);
    return 0;
}

void attn_oracle_free(struct attn_oracle *oracle)
{
    free(oracle->row[0]);
    free(oracle->values);
    *oracle = (struct attn_oracle){0};
}

int attn_verify(const struct attn_oracle *oracle, enum attn_sample sample, struct attn_data *data,
                const struct attn_kernel *kernel, struct team *team, struct attn_check *check,
                struct attn_message *why)
{
    attn_data_take(data, 0);
    attn_poison(&data->args);
    attn_call_prepare(team, kernel, true);
    attn_call(team, kernel, &data->args, NULL);
    attn_call_prepare(team, kernel, false);
    const int error = attn_check_rows(&data->args, kernel, oracle->row[sample], oracle->n, check);
    if (!error && check->quant_worst > 1)
        return attn_refuse(
            why, -EDOM,
            "the cache is not what was narrowed: the output is %.3g from that of the "
            "values before, and scales explain %.3g",
            check->quant_error, check->quant_bound);
    if (!error)
        return 0;
    const char *const when = sample == ATTN_BEFORE ? "before" : "after";
    if (check->worst <= 1)
        return attn_refuse(why, error,
                           "wrong result %s timing: a row as a whole is off by %.3g of its length, "
                           "and rounding explains %.3g",
                           when, check->norm_error, check->norm_limit);
    return attn_refuse(why, error,
                       "wrong result %s timing: sequence %u, query %u, head %u, element %u is "
                       "%.9g and should be %.9g; the error is %.3g times what rounding allows",
                       when, check->batch, check->i, check->head, check->column, check->found,
                       check->expected, check->worst);
}
