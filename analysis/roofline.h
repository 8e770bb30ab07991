/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How near to the machine's limit a case came: its arithmetic intensity, what it reached, and the
 * two roofs, which are measured by ceiling kernels beside the case and never taken from a data
 * sheet.
 */
#ifndef ANA_ROOFLINE_H
#define ANA_ROOFLINE_H

#include <stdbool.h>

#include "analysis/summary.h"

struct ana_roof {
    double intensity;        /* flop a byte of compulsory traffic */
    double bytes_per_second; /* reached */
    double flops_per_second; /* reached */
    double read_roof;        /* bytes a second the machine read beside it, NAN if not measured */
    double fma_roof;         /* flops a second, NAN if not measured */
    double ridge;            /* intensity at which the roofs meet */
    double fraction;         /* of the lower roof at this intensity */
    bool compute_bound;      /* intensity beyond the ridge */
};

/* 0, or -ENODATA if the case has no time or is not one of ours. */
int ana_roofline(const struct ana_summary *summary, const struct ana_case *c,
                 struct ana_roof *roof);

#endif
