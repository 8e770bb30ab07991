/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a case: everything set in code that tells it from its siblings, and nothing that came
 * from flags, so that results of differently long runs still match by name.
 */
#include "bench/harness/cases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *bm_case_name(const struct benchmark_family *family, const int64_t *args, int arg_count,
                   int threads)
{
    char *name = NULL;
    size_t size;
    FILE *const out = open_memstream(&name, &size);
    if (!out)
        return NULL;

    const char *slash = *family->name ? "/" : "";
    fputs(family->name, out);
    for (int i = 0; i < arg_count; i++) {
        const char *const arg_name = family->arg_names[i];
        const bool named = arg_name && *arg_name;
        fprintf(out, "%s%s%s%" PRId64, slash, named ? arg_name : "", named ? ":" : "", args[i]);
        slash = "/";
    }
    if (family->min_time > 0)
        fprintf(out, "%smin_time:%0.3f", slash, family->min_time), slash = "/";
    if (family->min_warmup_time > 0)
        fprintf(out, "%smin_warmup_time:%0.3f", slash, family->min_warmup_time), slash = "/";
    if (family->iterations)
        fprintf(out, "%siterations:%" PRId64, slash, family->iterations), slash = "/";
    if (family->repetitions)
        fprintf(out, "%srepeats:%d", slash, family->repetitions), slash = "/";
    if (family->process_cpu_time)
        fprintf(out, "%sprocess_time", slash), slash = "/";
    if (family->use_manual_time || family->use_real_time)
        fprintf(out, "%s%s", slash, family->use_manual_time ? "manual_time" : "real_time"),
            slash = "/";
    if (threads > 0)
        fprintf(out, "%sthreads:%d", slash, threads);
    if (fclose(out)) {
        free(name);
        return NULL;
    }
    return name;
}
