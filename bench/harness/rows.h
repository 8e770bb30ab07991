/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: made from passes, summed up over repetitions, kept until they are written. */
#ifndef BENCHMARK_C_ROWS_H
#define BENCHMARK_C_ROWS_H

#include "bench/harness/pass.h"

struct rows {
    struct benchmark_row *items;
    size_t count;
};

/* Takes the row over, also when it fails. */
int bm_rows_add(struct rows *rows, struct benchmark_row *row);
void bm_rows_free(struct rows *rows);
void bm_row_free(struct benchmark_row *row);
int bm_row_copy(struct benchmark_row *copy, const struct benchmark_row *row);

/* What all rows of a case have in common. */
int bm_row_init(struct benchmark_row *row, const struct instance *instance,
                enum benchmark_unit unit);
/* One repetition: times per iteration, counters finished. The result's counters move over. */
int bm_row_from_pass(struct benchmark_row *row, struct pass_result *result,
                     const struct instance *instance);
/* Adds mean, median, stddev, cv and the family's own statistics of the repetitions that have times;
 * nothing below two of those. */
int bm_rows_aggregate(struct rows *rows, const struct instance *instance);
/* Sets or replaces the row's counter. */
int bm_row_counter_set(struct benchmark_row *row, const char *name, double value, unsigned flags);
void bm_row_counter_drop(struct benchmark_row *row, size_t index);

#endif
