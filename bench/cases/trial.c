/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory a kernel may write to lies as close before a page nobody may touch as its alignment of 64
 * bytes allows; the bytes between, and those before it, hold a pattern. So an overrun of one
 * element is found by the pattern, a longer one by the page, and the address says which array it
 * was. What is only read is made read-only for the time of the call.
 */
#include "bench/cases/trial.h"

#include "bench/cases/call.h"
#include "bench/cases/data.h"
#include "bench/cases/keeper.h"
#include "bench/cases/layer_engine.h"
#include "kernels/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 64, PATTERN = 0xa5 };

/* Slow enough for a scalar kernel on a slow machine, filling of the cache included. */
static const double flops_per_second = 1e8, bytes_per_second = 1e8;

double attn_trial_seconds(const struct attn_name *name, double seconds)
{
    const struct attn_problem *const p = &name->problem;
    if (!attn_phase_has_layers(p->phase))
        return seconds + (double)attn_flops(p) / flops_per_second +
               (double)attn_kv_bytes(p) / bytes_per_second;
    /* Of a prompt a step takes a chunk at a time. */
    const struct engine_cost cost = engine_cost(name);
    const double tokens = p->phase == ATTN_GENERATE ? ENGINE_CHUNK : 1;
    return seconds + tokens * (double)cost.flops / flops_per_second +
           (double)cost.bytes / bytes_per_second;
}

/* One array between two guard pages; bytes == 0 leaves `at` NULL. */
struct yard {
    const char *what;
    char *at, *begin, *end; /* begin and end: what may be touched */
    size_t bytes;
};

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* `sentence` has to live on: the handler of a fault uses it. */
static int yard_open(struct yard *y, const char *what, const char *sentence, size_t bytes,
                     struct attn_message *why)
{
    const size_t page = page_size();
    char text[32];
    *y = (struct yard){.what = what, .bytes = bytes};
    if (!bytes)
        return 0;
    const size_t body = bytes < SIZE_MAX / 4 ? (bytes + page - 1) / page * page : SIZE_MAX / 4;
    char *const map = mmap(NULL, body + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + page, body, PROT_READ | PROT_WRITE))
        return attn_refuse(why, -ENOMEM, "asks for %s of %s, which is not there",
                           attn_bytes_text(bytes, text, sizeof(text)), what);
    y->begin = map + page;
    y->end = y->begin + body;
    y->at = y->end - (bytes + ALIGN - 1) / ALIGN * ALIGN;
    memset(y->begin, PATTERN, body);
    attn_keeper_guard(map, y->begin, sentence);
    attn_keeper_guard(y->end, y->end + page, sentence);
    return 0;
}

static int yard_check(const struct yard *y, struct attn_message *why)
{
    const char *const past = y->at + y->bytes;
    for (const char *c = y->begin; y->at && c < y->end; c++) {
        if (c == y->at)
            c = past;
        if (c < y->end && (unsigned char)*c != PATTERN)
            return attn_refuse(why, -EFAULT, "wrote %s of %s",
                               c < past ? "before the beginning" : "past the end", y->what);
    }
    return 0;
}

static uint64_t digest(const char *bytes, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return h;
}

static void protect(const struct pool *pool)
{
    for (int t = 0; t < ATTN_TYPES; t++) {
        const struct arena *const a = &pool->arena[t];
        if (!a->base)
            continue;
        mprotect(a->base, a->bytes, PROT_READ);
        attn_keeper_guard(a->base, a->base + a->bytes,
                          "wrote into the KV cache, which it may only "
                          "read");
    }
}

static int call(const struct attn_kernel *kernel, const struct attn_name *name,
                struct attn_data *data, struct attn_message *why)
{
    const struct attn_problem *const p = &name->problem;
    const int ranks = attn_kernel_ranks(kernel, name->threads);
    const size_t out = (size_t)p->batch * p->q_len * p->heads * p->dim_v * sizeof(float);
    const size_t scratch =
        kernel->scratch_bytes ? kernel->scratch_bytes(p, name->splits, ranks) : 0;
    const size_t prepared = kernel->prepared_bytes ? kernel->prepared_bytes(p) : 0;
    struct yard yard[3];
    struct team *team = NULL;
    const struct team_options options = {.ranks = (int)name->threads};
    if (kernel->scratch_bytes && kernel->scratch_bytes(p, name->splits, ranks) != scratch)
        return attn_refuse(why, -EINVAL,
                           "asks for another size of its scratch memory each time it is asked");
    int error = yard_open(&yard[0], "the output", "reached outside the output", out, why);
    if (!error)
        error = yard_open(&yard[1], "its scratch memory",
                          "reached outside the scratch memory it had asked for", scratch, why);
    if (!error)
        error = yard_open(&yard[2], "its prepared memory",
                          "reached outside the prepared memory it had asked for", prepared, why);
    if (!error && team_create(&team, &options))
        error = attn_refuse(why, -EAGAIN, "cannot be given %u threads", name->threads);
    if (error)
        return error;
    data->args.out = (float *)(void *)yard[0].at;
    data->args.scratch = yard[1].at;
    data->args.prepared = yard[2].at;
    protect(data->pool);
    const uint64_t before = digest(data->block, data->size.block_bytes);
    error = kernel->prepare ? kernel->prepare(&data->args, yard[2].at) : 0;
    if (error)
        return attn_refuse(why, error < 0 ? error : -EINVAL, "failed to prepare the cache (%d)",
                           error);
    attn_poison(&data->args);
    attn_call(team, kernel, &data->args, NULL);
    if (digest(data->block, data->size.block_bytes) != before)
        return attn_refuse(why, -EFAULT, "wrote into its arguments, which it may only read");
    for (size_t i = 0; !error && i < sizeof(yard) / sizeof(*yard); i++)
        error = yard_check(&yard[i], why);
    return error;
}

int attn_trial(const struct attn_kernel *kernel, const struct attn_name *name, uint64_t seed,
               struct attn_message *why)
{
    struct attn_name hot = *name;
    struct attn_data data;
    struct attn_size size;
    struct pool pool;
    hot.hot = true; /* one copy */
    pool_init(&pool, NULL, ARENA_4K, seed);
    if (attn_size(&size, &hot, NULL, 0))
        return attn_refuse(why, -ENOMEM, "needs more memory than there are addresses");
    const int error = attn_data_open(&data, &hot, NULL, &size, &pool, seed, why);
    return error ? error : call(kernel, name, &data, why);
}

static int support(const struct attn_library *library, const struct attn_kernel *kernel,
                   const struct attn_problem *p, struct attn_message *why)
{
    const char *reason = attn_library_unaware(library, p);
    if (!reason && kernel->supports)
        reason = kernel->supports(p);
    if (reason)
        return attn_refuse(why, -EDOM, "%s", reason);
    if (kernel->scratch_bytes)
        kernel->scratch_bytes(p, 0, 1);
    if (kernel->prepared_bytes)
        kernel->prepared_bytes(p);
    return 0;
}

void attn_keeper_run(const struct attn_question *question, struct attn_answer *answer)
{
    static struct attn_library library;
    answer->error = attn_library_open(&library, question->path, &answer->why);
    if (answer->error || question->task == ATTN_TASK_OPEN)
        return;
    const struct attn_kernel *const kernel = &library.kernel[question->kernel % library.n];
    if (question->task == ATTN_TASK_CLOSE)
        attn_library_close(&library);
    else if (question->task == ATTN_TASK_SUPPORT)
        answer->error = support(&library, kernel, &question->name.problem, &answer->why);
    else
        answer->error = attn_trial(kernel, &question->name, question->seed, &answer->why);
}
