/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flat numeric extras of our result rows, declared once: whoever writes a row takes its key
 * from here, whoever reads one finds unit and meaning here, and the column list of
 * results/README.md is printed from here (`attn-stat columns`). Keys that Google Benchmark itself
 * writes (real_time, iterations ...) are not in the table, bar the two rates it also knows.
 *
 * A new column is one line in the enum and one in column.c.
 */
#ifndef ANA_COLUMN_H
#define ANA_COLUMN_H

#include <stdio.h>

enum ana_column_id {
    ANA_KV_BYTES,
    ANA_KV_DESIGN_BYTES,
    ANA_BYTES,
    ANA_FLOPS,
    ANA_BYTES_PER_SECOND,
    ANA_ITEMS_PER_SECOND,
    ANA_FLOPS_PER_SECOND,
    ANA_CEILING_FRACTION,
    ANA_CEILING_READ_NS,
    ANA_CEILING_FMA_NS,
    ANA_TURN_READ_FRACTION,
    ANA_TURN_FMA_FRACTION,
    ANA_MAX_ABS_ERROR,
    ANA_ERROR_BOUND,
    ANA_QUANT_ERROR,
    ANA_QUANT_BOUND,
    ANA_COPIES,
    ANA_SCRATCH_BYTES,
    ANA_MIN_NS,
    ANA_P50_NS,
    ANA_P90_NS,
    ANA_P99_NS,
    ANA_P999_NS,
    ANA_MAX_NS,
    ANA_CLOCK_COST_NS,
    ANA_JITTER_FLOOR_NS,
    ANA_STEAL_FRACTION,
    ANA_HUGE_FRACTION,
    ANA_ATTEND_NS,
    ANA_BARRIER_NS,
    ANA_MERGE_NS,
    ANA_SPLITS_USED,
    ANA_DRAM_BYTES,
    ANA_BYTE_SOURCE_ID,
    ANA_READ_AMPLIFICATION,
    ANA_INSTRUCTIONS,
    ANA_CYCLES,
    ANA_L2_FILL_BYTES,
    ANA_PAGE_WALKS,
    ANA_STALL_CYCLES,
    ANA_PAGE_FAULTS,
    ANA_CONTEXT_SWITCHES,
    ANA_SIM_INSTRUCTIONS,
    ANA_SIM_DRAM_BYTES,
    ANA_SIM_AMPLIFICATION,
    ANA_ENERGY_J,
    ANA_ATTENTION_FRACTION,
    ANA_LAYERS_RUN,
    ANA_BEST_BYTES_PER_SECOND,
    ANA_BEST_FLOPS_PER_SECOND,
    ANA_BEST_LATENCY_NS,
    ANA_BEST_BARRIER_NS,
    ANA_WEIGHT_BYTES,
    ANA_NORM_NS,
    ANA_QKV_NS,
    ANA_ROPE_NS,
    ANA_APPEND_NS,
    ANA_ATTENTION_NS,
    ANA_CROSS_NS,
    ANA_OUT_NS,
    ANA_FFN_NS,
    ANA_HEAD_NS,
    ANA_PARTS_NS,
    ANA_PROJECTION_FRACTION,
    ANA_MEMORY_RATIO,
    ANA_MEMORY_RATIO_COUNTED,
    ANA_MEMORY_RATIO_MEASURED,
    ANA_PREFILL_NS,
    ANA_TPOT_P50_NS,
    ANA_TPOT_P99_NS,
    ANA_STEPS,
    ANA_KV_RESERVED_BYTES,
    ANA_OVERHEAD_FRACTION,
    ANA_TOKEN_CHECKSUM,
    ANA_LONGEST,
    ANA_COLUMNS
};

struct ana_column {
    const char *name; /* the key in the row */
    const char *unit; /* "bytes", "ns", "1/s", "1" for a plain ratio or count */
    const char *doc;  /* one sentence, no full stop */
};

/* Indexed by enum ana_column_id. */
extern const struct ana_column ana_columns[ANA_COLUMNS];

/* NULL if `name` is not a column of ours (a foreign counter, say). */
const struct ana_column *ana_column_find(const char *name);

/* The table as Markdown, for results/README.md. */
void ana_column_write_markdown(FILE *out);

#endif
