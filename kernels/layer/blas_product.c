/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The projections of a large batch, by OpenBLAS. It knows only f32, so narrower weights are widened
 * a tile at a time into a cache's worth of memory; the widening is shared by all vectors, which is
 * what makes it worth while from some number of them on.
 */
#include <cblas.h>

#include "kernels/layer/ops.h"

static void tile_product(const struct layer_product *p, const struct layer_ops *ops, uint32_t row,
                         uint32_t rows, float *tile)
{
    const struct layer_matrix *const m = p->matrix;
    const size_t row_bytes = layer_matrix_row_bytes(m), element = row_bytes / m->cols;
    for (uint32_t c = 0; c < m->cols; c += LAYER_BLAS_COLS) {
        const uint32_t cols = m->cols - c < LAYER_BLAS_COLS ? m->cols - c : LAYER_BLAS_COLS;
        const char *const at = (const char *)m->data + row * row_bytes + c * element;
        const float *w = (const float *)(const void *)at;
        int lda = (int)m->cols;
        if (m->type != ATTN_F32) {
            for (uint32_t r = 0; r < rows; r++)
                ops->widen(m->type, tile + (size_t)r * cols, at + r * row_bytes, cols);
            w = tile;
            lda = (int)cols;
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)p->n, (int)rows, (int)cols, 1,
                    p->x + c, (int)p->x_stride, w, lda, c ? 1 : 0, p->out + row,
                    (int)p->out_stride);
    }
}

static void product(const struct layer_product *p, const struct layer_ops *ops, uint32_t first,
                    uint32_t end, float *tile)
{
    for (uint32_t row = first; row < end; row += LAYER_BLAS_ROWS) {
        const uint32_t rows = end - row < LAYER_BLAS_ROWS ? end - row : LAYER_BLAS_ROWS;
        tile_product(p, ops, row, rows, tile);
        for (uint32_t v = 0; v < p->n; v++)
            for (uint32_t r = row; r < row + rows; r++)
                layer_product_store(p, v, r, p->out[v * p->out_stride + r]);
    }
}

layer_blas_fn *layer_blas(void)
{
    openblas_set_num_threads(1); /* the ranks are the threads */
    return product;
}
