/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for ggml where its adapter is tested (tests/peers_ggml.sh): no more than the names that
 * scripts/peers/ggml.c uses, declared from how it uses them. With ggml-cpu.h beside it this is a
 * ggml of today, without it the older one of ik_llama.cpp.
 */
#ifndef TESTS_GGML_H
#define TESTS_GGML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ggml_type {
    GGML_TYPE_F32 = 0,
    GGML_TYPE_F16 = 1,
    GGML_TYPE_Q4_0 = 2,
    GGML_TYPE_Q8_0 = 8,
    GGML_TYPE_BF16 = 30,
};

struct ggml_tensor {
    enum ggml_type type;
    int64_t ne[4];
    size_t nb[4];
    void *data;
    struct ggml_tensor *src[4]; /* of an output: q, k, v and the mask or NULL */
    float scale, softcap;
};

struct ggml_context;

struct ggml_cgraph {
    struct ggml_tensor *last;
};

struct ggml_init_params {
    size_t mem_size;
    void *mem_buffer;
    bool no_alloc;
};

struct ggml_threadpool;

struct ggml_cplan {
    size_t work_size;
    uint8_t *work_data;
    int n_threads;
    struct ggml_threadpool *threadpool;
};

size_t ggml_tensor_overhead(void);
size_t ggml_graph_overhead(void);
struct ggml_context *ggml_init(struct ggml_init_params params);
void ggml_free(struct ggml_context *context);
struct ggml_tensor *ggml_new_tensor_2d(struct ggml_context *context, enum ggml_type type,
                                       int64_t ne0, int64_t ne1);
struct ggml_tensor *ggml_new_tensor_4d(struct ggml_context *context, enum ggml_type type,
                                       int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
struct ggml_tensor *ggml_permute(struct ggml_context *context, struct ggml_tensor *of, int axis0,
                                 int axis1, int axis2, int axis3);
struct ggml_tensor *ggml_flash_attn_ext(struct ggml_context *context, struct ggml_tensor *q,
                                        struct ggml_tensor *k, struct ggml_tensor *v,
                                        struct ggml_tensor *mask, float scale, float max_bias,
                                        float logit_softcap);
struct ggml_cgraph *ggml_new_graph(struct ggml_context *context);
void ggml_build_forward_expand(struct ggml_cgraph *graph, struct ggml_tensor *tensor);

#if !__has_include(<ggml-cpu.h>)
#define GGML_KQ_MASK_PAD 16
struct ggml_cplan ggml_graph_plan(const struct ggml_cgraph *graph, int threads);
int ggml_graph_compute(struct ggml_cgraph *graph, struct ggml_cplan *plan);
#endif

#endif
