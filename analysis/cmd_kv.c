/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat kv: what the KV cache of a whole model takes, kind of layer by kind of layer. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/results.h"
#include "analysis/shape_options.h"

static void name_kind(const struct ana_layers *kind, char *buf, size_t size)
{
    snprintf(buf, size, "%s%s",
             kind->window  ? "sliding"
             : kind->chunk ? "chunked"
                           : "full",
             kind->v_in_k ? ", V in K" : "");
    const size_t used = strlen(buf);
    if (kind->shared)
        snprintf(buf + used, size - used, ", %u shared", kind->shared);
}

static void add_columns(struct ana_table *table)
{
    static const char *const numbers[] = {"n",
                                          "heads",
                                          "kv_heads",
                                          "dim",
                                          "dim_v",
                                          "window",
                                          "token_bytes_a_layer",
                                          "kept_tokens",
                                          "sequence_bytes",
                                          "batch_bytes"};
    ana_table_column(table, "layers", false);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        ana_table_column(table, numbers[i], true);
}

static void fill(struct ana_table *table, const struct ana_model *model,
                 const struct ana_cache *cache, uint64_t context, uint64_t batch)
{
    uint32_t layers = 0;
    char name[64];
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const kind = &model->kinds[i];
        struct ana_model alone = *model;
        alone.kinds[0] = *kind;
        alone.kind_count = 1;
        layers += kind->layers;
        name_kind(kind, name, sizeof(name));
        ana_table_text(table, name);
        ana_table_number(table, kind->layers);
        ana_table_number(table, kind->heads);
        ana_table_number(table, kind->kv_heads);
        ana_table_number(table, kind->dim);
        ana_table_number(table, kind->dim_v);
        ana_table_number(table, kind->window ? kind->window : kind->chunk);
        ana_table_number(table, (double)ana_token_bytes(kind, cache));
        ana_table_number(table, (double)ana_kept_tokens(kind, cache, context));
        ana_table_number(table, (double)ana_sequence_bytes(&alone, cache, context));
        ana_table_number(table, (double)ana_batch_bytes(&alone, cache, context, batch));
    }
    ana_table_text(table, "total");
    ana_table_number(table, layers);
    for (int i = 0; i < 7; i++)
        ana_table_number(table, NAN);
    ana_table_number(table, (double)ana_sequence_bytes(model, cache, context));
    ana_table_number(table, (double)ana_batch_bytes(model, cache, context, batch));
}

/* A design's own bytes are not those of the rows that measure it. */
static void print_copies(const struct ana_layers *kind, const struct ana_cache *cache)
{
    struct ana_layers copied = *kind;
    if (!kind->shared || kind->kv_heads == 1)
        return;
    copied.dim += kind->shared;
    copied.shared = 0;
    const uint64_t once = ana_token_bytes(kind, cache), measured = ana_token_bytes(&copied, cache);
    printf("attn-bench copies the rotary part to each KV head: %llu bytes a token and layer in its "
           "rows, not %llu\n",
           (unsigned long long)measured, (unsigned long long)once);
}

/* What the table cannot say, for people. */
static void print_story(const struct ana_model *model, const struct ana_cache *cache,
                        uint64_t context, uint64_t batch)
{
    const uint64_t bytes = ana_batch_bytes(model, cache, context, batch);
    struct ana_cache exact = *cache;
    char attention[32];
    exact.page = 0;
    ana_model_attention(model, attention, sizeof(attention));
    printf("\n%s (%s, from %s): %llu bytes = %.4g GiB%s for all %u layers, context %llu, batch "
           "%llu, K %s, V %s\n",
           model->name, attention, model->source, (unsigned long long)bytes, (double)bytes / 0x1p30,
           cache->ranks > 1 ? " a rank" : "", model->layers, (unsigned long long)context,
           (unsigned long long)batch, attn_types[cache->k_type].name,
           attn_types[cache->v_type].name);
    print_copies(&model->kinds[0], cache);
    if (model->reuse_layers)
        printf("%u layers read the cache of another layer\n", model->reuse_layers);
    if (model->plain_layers)
        printf("%u layers keep no KV cache\n", model->plain_layers);
    if (cache->page)
        printf("%llu bytes of it are the unused ends of pages\n",
               (unsigned long long)(bytes - ana_batch_bytes(model, &exact, context, batch)));
    if (*model->note)
        printf("note: %s\n", model->note);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct ana_shape_options o = {.share = 1, .ranks = 1};
    uint64_t context = 4096, batch = 1, prefix = 0;
    const struct ana_option options[] = {
        ANA_SHAPE_OPTIONS(o),
        {"context", ANA_ABOVE, &context, "tokens in the cache (4096)"},
        {"batch", ANA_ABOVE, &batch, "sequences (1)"},
        {"prefix", ANA_ABOVE, &prefix, "tokens that all sequences begin with and keep once (0)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    struct ana_model model;
    struct ana_cache cache;
    enum ana_format format = ANA_TABLE_TEXT;
    if (argc == 1 && !o.model) /* attn-stat kv llama-3.1-8b */
        o.model = argv[0];
    else if (argc)
        return ana_complain(self, "unexpected \"%s\"; the model is named by --model", argv[0]);
    int status = ana_shape_resolve(self, &o, &model, &cache, &format);
    if (status)
        return status;
    if (context > UINT32_MAX || batch > UINT32_MAX)
        return ana_complain(self, "--%s=%llu: it must lie between 1 and 4294967295",
                            context > UINT32_MAX ? "context" : "batch",
                            (unsigned long long)(context > UINT32_MAX ? context : batch));
    if (prefix > context)
        return ana_complain(self, "--prefix=%llu is more than the context of %llu tokens",
                            (unsigned long long)prefix, (unsigned long long)context);
    cache.prefix = prefix;
    struct ana_table *const table = ana_table_new();
    if (!table)
        return ana_complain(self, "not enough memory");
    add_columns(table);
    fill(table, &model, &cache, context, batch);
    const int error = ana_table_write(table, format, stdout);
    ana_table_free(table);
    if (error)
        return ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    if (format == ANA_TABLE_TEXT)
        print_story(&model, &cache, context, batch);
    return ana_finish_stdout(self);
}

const struct ana_command ana_cmd_kv = {
    .name = "kv",
    .arguments = "--model=NAME --context=N",
    .summary = "Bytes of a model's KV cache: windows, types, pages, ranks",
    .run = run,
};
