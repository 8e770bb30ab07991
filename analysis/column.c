/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table behind column.h. Designated by the enum, so that a line that is missing leaves a NULL
 * name, which the test of the table finds.
 */
#include "analysis/column.h"

#include <string.h>

const struct ana_column ana_columns[ANA_COLUMNS] = {
    [ANA_KV_BYTES] =
        {"kv_bytes", "bytes",
         "size of the KV cache of this one layer (of a whole model: of all), scales included; "
         "generate: what sequences fill at most, of a ring window + 127 tokens"},
    [ANA_KV_DESIGN_BYTES] =
        {"kv_design_bytes", "bytes",
         "GLA, GTA: kv_bytes if the rotary part of K lay once and not with each KV head"},
    [ANA_BYTES] = {"bytes", "bytes",
                   "compulsory traffic of one call: each visible K and V element, q and out once"},
    [ANA_FLOPS] = {"flops", "flop",
                   "multiplies and adds of one call; masked positions and softmax not counted"},
    [ANA_BYTES_PER_SECOND] = {"bytes_per_second", "bytes/s", "bytes over real time"},
    [ANA_ITEMS_PER_SECOND] =
        {"items_per_second", "tokens/s",
         "tokens through this one layer (or whole model) a second, batch * q_len a call; "
         "generate: tokens of a run"},
    [ANA_FLOPS_PER_SECOND] = {"flops_per_second", "flop/s", "flops over real time"},
    [ANA_CEILING_FRACTION] = {"ceiling_fraction", "1",
                              "max(ceiling_read_ns, ceiling_fma_ns) over real time"},
    [ANA_CEILING_READ_NS] = {"ceiling_read_ns", "ns",
                             "best time this machine took to read the same bytes and do nothing"},
    [ANA_CEILING_FMA_NS] = {"ceiling_fma_ns", "ns",
                            "best time this machine took for the same operations from registers"},
    [ANA_TURN_READ_FRACTION] = {"turn_read_fraction", "1",
                                "time of a reading ceiling over that of the call beside it, the "
                                "median of their turns"},
    [ANA_TURN_FMA_FRACTION] = {"turn_fma_fraction", "1",
                               "time of an arithmetic ceiling over that of the call beside it, the "
                               "median of their turns"},
    [ANA_MAX_ABS_ERROR] = {"max_abs_error", "1",
                           "largest difference from the double-precision oracle on checked rows"},
    [ANA_ERROR_BOUND] = {"error_bound", "1", "what that difference may be at most"},
    [ANA_QUANT_ERROR] = {"quant_error", "1",
                         "largest difference from the oracle on the cache before it was narrowed"},
    [ANA_QUANT_BOUND] = {"quant_bound", "1",
                         "what that difference may be at most: error_bound, and what half a scale "
                         "an element does to the output"},
    [ANA_COPIES] = {"copies", "1",
                    "rotating copies of the data that keep every call cold; 1 is hot"},
    [ANA_SCRATCH_BYTES] = {"scratch_bytes", "bytes", "working memory the kernel asked for"},
    [ANA_MIN_NS] = {"min_ns", "ns", "fastest single call"},
    [ANA_P50_NS] = {"p50_ns", "ns", "median of single calls"},
    [ANA_P90_NS] = {"p90_ns", "ns", "90th percentile of single calls, of ten or more"},
    [ANA_P99_NS] = {"p99_ns", "ns", "99th percentile of single calls, of 100 or more"},
    [ANA_P999_NS] = {"p999_ns", "ns", "99.9th percentile of single calls, of 1000 or more"},
    [ANA_MAX_NS] = {"max_ns", "ns", "slowest single call"},
    [ANA_CLOCK_COST_NS] = {"clock_cost_ns", "ns", "one reading of the clock, part of every call"},
    [ANA_JITTER_FLOOR_NS] = {"jitter_floor_ns", "ns",
                             "how much later one clock reading in a thousand comes than the median "
                             "when nothing is measured"},
    [ANA_STEAL_FRACTION] = {"steal_fraction", "1",
                            "share of all CPUs' time that the hypervisor gave to others meanwhile"},
    [ANA_HUGE_FRACTION] = {"huge_fraction", "1",
                           "share of the cache's memory that the kernel put on huge pages"},
    [ANA_ATTEND_NS] = {"attend_ns", "ns", "first phase, mean of the ranks"},
    [ANA_BARRIER_NS] = {"barrier_ns", "ns", "waiting for the slowest rank, mean of the ranks"},
    [ANA_MERGE_NS] = {"merge_ns", "ns", "later phases: putting partial results together"},
    [ANA_SPLITS_USED] = {"splits_used", "1", "most chunks a KV head was cut into"},
    [ANA_DRAM_BYTES] = {"dram_bytes", "bytes",
                        "counted traffic of one call with memory, as far as its source sees it"},
    [ANA_BYTE_SOURCE_ID] = {"byte_source_id", "1",
                            "who counted dram_bytes: a number of byte_sources in the context; 7 is "
                            "nobody, bytes alone are known"},
    [ANA_READ_AMPLIFICATION] = {"read_amplification", "1",
                                "counted bytes over bytes; those that were read, where the source "
                                "tells them apart"},
    [ANA_INSTRUCTIONS] = {"instructions", "1", "counted instructions of one call, all ranks"},
    [ANA_CYCLES] = {"cycles", "1", "counted core cycles of one call, all ranks"},
    [ANA_L2_FILL_BYTES] = {"l2_fill_bytes", "bytes",
                           "counted lines that came into L2 in one call, from L3 or memory, all "
                           "ranks"},
    [ANA_PAGE_WALKS] = {"page_walks", "1", "counted walks of page tables of one call, all ranks"},
    [ANA_STALL_CYCLES] =
        {"stall_cycles", "1",
         "counted cycles of one call in which a core waited for memory, all ranks"},
    [ANA_PAGE_FAULTS] = {"page_faults", "1", "page faults of the process in one call"},
    [ANA_CONTEXT_SWITCHES] = {"context_switches", "1",
                              "times a thread of the process left its CPU in one call"},
    [ANA_SIM_INSTRUCTIONS] = {"sim_instructions", "1", "simulated instructions of one call"},
    [ANA_SIM_DRAM_BYTES] = {"sim_dram_bytes", "bytes",
                            "simulated last-level misses and write-backs of one call, in lines "
                            "of 64 bytes"},
    [ANA_SIM_AMPLIFICATION] = {"sim_amplification", "1", "sim_dram_bytes over bytes"},
    [ANA_ENERGY_J] = {"energy_j", "J", "package energy of one call"},
    [ANA_ATTENTION_FRACTION] = {"attention_fraction", "1",
                                "share of a layer's or model's step spent in attention"},
    [ANA_LAYERS_RUN] = {"layers_run", "1", "distinct layers that were run to stand for the model"},
    [ANA_BEST_BYTES_PER_SECOND] = {"best_bytes_per_second", "bytes/s",
                                   "--machine: fastest single pass of reading"},
    [ANA_BEST_FLOPS_PER_SECOND] = {"best_flops_per_second", "flop/s",
                                   "--machine: fastest single pass of multiply-adds"},
    [ANA_BEST_LATENCY_NS] = {"best_latency_ns", "ns",
                             "--machine: one load that waits for the one before, at best"},
    [ANA_BEST_BARRIER_NS] = {"best_barrier_ns", "ns",
                             "--machine: starting all threads on nothing and meeting, at best"},
    [ANA_WEIGHT_BYTES] = {"weight_bytes", "bytes", "weights that one step reads"},
    [ANA_NORM_NS] = {"norm_ns", "ns",
                     "norms of a step and, where a norm stands behind attention and FFN, "
                     "what is added after it; rank 0's own share"},
    [ANA_QKV_NS] = {"qkv_ns", "ns", "projection to queries, keys and values, rank 0's own share"},
    [ANA_ROPE_NS] = {"rope_ns", "ns", "rotary positions, rank 0's own share"},
    [ANA_APPEND_NS] = {"append_ns", "ns", "newest keys and values into the cache, rank 0's share"},
    [ANA_ATTENTION_NS] = {"attention_ns", "ns", "self-attention of a step, rank 0's own share"},
    [ANA_CROSS_NS] = {"cross_ns", "ns", "cross-attention of a step, rank 0's own share"},
    [ANA_OUT_NS] =
        {"out_ns", "ns",
         "projection of what was attended and the residual it is added to, rank 0's own share"},
    [ANA_FFN_NS] =
        {"ffn_ns", "ns",
         "feed-forward part of a step and the residual it is added to, rank 0's own share"},
    [ANA_HEAD_NS] = {"head_ns", "ns", "embedding, last norm and logits, rank 0's own share"},
    [ANA_PARTS_NS] = {"parts_ns", "ns", "sum of the parts of a step, without waiting"},
    [ANA_PROJECTION_FRACTION] = {"projection_ceiling_fraction", "1",
                                 "time to only read the weights over time of all products"},
    [ANA_MEMORY_RATIO] = {"memory_ratio", "1",
                          "memory to arithmetic of a step as in arXiv 1911.02150: "
                          "1/d + n G/(d h) + 1/b, n the tokens that attention sees"},
    [ANA_MEMORY_RATIO_COUNTED] = {"memory_ratio_counted", "1",
                                  "elements read over multiply-adds, counted for this very step"},
    [ANA_MEMORY_RATIO_MEASURED] = {"memory_ratio_measured", "1",
                                   "elements this machine reads in the time of the step, over its "
                                   "multiply-adds"},
    [ANA_PREFILL_NS] = {"prefill_ns", "ns", "generate: a prompt through the model, mean"},
    [ANA_TPOT_P50_NS] =
        {"tpot_p50_ns", "ns",
         "generate: time per output token, median over the tokens of a run; a prompt "
         "that joins is waited for by the others"},
    [ANA_TPOT_P99_NS] = {"tpot_p99_ns", "ns", "generate: the same, 99th percentile"},
    [ANA_STEPS] = {"steps", "1", "generate: decode steps of a run"},
    [ANA_KV_RESERVED_BYTES] = {"kv_reserved_bytes", "bytes",
                               "generate: cache set aside for the sequences, at most"},
    [ANA_OVERHEAD_FRACTION] = {"overhead_fraction", "1",
                               "generate: share of a run outside the stages of layers and head"},
    [ANA_TOKEN_CHECKSUM] = {"token_checksum", "1",
                            "generate: hash of all tokens, equal for equal seeds"},
    [ANA_LONGEST] = {"longest", "tokens",
                     "generate: cached tokens of the longest sequence; with a trace context is "
                     "only what there is room for"},
};

const struct ana_column *ana_column_find(const char *name)
{
    for (size_t i = 0; i < ANA_COLUMNS; i++)
        if (strcmp(ana_columns[i].name, name) == 0)
            return &ana_columns[i];
    return NULL;
}

void ana_column_write_markdown(FILE *out)
{
    fputs("| column | unit | meaning |\n|---|---|---|\n", out);
    for (size_t i = 0; i < ANA_COLUMNS; i++)
        fprintf(out, "| `%s` | %s | %s |\n", ana_columns[i].name, ana_columns[i].unit,
                ana_columns[i].doc);
}
