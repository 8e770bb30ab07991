/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix times a few vectors at the speed at which the matrix can be read. A rank's rows are cut
 * into runs that are read abreast, a block of each in turn, because one stream of addresses keeps
 * too few lines of memory in flight. A block is widened once for up to four vectors and stays in L1
 * for the next four, so a batch costs arithmetic and no more memory.
 *
 * How many runs is a matter of the CPU (kernels/cpu.h). The lines after a block are asked for,
 * unless its prefetchers follow the runs by themselves: asking on top of them takes from what is in
 * flight (results/kernels.md).
 *
 * Sums are kept in vectors, one a stream and input vector, and every block adds up on its own
 * first: chains stay short and rounding small for any number of columns.
 */
#include "kernels/layer/gemv.h"

#include "kernels/cpu.h"
#include "kernels/micro.h"
#include "kernels/simd.h"

enum { STREAMS = 8, BLOCK_BYTES = 512, LINE = 64, AHEAD = 2048, VECTORS = 16, ABREAST = 4 };

/* Widened weights from `at` on; `type` is a constant at every call. */
MICRO_INLINE vf load(const enum attn_type type, const void *at, uint32_t i)
{
    return type == ATTN_I8 ? vf_load_i8((const int8_t *)at + i) : micro_load(type, at, i);
}

MICRO_INLINE float load_one(const enum attn_type type, const void *at, uint32_t i)
{
    return type == ATTN_F32    ? ((const float *)at)[i]
           : type == ATTN_F16  ? attn_f16_to_f32(((const uint16_t *)at)[i])
           : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)at)[i])
                               : (float)((const int8_t *)at)[i];
}

MICRO_INLINE uint32_t element_bytes(const enum attn_type type)
{
    return type == ATTN_F32 ? 4 : type == ATTN_I8 ? 1 : 2;
}

/*
 * A block of `rows` rows (1 or 2), `stride` bytes apart, against `count` vectors, both constants:
 * what is loaded of a vector serves both rows. Sums of row r and vector v go to
 * total[r * apart + v].
 */
MICRO_INLINE void block_of(const enum attn_type type, const uint32_t rows, const uint32_t count,
                           const char *w, size_t stride, const float *x, size_t x_stride,
                           uint32_t n, vf *total, uint32_t apart)
{
    const uint32_t chains = count == 1 ? 4 : count == 2 ? 2 : 1;
    vf acc[2][ABREAST][4];
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        MICRO_UNROLL
        for (uint32_t v = 0; v < count; v++) {
            MICRO_UNROLL
            for (uint32_t c = 0; c < chains; c++)
                acc[r][v][c] = vf_zero();
        }
    }
    for (uint32_t i = 0; i < n; i += chains * VF_LANES) {
        MICRO_UNROLL
        for (uint32_t c = 0; c < chains; c++) {
            const uint32_t at = i + c * VF_LANES;
            vf wide[2];
            MICRO_UNROLL
            for (uint32_t r = 0; r < rows; r++)
                wide[r] = load(type, w + r * stride, at);
            MICRO_UNROLL
            for (uint32_t v = 0; v < count; v++) {
                const vf xv = vf_load(x + v * x_stride + at);
                MICRO_UNROLL
                for (uint32_t r = 0; r < rows; r++)
                    acc[r][v][c] = vf_fma(wide[r], xv, acc[r][v][c]);
            }
        }
    }
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        MICRO_UNROLL
        for (uint32_t v = 0; v < count; v++) {
            MICRO_UNROLL
            for (uint32_t c = 1; c < chains; c++)
                acc[r][v][0] = vf_add(acc[r][v][0], acc[r][v][c]);
            total[r * apart + v] = vf_add(total[r * apart + v], acc[r][v][0]);
        }
    }
}

/* The same for all vectors of the pass; n is a multiple of four lanes' worth. */
MICRO_INLINE void block(const enum attn_type type, const uint32_t rows, const char *w,
                        size_t stride, const float *x, size_t x_stride, uint32_t vectors,
                        uint32_t n, vf *total)
{
    uint32_t v = 0;
    for (; v + 4 <= vectors; v += 4)
        block_of(type, rows, 4, w, stride, x + v * x_stride, x_stride, n, total + v, vectors);
    const float *const rest = x + v * x_stride;
    if (vectors - v == 3)
        block_of(type, rows, 3, w, stride, rest, x_stride, n, total + v, vectors);
    else if (vectors - v == 2)
        block_of(type, rows, 2, w, stride, rest, x_stride, n, total + v, vectors);
    else if (vectors - v == 1)
        block_of(type, rows, 1, w, stride, rest, x_stride, n, total + v, vectors);
}

MICRO_INLINE void fetch(const char *at)
{
    MICRO_UNROLL
    for (uint32_t line = 0; line < BLOCK_BYTES; line += LINE)
        vf_prefetch(at + AHEAD + line);
}

/*
 * One row of each of `streams` runs (1, or an even number), `apart` rows apart from `row` on,
 * against vectors [v0, v0 + n).
 */
MICRO_INLINE void rows_abreast(const enum attn_type type, const struct layer_product *p,
                               uint32_t row, uint32_t apart, uint32_t streams, bool asks,
                               uint32_t v0, uint32_t n)
{
    const struct layer_matrix *const m = p->matrix;
    const uint32_t cols = m->cols, element = element_bytes(type);
    const uint32_t step = BLOCK_BYTES / element, grain = 4 * VF_LANES;
    const uint32_t whole = cols / grain * grain;
    const size_t row_bytes = (size_t)cols * element, stride = row_bytes * apart;
    const char *const base = (const char *)m->data + row_bytes * row;
    const float *const x = p->x + v0 * p->x_stride;
    vf total[STREAMS * VECTORS];

    for (uint32_t i = 0; i < streams * n; i++)
        total[i] = vf_zero();
    for (uint32_t c = 0; c < whole; c += step) {
        const uint32_t take = whole - c < step ? whole - c : step;
        const char *const at = base + (size_t)c * element;
        if (streams == 1) {
            if (asks)
                fetch(at);
            block(type, 1, at, 0, x + c, p->x_stride, n, take, total);
        }
        for (uint32_t s = 0; s + 2 <= streams; s += 2) {
            if (asks) {
                fetch(at + s * stride);
                fetch(at + (s + 1) * stride);
            }
            block(type, 2, at + s * stride, stride, x + c, p->x_stride, n, take, total + s * n);
        }
    }
    for (uint32_t s = 0; s < streams; s++) {
        for (uint32_t v = 0; v < n; v++) {
            float sum = vf_sum(total[s * n + v]);
            for (uint32_t c = whole; c < cols; c++)
                sum += load_one(type, base + s * stride, c) * x[v * p->x_stride + c];
            layer_product_store(p, v0 + v, row + s * apart, sum);
        }
    }
}

MICRO_INLINE void rows_of(const enum attn_type type, const struct layer_product *p, uint32_t first,
                          uint32_t end)
{
    const struct attn_cpu_reading reading = attn_cpu_reading();
    const uint32_t streams = reading.streams < STREAMS ? reading.streams & ~1u : STREAMS;
    const uint32_t apart = (end - first) / streams;
    for (uint32_t v = 0; v < p->n; v += VECTORS) {
        const uint32_t n = p->n - v < VECTORS ? p->n - v : VECTORS;
        for (uint32_t i = 0; i < apart; i++)
            rows_abreast(type, p, first + i, apart, streams, !reading.few, v, n);
        for (uint32_t row = first + apart * streams; row < end; row++)
            rows_abreast(type, p, row, 0, 1, !reading.few, v, n);
    }
}

void LAYER_GEMV(const struct layer_product *p, uint32_t first, uint32_t end)
{
    switch (p->matrix->type) {
    case ATTN_F32:
        rows_of(ATTN_F32, p, first, end);
        return;
    case ATTN_F16:
        rows_of(ATTN_F16, p, first, end);
        return;
    case ATTN_BF16:
        rows_of(ATTN_BF16, p, first, end);
        return;
    default:
        rows_of(ATTN_I8, p, first, end);
    }
}
