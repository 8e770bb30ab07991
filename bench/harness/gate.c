/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The barrier at both ends of the timed loop. pthread_barrier_t does not do: a thread that skips
 * before its loop never arrives, and the others must not wait for it.
 */
#include "bench/harness/state.h"

void bm_gate_init(struct gate *gate, int members)
{
    *gate = (struct gate){.members = members};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
}

void bm_gate_free(struct gate *gate)
{
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->opened);
}

static void open_gate(struct gate *gate)
{
    gate->waiting = 0;
    gate->generation++;
    pthread_cond_broadcast(&gate->opened);
}

void bm_gate_wait(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    const unsigned generation = gate->generation;
    if (++gate->waiting >= gate->members)
        open_gate(gate);
    while (generation == gate->generation)
        pthread_cond_wait(&gate->opened, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void bm_gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->members--;
    if (gate->waiting && gate->waiting >= gate->members)
        open_gate(gate);
    pthread_mutex_unlock(&gate->lock);
}
