/* SPDX-License-Identifier: Apache-2.0 */
/* See fingerprint.h. */
#include "bench/cases/fingerprint.h"

#include <stdio.h>
#include <string.h>

const char *attn_fingerprint_of(const struct attn_kernel *kernel)
{
    char symbol[128];
    if (!kernel)
        return NULL;
    snprintf(symbol, sizeof(symbol), "attn_%s%s%s", kernel->rung, *kernel->isa ? "_" : "",
             kernel->isa);
    for (const struct attn_fingerprint *f = attn_fingerprints; f->symbol; f++)
        if (strcmp(f->symbol, symbol) == 0)
            return f->code;
    return NULL;
}
