/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for PAPI in builds without it, so that its events have a reason. */
#include "bench/machine/counters/backend.h"

static enum counter_state begin(const char *root, struct counter_trouble *trouble)
{
    (void)root;
    return counter_trouble_set(trouble, COUNTER_OFF,
                               "this build has no PAPI: install libpapi-dev and build anew");
}

const struct counter_backend counter_papi = {.name = "PAPI", .begin = begin};
