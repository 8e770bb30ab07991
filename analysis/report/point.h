/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A measured case as the report sees it: its shape, its time with an interval, its floor, and
 * what follows from comparing it with other cases (speed-up over multi-head attention). One
 * point a case; repetitions and aggregates are already folded together.
 *
 * Formulas: floor_ns = max(read_ns, fma_ns), the time the machine's own ceilings allow.
 * speedup = time of the same case with kv_heads = heads over this time; floor_speedup the same
 * of the floors; ideal_speedup = heads / kv_heads; efficiency = speedup / floor_speedup.
 * Of a step of a layer or model attending_ns is the part spent in attention, attention_speedup what
 * speedup is of that part alone.
 */
#ifndef REPORT_POINT_H
#define REPORT_POINT_H

#include "analysis/record.h"
#include "analysis/report/unit.h"

struct rep_point {
    const struct attn_name *name; /* of the result's row */
    const char *text;             /* the same as it is written, shorter than ATTN_NAME_MAX */
    const char *label;
    size_t file; /* index into the results */
    double time_ns, low_ns, high_ns;
    double calls; /* that the time is of; NAN: not known */
    double kv_bytes, bytes, flops, bytes_per_second, items_per_second;
    double ceiling_fraction, read_ns, fma_ns, error, bound;
    double p50_ns, p90_ns, p99_ns, max_ns, dram_bytes, amplification;
    double sim_dram_bytes;
    double quant_error, loss; /* loss: quant_error, or error where nothing was narrowed */
    /* of the phases layer, model and generate */
    double attention_fraction, weight_bytes, memory_ratio, memory_ratio_counted;
    double memory_ratio_measured;
    double prefill_ns, tpot_p50_ns, tpot_p99_ns, kv_reserved_bytes;
    double longest; /* tokens that a run grew a sequence to */
    /* the shape again, as numbers for axes */
    double batch, heads, kv_heads, group, dim, context, q_len, threads;
    /* derived */
    double floor_ns, floor_rate, flops_per_second, intensity, error_used;
    double speedup, ideal_speedup, floor_speedup, efficiency;
    double attending_ns, attention_speedup;
    double token_ns; /* time_ns for one of the tokens that pass in a call */
    double reach;    /* positions a query token sees, on average; NAN where it sees all before it */
    double relative; /* time over that of the first point of its series; once selected */
    double cases;    /* that a mark stands for: 1, or more in a density (density.h) */
};

struct rep_points {
    struct rep_point *points;
    size_t count;
};

/* A numeric field of a point that a figure may ask for. */
struct rep_field {
    const char *name;  /* in queries and .dat files; two may be of one value with two titles */
    const char *title; /* of an axis */
    enum rep_unit unit;
    size_t offset;
};

extern const struct rep_field rep_fields[];
extern const size_t rep_field_count;

const struct rep_field *rep_field_find(const char *name);

static inline double rep_value(const struct rep_point *point, const struct rep_field *field)
{
    return *(const double *)(const void *)((const char *)point + field->offset);
}

/* What a point has in common with others: bits for rep_point_key(). */
enum rep_axis {
    REP_FILE = 1 << 0,
    REP_PHASE = 1 << 1,
    REP_KERNEL = 1 << 2,
    REP_KV_TYPE = 1 << 3,
    REP_BATCH = 1 << 4,
    REP_HEADS = 1 << 5,
    REP_KV_HEADS = 1 << 6,
    REP_DIM = 1 << 7,
    REP_CONTEXT = 1 << 8,
    REP_Q_LEN = 1 << 9,
    REP_LAYOUT = 1 << 10,
    REP_WINDOW = 1 << 11,
    REP_CACHE = 1 << 12,
    REP_THREADS = 1 << 13,
    REP_SPLITS = 1 << 14,
    REP_DESIGN = 1 << 15, /* all that an architect chooses, heads and reach included */
    REP_TILE = 1 << 16,
    REP_PREFETCH = 1 << 17,
    REP_PAGES = 1 << 18,
    REP_PLACEMENT = 1 << 19,
    REP_CHUNK = 1 << 20,
    REP_ASKED = REP_SPLITS | REP_TILE | REP_PREFETCH, /* of a kernel, beside the problem */
};

/* The axis of that name in a query, 0 if there is none. */
unsigned rep_axis_find(const char *name, size_t len);

enum { REP_KEY = ATTN_NAME_MAX + 16 };

/* The name of the case without the axes in `ignore`: equal keys differ only in those. */
void rep_point_key(const struct rep_point *point, unsigned ignore, char key[REP_KEY]);

/* "MHA", "GQA-8", "MQA"; "MLA", "GLA-2", "GTA-3" where V is part of K. */
const char *rep_attention(const struct rep_point *point, char *buf);

/* Through whole layers or a model, not attention alone: one step of it, or a run of many. */
bool rep_has_layers(const struct rep_point *point);
bool rep_is_step(const struct rep_point *point);
bool rep_is_run(const struct rep_point *point);

/* For qsort(): heads, width, batch, threads, then MHA before MQA and short before long,
 * and at last by name. */
int rep_by_shape(const void *a, const void *b);

/* False for oracles and ceilings, which are never the answer to "how fast is it". */
bool rep_is_contender(const struct rep_point *point);

struct ana_summary;

/* 0 or -ENOMEM. Cases that failed, were skipped or are not ours leave no point. The points borrow
 * from the results. */
int rep_points_read(struct ana_result *const *results, size_t count,
                    const struct ana_summary *summary, struct rep_points *points);

/* Keeps the fastest contender of each case, whatever its kernel. In place. */
int rep_points_best(struct rep_points *points);

/* Fills speedup, floor_speedup and efficiency; with `across` the MHA case of any kernel serves. */
int rep_points_compare(struct rep_points *points, bool across);

void rep_points_free(struct rep_points *points);

/* The contenders, compared with each other: what figures choose from. */
struct rep_sets {
    struct rep_points each;    /* attention alone, every kernel */
    struct rep_points best;    /* attention alone, the fastest kernel of each case */
    struct rep_points steps;   /* whole layers and models, with the fastest kernel */
    struct rep_points runs;    /* that generate: many steps each, so never beside single ones */
    struct rep_points machine; /* ceilings of the machine itself, or none */
};

/* 0 or -ENOMEM. `all` is left as it is. */
int rep_sets_make(const struct rep_points *all, struct rep_sets *sets);
void rep_sets_free(struct rep_sets *sets);

#endif
