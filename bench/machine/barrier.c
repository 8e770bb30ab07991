/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A central counter and a turn number. Trees and dissemination barriers win on hundreds of cores;
 * attention cuts a call into two or three phases, so one contended line a phase is not what a call
 * spends its time on, and the simple form is one a reader can prove.
 *
 * Sleeping is a futex on the turn word itself. The order that makes it safe: a sleeper counts
 * itself and then has the kernel compare the word; a waker changes the word and then looks at the
 * count. Both sides are sequentially consistent, so one of them sees the other. They are plain
 * atomic accesses rather than fences, which the thread sanitizer can follow.
 */
#include "bench/machine/barrier.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* On Arm `yield` is no pause at all, while `isb` takes about as long as the x86 instruction. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

void wait_word_set(struct wait_word *word, unsigned value)
{
    atomic_store(&word->value, value);
    if (atomic_load(&word->sleepers))
        syscall(SYS_futex, &word->value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void wait_word_leave(struct wait_word *word, unsigned old, unsigned spins)
{
    for (unsigned i = 0; i < spins; i++) {
        if (atomic_load_explicit(&word->value, memory_order_acquire) != old)
            return;
        relax();
    }
    atomic_fetch_add(&word->sleepers, 1);
    while (atomic_load(&word->value) == old)
        syscall(SYS_futex, &word->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
    atomic_fetch_sub(&word->sleepers, 1);
}

void barrier_init(struct barrier *b, unsigned ranks, unsigned spins)
{
    atomic_init(&b->turn.value, 0);
    atomic_init(&b->turn.sleepers, 0);
    atomic_init(&b->arrived, 0);
    b->ranks = ranks;
    b->spins = spins;
}

/* The turn cannot end before this rank has arrived, so reading it first needs no order. */
static void meet(struct barrier *b, bool wait)
{
    const unsigned turn = atomic_load_explicit(&b->turn.value, memory_order_relaxed);
    const unsigned before = atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel);
    if (before + 1 == b->ranks) {
        atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
        wait_word_set(&b->turn, turn + 1);
    } else if (wait) {
        wait_word_leave(&b->turn, turn, b->spins);
    }
}

void barrier_wait(struct barrier *b)
{
    meet(b, true);
}

void barrier_pass(struct barrier *b)
{
    meet(b, false);
}
