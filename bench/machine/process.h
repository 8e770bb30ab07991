/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of this process itself can change a number: its code, where its stack begins, where its
 * memory comes from, how fast a known loop runs and whether the CPU lets it count.
 */
#ifndef MACHINE_PROCESS_H
#define MACHINE_PROCESS_H

#include "bench/machine/clock.h"
#include "bench/machine/context.h"

/*
 * Adds env.text_hash, env.environ_bytes, env.argv0_bytes, env.stack_align, env.mempolicy,
 * env.aslr_this_process, env.pmu and env.calib_ns. The calibration takes about a millisecond.
 */
void process_describe(struct machine_context *c, const struct machine_clock *clock);

/* FNV-1a: of long texts all anybody asks is whether they are the same. */
uint64_t process_text_hash(const char *text, size_t n);

#endif
