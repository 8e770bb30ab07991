/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result file as attn-bench writes it, of a machine that is known: 20 GB/s, 100 GFLOP/s, 5 us a
 * call and half as much again for the slowest call in a hundred. Three kernels, of which the
 * ceiling is the fastest and no contender. MHA to MQA, 512 to 32768 tokens.
 */
#ifndef ATTN_SWEEP_FILE_H
#define ATTN_SWEEP_FILE_H

#include <math.h>
#include <unistd.h>

#include "analysis/record.h"
#include "kernels/dtype.h"
#include "tests/test.h"

static inline double sweep_ns(double bytes, double flops)
{
    return 5e3 + hypot(bytes / 20, flops / 100);
}

static inline void sweep_row(FILE *out, const char *kernel, const char *type, unsigned kv_heads,
                             unsigned context, double factor)
{
    enum attn_type t = ATTN_F16;
    attn_type_parse(type, strlen(type), &t);
    const size_t row =
        attn_row_bytes(&attn_types[t], 128) + attn_row_scale_bytes(&attn_types[t], 128);
    const double ns =
        factor * sweep_ns(2.0 * (double)row * kv_heads * context, 512.0 * 32 * context);
    fprintf(out,
            "{\"name\": \"decode/%s/kv:%s/batch:1/heads:32/kv_heads:%u/dim:128/context:%u/"
            "real_time/threads:2\", \"real_time\": %.17g, \"cpu_time\": 1, \"time_unit\": \"ns\", "
            "\"threads\": 2, \"p99_ns\": %.17g}",
            kernel, type, kv_heads, context, ns, 1.5 * ns);
}

/* `types` ends with NULL. */
static inline struct ana_result *sweep_file(const char *const *types)
{
    static const struct {
        const char *name;
        double factor;
    } kernels[] = {{"split.avx2", 1}, {"naive.auto", 2}, {"ceil_read.c", 0.5}};
    char path[] = "/tmp/attn_sweep.XXXXXX", message[512] = "";
    struct ana_result *result = NULL;
    const int fd = mkstemp(path);
    FILE *const out = fd < 0 ? NULL : fdopen(fd, "w");
    CHECK(out != NULL, "%s", path);
    if (!out)
        exit(test_exit());
    fputs("{\"context\": {\"caches\": [{\"type\": \"Unified\", \"level\": 3, \"size\": 1048576, "
          "\"num_sharing\": 2}]}, \"benchmarks\": [",
          out);
    size_t n = 0;
    for (; *types; types++)
        for (size_t k = 0; k < 3; k++)
            for (unsigned kv_heads = 1; kv_heads <= 32; kv_heads *= 2)
                for (unsigned context = 512; context <= 32768; context *= 4) {
                    fputs(n++ ? ",\n" : "\n", out);
                    sweep_row(out, kernels[k].name, *types, kv_heads, context, kernels[k].factor);
                }
    fputs("]}\n", out);
    fclose(out);
    CHECK(ana_result_read(path, &result, message, sizeof(message)) == 0, "%s", message);
    unlink(path);
    if (!result)
        exit(test_exit());
    return result;
}

#endif
