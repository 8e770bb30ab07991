/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of operations that were compiled; the list is written by the build. */
#include "kernels/layer/ops.h"

#include <math.h>

#include "kernels/cpu.h"
#include "kernels/layer_list.h"

#define X(name) extern const struct layer_ops name;
ATTN_LAYERS
#undef X

#define X(name) &name,
static const struct layer_ops *const all[] = {ATTN_LAYERS};
#undef X

const struct layer_ops *const *layer_ops_all(size_t *count)
{
    *count = sizeof(all) / sizeof(*all);
    return all;
}

const struct layer_ops *layer_ops_best(void)
{
    const uint64_t has = attn_cpu_features();
    const struct layer_ops *best = all[0];
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if ((all[i]->cpu & has) == all[i]->cpu)
            best = all[i];
    return best;
}

void layer_turns(float *turns, uint32_t pos, uint32_t dim, double theta)
{
    const uint32_t half = dim / 2;
    for (uint32_t i = 0; i < half; i++) {
        const double angle = pos * pow(theta, -2.0 * i / dim);
        turns[i] = (float)cos(angle);
        turns[half + i] = (float)sin(angle);
    }
}

#ifndef ATTN_HAVE_BLAS
layer_blas_fn *layer_blas(void)
{
    return NULL;
}
#endif
