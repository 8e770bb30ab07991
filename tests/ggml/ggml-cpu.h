/* SPDX-License-Identifier: Apache-2.0 */
/* What a ggml of today declares of its CPU apart from ggml.h; see there. */
#ifndef TESTS_GGML_CPU_H
#define TESTS_GGML_CPU_H

#include <ggml.h>

struct ggml_threadpool_params {
    int n_threads;
};

void ggml_cpu_init(void);
struct ggml_threadpool_params ggml_threadpool_params_default(int threads);
struct ggml_threadpool *ggml_threadpool_new(struct ggml_threadpool_params *params);
void ggml_threadpool_free(struct ggml_threadpool *pool);
struct ggml_cplan ggml_graph_plan(const struct ggml_cgraph *graph, int threads,
                                  struct ggml_threadpool *pool);
int ggml_graph_compute(struct ggml_cgraph *graph, struct ggml_cplan *plan);

#endif
