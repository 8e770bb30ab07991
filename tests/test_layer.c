/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer against its double-precision reference: products of every type, instruction set and
 * awkward shape; whole steps of every form, stage by stage and from end to end; and a check that
 * notices each stage that is tampered with.
 */
#include "tests/test.h"

#include "kernels/cpu.h"
#include "kernels/layer/reference.h"
#include "kernels/quant.h"
#include "kernels/registry.h"

#include <errno.h>
#include <math.h>

static uint64_t state;

static float draw(void)
{
    return (float)(2 * test_uniform(&state) - 1);
}

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = draw();
}

/* n elements of a type, at random. */
static void fill_type(enum attn_type type, void *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = draw();
        if (type == ATTN_I8)
            ((int8_t *)to)[i] = (int8_t)lrintf(x * 127);
        else
            attn_quant_row(type, &x, 1, (char *)to + i * attn_types[type].bits / 8, NULL);
    }
}

/* Random rows of a plane and, where the type has scales, the scales beside them. */
static void fill_plane(enum attn_type type, void *to, size_t bytes, uint16_t *scales,
                       size_t scale_bytes)
{
    if (!attn_types[type].top)
        fill_type(type, to, bytes * 8 / attn_types[type].bits);
    for (size_t i = 0; attn_types[type].top && i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)test_random(&state);
    for (size_t i = 0; i < scale_bytes / sizeof(*scales); i++)
        scales[i] = attn_f32_to_f16((1 + draw() / 2) / 100);
}

static void *get(size_t bytes)
{
    void *const p = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (!p)
        exit(1);
    return p;
}

/* Rows [first, end) of a product; what lies outside must stay as it was. */
static void check_product(const struct layer_ops *ops, layer_blas_fn *blas, enum attn_type type,
                          uint32_t rows, uint32_t cols, uint32_t n)
{
    const struct layer_matrix m = {
        .type = type,
        .rows = rows,
        .cols = cols,
        .data = get((size_t)rows * cols * 4),
        .row_scale = type == ATTN_I8 ? get(rows * sizeof(float)) : NULL,
        .scale = 0.25f,
    };
    float *const x = get((size_t)n * cols * 4), *const out = get((size_t)n * rows * 4);
    float *const bias = get(rows * 4), *const add = get((size_t)n * rows * 4);
    float *const tile = get(LAYER_BLAS_FLOATS * 4);
    double *const wide = get(cols * 8);
    fill_type(type, (void *)(uintptr_t)m.data, (size_t)rows * cols);
    if (m.row_scale)
        fill((float *)(uintptr_t)m.row_scale, rows);
    fill(x, (size_t)n * cols);
    fill(bias, rows);
    fill(add, (size_t)n * rows);
    memset(out, 0xff, (size_t)n * rows * 4);
    const struct layer_product p = {.matrix = &m,
                                    .n = n,
                                    .x = x,
                                    .x_stride = cols,
                                    .bias = bias,
                                    .add = add,
                                    .out = out,
                                    .out_stride = rows};
    const uint32_t first = rows / 5, end = rows - rows / 7;
    if (blas)
        blas(&p, ops, first, end, tile);
    else
        ops->gemv(&p, first, end);
    double worst = 0;
    for (uint32_t v = 0; v < n; v++) {
        for (uint32_t c = 0; c < cols; c++)
            wide[c] = (double)x[(size_t)v * cols + c];
        for (uint32_t r = 0; r < rows; r++) {
            const float found = out[(size_t)v * rows + r];
            double magnitude;
            const double y = layer_ref_product(&m, bias, r, wide, &magnitude) +
                             (double)add[(size_t)v * rows + r];
            if (r < first || r >= end) {
                CHECK(isnan(found), "row %u of %u was not asked for", r, rows);
                continue;
            }
            const double bound = LAYER_CHECK_C * 0x1p-24 * (fabs(magnitude) + 1);
            const double error = isfinite(found) ? fabs((double)found - y) / bound : INFINITY;
            worst = error > worst ? error : worst;
        }
    }
    CHECK(worst <= 1, "%s%s %s %ux%u with %u vectors: %.3g times the bound", ops->isa,
          blas ? " blas" : "", attn_types[type].name, rows, cols, n, worst);
    free((void *)(uintptr_t)m.data);
    free((void *)(uintptr_t)m.row_scale);
    free(x);
    free(out);
    free(bias);
    free(add);
    free(tile);
    free(wide);
}

static void check_products(const struct layer_ops *ops)
{
    static const enum attn_type types[] = {ATTN_F32, ATTN_F16, ATTN_BF16, ATTN_I8};
    static const uint32_t cols[] = {1, 3, 17, 64, 255, 896, 1601}, rows[] = {1, 7, 8, 61, 100};
    /* As different makers' memory wants to be read, and last as this one's does. */
    static const struct attn_cpu_reading readings[] = {
        {.streams = 8}, {.streams = 4, .few = true}, {.streams = 3, .few = true}, {0}};
    for (size_t i = 0; i < sizeof(readings) / sizeof(*readings); i++) {
        attn_cpu_set_reading(readings[i]);
        for (size_t t = 0; t < 4; t++)
            for (size_t c = 0; c < 7; c++)
                for (size_t r = 0; r < 5; r++)
                    check_product(ops, NULL, types[t], rows[r], cols[c],
                                  1 + (uint32_t)(test_random(&state) % 7));
        check_product(ops, NULL, ATTN_BF16, 20, 512, 16);
        check_product(ops, NULL, ATTN_BF16, 20, 512, 37);
    }
    for (size_t t = 0; t < 4 && layer_blas(); t++)
        for (size_t c = 0; c < 7; c++)
            for (size_t r = 0; r < 5; r++)
                check_product(ops, layer_blas(), types[t], rows[r], cols[c],
                              1 + (uint32_t)(test_random(&state) % 7));
    if (layer_blas())
        check_product(ops, layer_blas(), ATTN_F16, 200, 2100, 37);
}

static void check_small(const struct layer_ops *ops)
{
    enum { N = 203 };
    float x[N], w[N], b[N], out[N], turns[64];
    double wide[N], y[N];
    for (int kind = LAYER_NORM_RMS; kind <= LAYER_NORM_MEAN; kind++) {
        fill(x, N);
        fill(w, N);
        fill(b, N);
        for (int i = 0; i < N; i++)
            wide[i] = (double)(x[i] += 3);
        ops->norm((enum layer_norm)kind, out, x, w, kind == LAYER_NORM_MEAN ? b : NULL, N, 1e-5f);
        layer_ref_norm((enum layer_norm)kind, wide, w, b, N, (double)1e-5f, y);
        for (int i = 0; i < N; i++)
            CHECK(fabs((double)out[i] - y[i]) < 1e-5, "%s norm %d: %g, not %g", ops->isa, kind,
                  (double)out[i], y[i]);
    }
    for (int act = 0; act < LAYER_ACTS; act++) {
        for (int i = 0; i < N; i++)
            x[i] = (float)(i - 100) / 4;
        x[0] = -1e30f;
        x[1] = 1e30f;
        ops->act((enum layer_act)act, out, x, w, N);
        for (int i = 0; i < N; i++) {
            const double z = layer_ref_act((enum layer_act)act, (double)x[i], (double)w[i]);
            CHECK(fabs((double)out[i] - z) <= 1e-6 * (1 + fabs((double)x[i])) * 8,
                  "%s act %d of %g: %g, not %g", ops->isa, act, (double)x[i], (double)out[i], z);
        }
    }
    layer_turns(turns, 12345, 64, 10000);
    fill(x, 64);
    for (int i = 0; i < 64; i++)
        wide[i] = (double)x[i];
    ops->rope(out, x, turns, 64);
    layer_ref_rope(wide, turns, 64, y);
    double before = 0, after = 0;
    for (int i = 0; i < 64; i++) {
        CHECK(fabs((double)out[i] - y[i]) < 1e-6, "%s rope %d", ops->isa, i);
        before += wide[i] * wide[i];
        after += y[i] * y[i];
    }
    CHECK(fabs(before - after) < 1e-5, "turning keeps lengths: %g, %g", before, after);
    CHECK(fabs((double)turns[0] - cos(12345.0)) < 1e-7, "the first pair turns by the position");
}

/* A layer with everything it reads, and a plain loop over stages and ranks. */
struct bed {
    struct layer_shape shape;
    struct layer_weights weights;
    struct layer_step step;
    struct attn_problem cross;
    uint32_t *lengths, *cross_lengths, *table;
    void *memory[32];
    int used;
    int ranks;
};

static void *keep(struct bed *bed, size_t bytes)
{
    return bed->memory[bed->used++] = get(bytes);
}

static struct attn_kv cache_for(struct bed *bed, const struct attn_problem *p)
{
    const struct attn_kv_shape shape = attn_kv_shape(p);
    struct attn_kv kv = shape.view;
    void *const k = keep(bed, shape.k_bytes), *const v = keep(bed, shape.v_bytes);
    uint16_t *const k_scale = keep(bed, shape.k_scale_bytes);
    uint16_t *const v_scale = keep(bed, shape.v_scale_bytes);
    fill_plane(p->k_type, k, shape.k_bytes, k_scale, shape.k_scale_bytes);
    fill_plane(p->v_type, v, shape.v_bytes, v_scale, shape.v_scale_bytes);
    kv.k.base = k;
    kv.v.base = v;
    kv.k_scale.base = shape.k_scale_bytes ? k_scale : NULL;
    kv.v_scale.base = shape.v_scale_bytes ? v_scale : NULL;
    if (shape.table_entries) {
        uint32_t *const table = keep(bed, shape.table_entries * sizeof(*table));
        for (size_t i = 0; i < shape.table_entries; i++)
            table[i] = (uint32_t)(shape.table_entries - 1 - i);
        kv.table = table;
    }
    return kv;
}

static struct attn_args args_for(struct bed *bed, const struct attn_problem *p,
                                 const struct attn_kernel *kernel)
{
    struct attn_args args = {.struct_size = sizeof(args), .problem = p, .kv = cache_for(bed, p)};
    uint32_t *const lengths = keep(bed, p->batch * sizeof(*lengths));
    for (uint32_t b = 0; b < p->batch; b++)
        lengths[b] = attn_problem_length(p, b);
    args.lengths = lengths;
    if (p->rel_bias) {
        float *const bias = keep(bed, (size_t)p->heads * ATTN_BIAS_SPAN * sizeof(*bias));
        fill(bias, (size_t)p->heads * ATTN_BIAS_SPAN);
        args.bias = bias;
    }
    if (kernel->scratch_bytes)
        args.scratch = keep(bed, kernel->scratch_bytes(p, 0, bed->ranks));
    return args;
}

static void open_bed(struct bed *bed, const struct layer_config *config,
                     const struct attn_problem *p, const struct layer_ops *ops, int ranks)
{
    *bed = (struct bed){.shape = {.config = *config}, .ranks = ranks};
    struct layer_shape *const s = &bed->shape;
    CHECK(layer_config_kind(config, p, 0, &s->kind) == 0, "uniform");
    const struct attn_problem *const own = &s->kind.problem;
    bed->cross = layer_cross_problem(s);
    const uint64_t bytes = layer_weight_bytes(s);
    void *const matrices = keep(bed, bytes);
    float *const vectors = keep(bed, layer_vector_floats(s) * sizeof(float));
    fill_type(config->weights, matrices, bytes * 8 / attn_types[config->weights].bits);
    fill(vectors, layer_vector_floats(s));
    bed->weights = layer_weights_at(s, matrices, vectors);
    const uint32_t tokens = layer_tokens(s);
    struct layer_step *const step = &bed->step;
    float *const in = keep(bed, (size_t)tokens * config->width * 4);
    fill(in, (size_t)tokens * config->width);
    *step = (struct layer_step){
        .shape = s,
        .weights = &bed->weights,
        .ops = ops,
        .kernel = attn_kernel_best(own),
        .in = in,
        .out = keep(bed, (size_t)tokens * config->width * 4),
    };
    step->attention = args_for(bed, own, step->kernel);
    if (config->cross) {
        step->cross_kernel = attn_kernel_best(&bed->cross);
        step->cross = args_for(bed, &bed->cross, step->cross_kernel);
    }
    float *const turns = keep(bed, (size_t)tokens * own->dim * 4);
    for (uint32_t t = 0; t < tokens; t++)
        layer_turns(turns + (size_t)t * own->dim,
                    step->attention.lengths[t / own->q_len] - own->q_len + t % own->q_len,
                    own->dim / 2 * 2, 10000);
    step->turns = turns;
    if (layer_uses_gemm(config, tokens) && layer_blas()) {
        step->blas = layer_blas();
        step->tile = keep(bed, (size_t)ranks * LAYER_BLAS_FLOATS * 4);
    }
    layer_step_set(step, keep(bed, layer_step_floats(s) * 4));
}

static void close_bed(struct bed *bed)
{
    for (int i = 0; i < bed->used; i++)
        free(bed->memory[i]);
}

static void run(struct bed *bed)
{
    const struct layer_program program = layer_program(&bed->step);
    layer_poison(&bed->step);
    for (int i = 0; i < program.n; i++)
        for (int rank = 0; rank < bed->ranks; rank++)
            layer_stage_run(&program.stage[i], &bed->step, rank, bed->ranks);
}

static void check_step(struct bed *bed, const char *what)
{
    const struct layer_shape *const s = &bed->shape;
    const uint32_t width = s->config.width;
    double *const memory = get((layer_check_doubles(s) + width) * 8);
    double *const out = memory + layer_check_doubles(s);
    struct layer_check c;
    run(bed);
    const int error = layer_check(&bed->step, 7, 40, memory, &c);
    CHECK(error == 0 && c.error_bound > 0,
          "%s: stage %s, token %u, element %u is %.9g, not %.9g: %.3g times the bound", what,
          c.stage ? c.stage : "?", c.token, c.index, c.found, c.expected, c.worst);
    /* From end to end rounding is amplified by what follows; the stages' bounds are the sharp
     * ones, this one says that they are the right stages. */
    for (uint32_t t = 0; t < layer_tokens(s); t++) {
        double worst = 0, largest = 0;
        layer_reference(&bed->step, t, memory, out);
        for (uint32_t i = 0; i < width; i++) {
            worst = fmax(worst, fabs((double)bed->step.out[(size_t)t * width + i] - out[i]));
            largest = fmax(largest, fabs(out[i]));
        }
        CHECK(worst <= 2e-5 * largest && largest > 0, "%s: token %u is %.3g off of %.3g", what, t,
              worst, largest);
    }
    free(memory);
}

/* Each stage in turn leaves one element wrong, and the check has to say where. */
static void check_notices(struct bed *bed)
{
    const struct layer_program program = layer_program(&bed->step);
    struct layer_buffers *const b = &bed->step.buffer;
    double *const memory = get(layer_check_doubles(&bed->shape) * 8);
    struct layer_check c;
    float *const victims[] = {b->normed, b->fused,      b->q,  b->k,      b->attended,
                              b->mid,    b->ffn_normed, b->up, b->hidden, bed->step.out};
    for (size_t v = 0; v < sizeof(victims) / sizeof(*victims); v++) {
        run(bed);
        CHECK(layer_check(&bed->step, 3, 1000, memory, &c) == 0, "before: %s", c.stage);
        victims[v][0] += 0.01f;
        CHECK(layer_check(&bed->step, 3, 1000, memory, &c) == -EDOM, "victim %zu goes unseen", v);
        victims[v][0] = NAN;
        CHECK(layer_check(&bed->step, 3, 1000, memory, &c) == -EDOM, "NaN %zu goes unseen", v);
    }
    (void)program;
    free(memory);
}

static void check_forms(void)
{
    size_t count;
    const struct layer_ops *const *const all = layer_ops_all(&count);
    const uint64_t has = attn_cpu_features();
    for (size_t i = 0; i < count; i++) {
        if ((all[i]->cpu & has) != all[i]->cpu)
            continue;
        check_products(all[i]);
        check_small(all[i]);
    }
    static const enum attn_type weights[] = {ATTN_F32, ATTN_BF16, ATTN_F16, ATTN_I8};
    for (int form = 0; form < LAYER_FORMS; form++) {
        for (int variant = 0; variant < 6; variant++) {
            struct attn_problem p = attn_problem_default();
            struct layer_config c = {.form = (enum layer_form_id)form,
                                     .weights = weights[(form + variant) % 4],
                                     .width = 72,
                                     .ffn = 100,
                                     .cross = layer_forms[form].cross ? 21 : 0};
            char what[96], why[200];
            p.phase = ATTN_LAYER;
            p.heads = 6;
            p.kv_heads = variant % 3 ? 2 : 6;
            p.dim = 16;
            p.dim_v = form == LAYER_LLAMA && variant == 1 ? 8 : 16;
            p.context = form == LAYER_T5 ? 140 : 70; /* beyond its table of biases */
            p.batch = variant < 2 ? 1 : 3;
            p.ragged = variant == 3 ? 50 : 0;
            p.q_len = variant == 4 ? 5 : 1;
            p.k_type = p.v_type = variant % 2 ? ATTN_F16 : variant ? ATTN_BF16 : ATTN_F32;
            if (form == LAYER_QWEN2 && variant < 4)
                p.k_type = (enum attn_type[]){ATTN_I8, ATTN_I4, ATTN_E4M3, ATTN_I8C}[variant];
            if (form == LAYER_QWEN2 && variant % 2)
                p.v_type = variant == 1 ? ATTN_I8 : ATTN_E5M2;
            p.softcap = form == LAYER_GEMMA2 ? 50 : 0;
            p.scale = form == LAYER_GEMMA3 ? 0.2f : form == LAYER_T5 ? 1 : 0;
            p.rel_bias = form == LAYER_T5;
            if (variant == 2) {
                p.layout = ATTN_PAGED;
                p.page = 16;
            } else if (variant == 5) {
                p.layout = ATTN_RING;
                p.window = 32;
                c.projection = LAYER_GEMM;
            } else if (variant == 4) {
                p.layout = ATTN_TOKEN_MAJOR;
            }
            struct bed bed;
            CHECK(!layer_config_invalid(&c, &p, why, sizeof(why)), "%s", why);
            snprintf(what, sizeof(what), "%s, variant %d, %s", layer_forms[form].name, variant,
                     attn_types[c.weights].name);
            open_bed(&bed, &c, &p, layer_ops_best(), 1 + variant % 3);
            CHECK(!bed.step.attention.bias == (form != LAYER_T5) && !bed.step.cross.bias,
                  "%s: a bias by distance is T5's, and its cross-attention has none", what);
            check_step(&bed, what);
            if (form == LAYER_LLAMA && variant < 2)
                check_notices(&bed);
            close_bed(&bed);
        }
    }
}

/* Bytes and shapes against arithmetic done by hand. */
static void check_sizes(void)
{
    struct attn_problem p = attn_problem_default();
    p.phase = ATTN_LAYER;
    struct layer_shape s = {.config = layer_config_default(ATTN_LAYER), .kind = {.problem = p}};
    const uint64_t parameters = 4096ull * (4096 + 2 * 1024) + 4096ull * 4096 + 3ull * 4096 * 14336;
    CHECK(layer_weight_bytes(&s) == 2 * parameters, "Llama 3.1 8B: %llu",
          (unsigned long long)layer_weight_bytes(&s));
    CHECK(layer_projection_bytes(&s) == 2 * parameters, "all of it is read");
    CHECK(layer_bytes(&s) == 2 * parameters + 4096 * 8 * 128 * 2 * 2, "and the cache");
    CHECK(layer_flops(&s) == 2 * parameters + attn_flops(&p), "two a weight");
    s.kind.problem.kv_heads = 1;
    CHECK(layer_weight_bytes(&s) == 2 * (parameters - 2 * 7 * 128 * 4096), "weights shrink with G");
    s.kind.shares = true;
    CHECK(layer_kv_bytes(&s) == 0, "a shared cache is somebody else's");
    CHECK(layer_weight_bytes(&s) == 2 * (parameters - 2 * 8 * 128 * 4096), "nor has it K and V");
    s = (struct layer_shape){
        .config = {.form = LAYER_T5, .weights = ATTN_I8, .width = 64, .ffn = 96, .cross = 20},
        .kind = {.problem = p}};
    CHECK(layer_kv_bytes(&s) == attn_kv_bytes(&p) + 20 * 8 * 128 * 2 * 2, "cross-attention's too");
}

/* Text -> config -> text, and what must be refused. */
static void check_names(void)
{
    static const char *const texts[] = {
        "form:llama/weights:bf16/width:4096/ffn:14336/layers:32/layers_run:8/vocab:128256",
        "form:gemma3/weights:f16/width:1152/ffn:6912/layers:26/layers_run:26/vocab:262144/"
        "mix:5w512+1",
        "form:t5/weights:i8/width:4096/ffn:10240/cross:2048/projection:gemv/layers:24/"
        "layers_run:2/vocab:32128/prompt:17/trace:0001beef",
    };
    char text[512];
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct layer_config c = {0};
        for (const char *part = texts[i]; *part; part += *part == '/') {
            const size_t len = strcspn(part, "/");
            CHECK(layer_config_set(&c, part, len) == 1, "%s", part);
            part += len;
        }
        const int n = layer_config_name(&c, ATTN_GENERATE, text, sizeof(text));
        CHECK_STR(text, texts[i]);
        CHECK(n == (int)strlen(texts[i]), "%d", n);
        CHECK(layer_config_name(&c, ATTN_GENERATE, text, 10) == n && strlen(text) == 9, "cut");
    }
    static const char *const wrong[] = {
        "form:lama",
        "form:",
        "width:",
        "width:-1",
        "width:07",
        "width:99999999999999999999",
        "weights:f17",
        "projection:blas",
        "trace:beef",
        "trace:0001beeg",
        "mix:1234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct layer_config c = {0};
        CHECK(layer_config_set(&c, wrong[i], strlen(wrong[i])) == -EINVAL, "%s", wrong[i]);
    }
    struct layer_config c = {0};
    CHECK(layer_config_set(&c, "heads:3", 7) == 0 && layer_config_set(&c, "widths:3", 8) == 0,
          "somebody else's");
}

static void check_mixes(void)
{
    static const struct {
        const char *mix;
        uint32_t layer, kv_heads, window, chunk;
        bool shares;
    } right[] = {
        {"", 31, 8, 0, 0, false},
        {"5w512+1", 4, 8, 512, 0, false},
        {"5w512+1", 5, 8, 0, 0, false},
        {"5w512+1", 6, 8, 512, 0, false},
        {"1+2s", 2, 8, 0, 0, true},
        {"1+2s", 3, 8, 0, 0, false},
        {"5k4+5k2+20k1+2k4", 9, 2, 0, 0, false},
        {"3c8192+1", 2, 8, 0, 8192, false},
        {"1k4w128+1k2", 32 - 2, 4, 128, 0, false},
    };
    static const char *const wrong[] = {"0",   "5w",          "5w512+",   "+1",   "x",
                                        "1q3", "5 w512",      "1w01",     "2000", "1s",
                                        "1k3", "99999999999", "1w512++1", "-1"};
    struct attn_problem p = attn_problem_default();
    struct layer_config c = layer_config_default(ATTN_MODEL);
    struct layer_kind kind;
    char why[240];
    p.phase = ATTN_MODEL;
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
        strcpy(c.mix, right[i].mix);
        const char *const refused = layer_config_invalid(&c, &p, why, sizeof(why));
        CHECK(!refused, "%s: %s", c.mix, why);
        CHECK(layer_config_kind(&c, &p, right[i].layer, &kind) == 0, "%s", c.mix);
        CHECK(kind.problem.kv_heads == right[i].kv_heads &&
                  kind.problem.window == right[i].window && kind.problem.chunk == right[i].chunk &&
                  kind.shares == right[i].shares,
              "%s, layer %u: %u %u %u", c.mix, right[i].layer, kind.problem.kv_heads,
              kind.problem.window, kind.problem.chunk);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        strcpy(c.mix, wrong[i]);
        CHECK(layer_config_invalid(&c, &p, why, sizeof(why)), "mix %s passes", wrong[i]);
    }
    *c.mix = '\0';
    c.layers_run = 33;
    CHECK(layer_config_invalid(&c, &p, why, sizeof(why)), "more distinct layers than layers");
    c = layer_config_default(ATTN_LAYER);
    p.phase = ATTN_LAYER;
    c.form = LAYER_T5;
    CHECK(layer_config_invalid(&c, &p, why, sizeof(why)), "t5 without an encoder");
    c.cross = 10;
    CHECK(!layer_config_invalid(&c, &p, why, sizeof(why)), "%s", why);
    c.form = LAYER_LLAMA;
    CHECK(layer_config_invalid(&c, &p, why, sizeof(why)), "llama with an encoder");
}

int main(void)
{
    state = test_seed();
    check_sizes();
    check_names();
    check_mixes();
    check_forms();
    return test_exit();
}
