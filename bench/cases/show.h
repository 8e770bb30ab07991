/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to choose from and to run on: --list_kernels, --list_suites, --machine. */
#ifndef ATTN_SHOW_H
#define ATTN_SHOW_H

#include <stdio.h>

#include "bench/cases/host.h"
#include "bench/machine/context.h"

void attn_show_kernels(FILE *out);
void attn_show_suites(FILE *out);
void attn_show_machine(FILE *out, const struct attn_host *host);

/* Every key and warning of a context, a line each. */
void attn_show_context(FILE *out, const struct machine_context *context);

#endif
