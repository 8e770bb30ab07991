/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library of somebody else, as an adapter meets it: its own vocabulary, its own layout, its own
 * threads, which live as long as a handle, and nothing of attnbench in it.
 */
#ifndef LANES_H
#define LANES_H

struct lanes;

/* A pool of so many threads, the caller of lanes_attend() not counted; NULL if there are none. */
struct lanes *lanes_start(int threads);
void lanes_stop(struct lanes *lanes);

struct lanes_tensor {
    const float *data; /* [tokens][heads][width] */
    int tokens, heads, width;
};

/* out[heads][v.width] of one query q[heads][k.width]. */
void lanes_attend(struct lanes *lanes, const float *q, int heads, struct lanes_tensor k,
                  struct lanes_tensor v, float scale, float *out);

/* How many different threads have worked on the last call. */
int lanes_worked(const struct lanes *lanes);

#endif
