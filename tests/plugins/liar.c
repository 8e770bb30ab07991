/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plug-in that does wrong whatever a plug-in can do wrong, one thing at a time: the environment
 * variable LIE says which. Without it the kernel is honest, and slow.
 */
#include "kernels/kernel.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 100 };

extern struct attn_plugin attn_plugin; /* not const: the constructor lies about itself */

static bool lie(const char *what)
{
    const char *const chosen = getenv("LIE");
    return chosen && strcmp(chosen, what) == 0;
}

/* What it may excuse itself with and be accepted. */
static uint32_t number(const char *name)
{
    const char *const text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* The program itself, or a process that may crash? Those of the keeper ignore SIGTERM. */
static bool in_program(void)
{
    struct sigaction action;
    return sigaction(SIGTERM, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static void crash(void)
{
    raise(SIGSEGV);
}

static void hang(void)
{
    for (;;)
        pause();
}

/* So that no alarm of the program's is heard. */
static void hang_deaf(void)
{
    signal(SIGALRM, SIG_IGN);
    alarm(0);
    hang();
}

/* A process that has left its group, and whose parent is gone. */
static void leave_somebody(void)
{
    char text[32];
    FILE *const file = fopen(getenv("LIE_FILE"), "w");
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork())
            _exit(0);
        const int n = snprintf(text, sizeof(text), "%d\n", getpid());
        if (write(fileno(file), text, (size_t)n) == n)
            hang();
    }
    waitpid(pid, NULL, 0);
    fclose(file);
}

static const char *supports(const struct attn_problem *p)
{
    if (lie("crash_in_supports"))
        crash();
    if (lie("exit_in_supports"))
        exit(4);
    if (lie("hang_in_supports"))
        hang();
    if (lie("print"))
        puts("a library that talks");
    return p->v_is_k_prefix ? "V that is a part of K is beyond it" : NULL;
}

static size_t out_floats(const struct attn_problem *p)
{
    return (size_t)p->batch * p->q_len * p->heads * p->dim_v;
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)p;
    (void)splits;
    (void)ranks;
    static int calls;
    if (lie("crash_in_first_size"))
        crash();
    if (lie("hang_in_size") && in_program())
        hang();
    if (lie("exit_in_size") && in_program())
        exit(0);
    if (lie("fickle") || (lie("fickle_in_program") && in_program()))
        return SCRATCH_BYTES + ((size_t)calls++ << 20);
    return lie("want_everything") ? SIZE_MAX - 1
           : lie("want_too_much") ? (size_t)1 << 50
                                  : SCRATCH_BYTES;
}

static int prepare(const struct attn_args *args, void *prepared)
{
    (void)args;
    (void)prepared;
    if (lie("leave_somebody") && in_program())
        leave_somebody();
    return lie("fail_to_prepare") ? -5 : 0;
}

static double element(enum attn_type type, const void *row, const void *scales, uint32_t d)
{
    if (type == ATTN_F16)
        return (double)attn_f16_to_f32(((const uint16_t *)row)[d]);
    if (type == ATTN_I8)
        return (double)attn_f16_to_f32(((const uint16_t *)scales)[d / ATTN_QUANT_BLOCK]) *
               ((const int8_t *)row)[d];
    return (double)((const float *)row)[d];
}

/* The oracle's own way, but for the shapes of the test alone: one token, contiguous. */
static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    for (uint32_t row = (uint32_t)rank; row < p->batch * p->heads; row += (uint32_t)ranks) {
        const uint32_t b = row / p->heads, h = row % p->heads;
        const float *const q = args->q + (size_t)row * p->dim;
        double sum = 0;
        double *const acc = calloc(p->dim_v, sizeof(*acc));
        struct attn_rows kv;
        for (uint32_t t = 0; t < args->lengths[b]; t += lie("half_of_tokens") ? 2 : 1) {
            double logit = 0;
            attn_kv_rows(&args->kv, b, attn_kv_head_of(p, h), t, 1, &kv);
            for (uint32_t d = 0; d < p->dim; d++)
                logit += (double)q[d] * element(p->k_type, kv.k[0], kv.k_scale[0], d);
            const double weight = exp(logit * (double)attn_scale(p));
            sum += weight;
            for (uint32_t d = 0; d < p->dim_v; d++)
                acc[d] += weight * element(p->v_type, kv.v[0], kv.v_scale[0], d);
        }
        for (uint32_t d = 0; d < p->dim_v; d++)
            args->out[(size_t)row * p->dim_v + d] = (float)(acc[d] / sum);
        free(acc);
    }
}

static int use_up_stack(const struct attn_args *args)
{
    volatile char room[65536];
    room[sizeof(room) - 1] = room[0] = 1;
    return args ? use_up_stack(args) + room[0] : 0;
}

/* One after the other: memset() would have a sanitizer look at the whole range first. */
static void clear(float *to, size_t count)
{
    for (volatile float *at = to; at < to + count; at++)
        *at = 0;
}

static void misbehave(const struct attn_args *args)
{
    const struct attn_problem *const p = args->problem;
    const size_t out = out_floats(p);
    if (lie("wrong"))
        args->out[out - 1] += 0.01f;
    if (lie("zeros"))
        memset(args->out, 0, out * sizeof(float));
    if (lie("half"))
        memset(args->out + out / 2, 0xff, (out - out / 2) * sizeof(float));
    if (lie("transposed_shape")) /* rows as wide as the context */
        clear(args->out, (size_t)p->heads * p->context * p->dim_v);
    if (lie("one_past"))
        args->out[out] = 0;
    if (lie("one_before"))
        args->out[-1] = 0;
    if (lie("far_past"))
        clear(args->out, 4 * out + 2048);
    if (lie("scratch_past"))
        clear(args->scratch, 1024);
    if (lie("write_cache"))
        ((char *)(uintptr_t)args->kv.k.base)[0] ^= 1;
    if (lie("write_query"))
        ((float *)(uintptr_t)args->q)[0] += 1;
    if (lie("crash_in_call"))
        crash();
    if (lie("hang_in_call"))
        hang();
    if (lie("exit_in_call"))
        exit(3);
    if (lie("abort_in_call"))
        abort();
    if (lie("use_up_stack"))
        use_up_stack(args);
}

/* Numbers of another size than those of the cache. */
static void scribble(char *k)
{
    const float two = 2;
    for (size_t i = 0; i < 64; i += sizeof(two))
        memcpy(k + i, &two, sizeof(two));
}

/* What is done wrong comes after the barrier and from one rank, so that it is the same every time
 * and no race hides it. */
static void deceive(const struct attn_args *args, int rank, int ranks)
{
    static int calls;
    (void)ranks;
    if (lie("hang_in_program") && in_program())
        hang();
    if (rank > 0)
        return;
    if (lie("print"))
        puts("a library that talks");
    misbehave(args);
    /* Well-behaved in the trial, which calls once. */
    if (calls++ > 0) {
        if (lie("crash_later"))
            crash();
        if (lie("hang_later"))
            hang();
        if (lie("hang_deaf_later"))
            hang_deaf();
        if (lie("stop_later"))
            raise(SIGSTOP);
        if (lie("go_elsewhere_later") && chdir(getenv("LIE_FILE")))
            crash();
        if (lie("hang_in_steps") && calls > 20)
            hang();
        if (lie("exit_later"))
            exit(0);
        if (lie("quick_exit_later"))
            quick_exit(0);
        if (lie("exit_past_handlers_later"))
            syscall(SYS_exit_group, 0);
        if (lie("kill_later"))
            raise(SIGKILL);
        if (lie("wrong_later"))
            args->out[0] += 1;
        if (lie("one_past_later"))
            args->out[out_floats(args->problem)] = 0;
        if (lie("one_before_later"))
            args->out[-1] = 0;
        if (lie("scratch_past_later"))
            ((char *)args->scratch)[SCRATCH_BYTES] = 0;
        if (lie("write_cache_later"))
            scribble((char *)(uintptr_t)args->kv.k.base);
    }
}

static struct attn_kernel liar = {
    .struct_size = sizeof(liar),
    .rung = "liar",
    .isa = "",
    .summary = "a plug-in of the tests that does wrong on request",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPE_BIT(ATTN_F32) | ATTN_TYPE_BIT(ATTN_F16) | ATTN_TYPE_BIT(ATTN_I8),
    .v_types = ATTN_TYPE_BIT(ATTN_F32) | ATTN_TYPE_BIT(ATTN_F16) | ATTN_TYPE_BIT(ATTN_I8),
    .layouts = 1u << ATTN_CONTIGUOUS,
    .supports = supports,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .phase = {attend, deceive},
    .phase_name = {"attend", "deceive"},
};

static const struct attn_kernel *kernels[] = {&liar, NULL};

struct attn_plugin attn_plugin = {
    .struct_size = sizeof(attn_plugin),
    .abi = ATTN_ABI_VERSION,
    .problem_size = sizeof(struct attn_problem),
    .kv_size = sizeof(struct attn_kv),
    .args_size = sizeof(struct attn_args),
    .kernels = kernels,
};

static __attribute__((constructor)) void begin(void)
{
    if (lie("print"))
        puts("a library that talks");
    attn_plugin.abi += lie("abi");
    attn_plugin.struct_size = lie("plugin_without_size") ? 0 : attn_plugin.struct_size;
    attn_plugin.struct_size += lie("newer_plugin") ? 8 : 0;
    attn_plugin.args_size += lie("newer_args") ? 8 : 0;
    attn_plugin.args_size =
        lie("older_args") ? offsetof(struct attn_args, bias) : attn_plugin.args_size;
    attn_plugin.kv_size += lie("other_kv") ? 8 : 0;
    if (lie("no_kernel"))
        kernels[0] = NULL;
    if (lie("taken_name")) {
        liar.rung = "ref";
        liar.isa = "";
    }
    liar.rung = lie("bad_name") ? "a/b" : liar.rung;
    liar.summary = lie("escape") ? "\033[31mred" : liar.summary;
    liar.kind = lie("ceiling") ? ATTN_CEILING : liar.kind;
    liar.k_types = lie("unknown_type") ? 1u << 30 : liar.k_types;
    liar.error_factor = lie("excuse") ? 1e30 : number("LIE_FACTOR");
    liar.q_levels = lie("excuse_levels") ? 1 : number("LIE_Q");
    liar.p_levels = lie("excuse_weights") ? 1 : number("LIE_P");
    liar.p_tokens = lie("excuse_tokens") ? UINT32_MAX : liar.p_levels ? 64 : 0;
    liar.struct_size = lie("no_size") ? 0 : liar.struct_size;
    if (lie("no_phase"))
        liar.phase[0] = NULL;
    if (lie("crash_at_load"))
        crash();
    if (lie("hang_at_load"))
        hang();
    if (lie("go_elsewhere") && chdir(getenv("LIE_FILE")))
        crash();
    if (lie("hang_in_second_load") && in_program())
        hang();
    if (lie("exit_at_load") || (lie("exit_in_second_load") && in_program()))
        syscall(SYS_exit_group, 7); /* exit() and _exit() have sanitizers ask about the dlopen() */
}

static __attribute__((destructor)) void end(void)
{
    if (lie("crash_at_unload"))
        crash();
    if (lie("hang_at_unload"))
        hang();
}
