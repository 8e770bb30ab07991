/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings in words about what an environment does to numbers, each with what would be better.
 */
#ifndef MACHINE_ADVICE_H
#define MACHINE_ADVICE_H

#include "bench/machine/context.h"

/* Reads the env.* keys of a context and adds warnings to it; threads: 0 if not known. */
void advice_add(struct machine_context *c, int threads);

#endif
