/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two OpenBLAS rungs share: a block of the cache as a matrix, and one BLAS thread a rank.
 * BLAS knows only f32 and f64, so narrow caches are widened a block at a time first; an f32 cache
 * is handed over where it lies.
 */
#ifndef ATTN_LADDER_BLAS_H
#define ATTN_LADDER_BLAS_H

#include <cblas.h>

#include "kernels/ladder/plain.h"

/* Rows as a matrix BLAS can read; *lda is its leading dimension, `wide` holds n * dim floats. */
static inline const float *blas_matrix(enum attn_type type, const void *const *row,
                                       const void *const *scales, ptrdiff_t step, uint32_t n,
                                       uint32_t dim, float *wide, int *lda)
{
    *lda = (int)dim;
    if (type == ATTN_F32 && n == 1)
        return row[0];
    if (type == ATTN_F32 && step > 0) {
        *lda = (int)(step / (ptrdiff_t)sizeof(float));
        return row[0];
    }
    for (uint32_t j = 0; j < n; j++)
        attn_widen_row(type, row[j], scales[j], dim, wide + (size_t)j * dim);
    return wide;
}

/* The ranks are the threads: a pool of the library's own would fight them for the cores. */
static inline int blas_prepare(const struct attn_args *args, void *prepared)
{
    (void)args;
    (void)prepared;
    openblas_set_num_threads(1);
    return 0;
}

#endif
