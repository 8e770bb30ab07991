/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways threads of a team wait for each other: a word that one thread changes and others
 * wait on, and a barrier built on it. Waiting spins for a bounded number of turns and then sleeps
 * in the kernel: a barrier inside a call is met while spinning, and a team that stands idle
 * between cases, or has more threads than CPUs, costs nothing.
 */
#ifndef MACHINE_BARRIER_H
#define MACHINE_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

/* Two cache lines, since adjacent lines are fetched in pairs. */
enum { BARRIER_ALIGN = 128 };

struct wait_word {
    _Alignas(BARRIER_ALIGN) atomic_uint value;
    atomic_uint sleepers;
};

/* Stores a new value and wakes whoever sleeps on the old one. */
void wait_word_set(struct wait_word *word, unsigned value);

/* Returns when the value is no longer `old`, after at most `spins` turns of spinning. */
void wait_word_leave(struct wait_word *word, unsigned old, unsigned spins);

struct barrier {
    struct wait_word turn;
    _Alignas(BARRIER_ALIGN) atomic_uint arrived;
    unsigned ranks, spins;
};

void barrier_init(struct barrier *b, unsigned ranks, unsigned spins);

/*
 * Every rank calls one of these once a turn. barrier_pass() does not wait: for a rank that has
 * nothing to do until it is told otherwise by somebody who did wait.
 */
void barrier_wait(struct barrier *b);
void barrier_pass(struct barrier *b);

#endif
