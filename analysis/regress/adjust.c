/* SPDX-License-Identifier: Apache-2.0 */
/* See adjust.h. */
#include "analysis/regress/adjust.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct question {
    double p;
    size_t index;
};

static int by_p(const void *a, const void *b)
{
    const struct question *const x = a, *const y = b;
    return (x->p > y->p) - (x->p < y->p);
}

int reg_adjust(const double *p, double *adjusted, size_t n)
{
    struct question *const asked = malloc((n + 1) * sizeof(*asked));
    size_t m = 0;
    if (!asked)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i]))
            asked[m++] = (struct question){p[i], i};
    }
    qsort(asked, m, sizeof(*asked), by_p);
    double least = 1;
    for (size_t k = m; k > 0; k--) {
        least = fmin(least, asked[k - 1].p * (double)m / (double)k);
        adjusted[asked[k - 1].index] = least;
    }
    free(asked);
    return 0;
}
