/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers; see papers.h. */
#include "analysis/report/papers.h"

#include <math.h>
#include <string.h>

/* ms a token beyond those with an empty cache, from tokens a second; d0 is the rate of that. */
#define GROWTH(d0, a, b, c, d)                                                                 \
    {                                                                                          \
        1e3 / (a)-1e3 / (d0), 1e3 / (b)-1e3 / (d0), 1e3 / (c)-1e3 / (d0), 1e3 / (d)-1e3 / (d0) \
    }
#define DEPTHS                   \
    {                            \
        4096, 8192, 16384, 32768 \
    }

static const struct rep_paper papers[] = {
    {"30-paper-gqa",
     "Ainslie et al. 2023, arXiv 2305.13245, figure 6, read off the picture",
     "in the GQA paper",
     "theirs is a whole model, whose weights and encoder take the same time for any number of KV "
     "heads, ours is the attention alone.",
     "their batch and partition change when the cache of all heads no longer fits, a step beyond "
     "bandwidth that one layer here does not take, and arithmetic that does not shrink with the KV "
     "heads bounds ours.",
     1,
     {{"T5-XXL, TPU v4", 6, {1, 4, 8, 16, 32, 64}, {0.49, 0.48, 0.51, 0.59, 0.80, 2.53}}}},
    {"31-paper-mqa",
     "Shazeer 2019, arXiv 1911.02150, table 2",
     "in the MQA paper",
     "theirs is a whole decoder step with its weights, ours is the attention alone.",
     "theirs pads and reloads the cache at every step, and arithmetic that does not shrink with "
     "the KV heads bounds ours.",
     2,
     {{"decoder, greedy", 2, {1, 8}, {3.8, 46}}, {"decoder, beam 4", 2, {1, 8}, {32, 203}}}},
    {"32-paper-flash-decoding",
     "Flash-Decoding, PyTorch blog of 2023-10-13, A100",
     "with Flash-Decoding",
     "here long contexts cost more than the same bytes in many short ones: look at the split of "
     "the cache over threads and at what merging takes.",
     "here short contexts in large batches cost more: each of many sequences has its fixed cost, "
     "which an accelerator hides by running them at once.",
     3,
     {{"Flash-Decoding",
       9,
       {256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536},
       {63.4, 67.7, 77.7, 58.5, 57, 56.4, 58.2, 60.3, 64.4}},
      {"FlashAttention 2.0.9",
       9,
       {256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536},
       {390.5, 366.3, 364.8, 352, 401.7, 529.2, 582.7, 1156.1, 2300.6}},
      {"PyTorch eager",
       9,
       {256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536},
       {3058.6, 3151.4, 3160.4, 3158.3, 3157, 3173.1, 3223, 3224.1, 1335.6}}}},
    {"33-paper-depth",
     "llama.cpp, benches/dgx-spark.md, whole models on a GB10",
     "in llama.cpp",
     "a byte of the cache took longer here at the longer contexts than at the shorter ones, of "
     "which theirs shows less.",
     "a fixed cost of each call is still in ours; from theirs it was taken with the time of an "
     "empty "
     "cache.",
     2,
     {{"Qwen3-Coder-30B-A3B", 4, DEPTHS, GROWTH(60.92, 53.52, 48.58, 40.81, 30.80)},
      {"Qwen2.5-Coder-7B", 4, DEPTHS, GROWTH(29.30, 28.27, 27.42, 25.93, 22.70)}}},
    {"34-paper-gqa-step",
     "Ainslie et al. 2023, arXiv 2305.13245, figure 6, read off the picture",
     "in the GQA paper",
     "theirs has the encoder in it, which takes the same time for any number of KV heads.",
     "their batch and partition change when the cache of all heads no longer fits; ours reads the "
     "weights for a smaller batch, and they take their time whatever the heads.",
     1,
     {{"T5-XXL, TPU v4", 6, {1, 4, 8, 16, 32, 64}, {0.49, 0.48, 0.51, 0.59, 0.80, 2.53}}}},
    {"35-paper-mqa-step",
     "Shazeer 2019, arXiv 1911.02150, table 2",
     "in the MQA paper",
     "with all else alike, reading the cache is more of a step here.",
     "theirs pads and reloads the cache at every step, and projections and FFN, which do not "
     "shrink with the KV heads, are more of a step on a CPU.",
     2,
     {{"paper, all positions", 2, {1, 8}, {3.8, 46}},
      {"paper, window of 32", 2, {1, 8}, {3.3, 23}}}},
};

const struct rep_paper *rep_paper_find(const char *plot)
{
    for (size_t i = 0; i < sizeof(papers) / sizeof(*papers); i++)
        if (strcmp(papers[i].plot, plot) == 0)
            return &papers[i];
    return NULL;
}

double rep_paper_at(const double *x, const double *y, size_t count, double at)
{
    for (size_t i = 0; i < count; i++) {
        if (fabs(x[i] / at - 1) < 1e-9)
            return y[i];
        if (i + 1 < count && x[i] < at && at < x[i + 1])
            return y[i] * pow(y[i + 1] / y[i], log(at / x[i]) / log(x[i + 1] / x[i]));
    }
    return NAN;
}
