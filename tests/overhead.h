/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of the overhead benchmark: one empty body through either library. */
#ifndef ATTN_OVERHEAD_H
#define ATTN_OVERHEAD_H

#ifdef __cplusplus
extern "C" {
#endif

/* How a loop counts: asking at every turn, or with a counter of its own between its ends. */
enum overhead_loop { OVERHEAD_ASKING, OVERHEAD_COUNTING, OVERHEAD_LOOPS };

enum { OVERHEAD_ITERATIONS = 20000000 };

/* The body on both sides, for a loop of nothing at all is computed away. Each library's own barrier
 * would not do: Google's is a fence that gcc counts as no instruction and clang drops together with
 * the loop around it, and then two bodies are compared and not two loops. */
#define OVERHEAD_BODY() __asm__ volatile("" : : : "memory")

/* Nanoseconds of one iteration, by wall time; negative when it could not be run. */
double overhead_here(enum overhead_loop loop);

#ifdef __cplusplus
}
#endif

#endif
