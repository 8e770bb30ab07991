/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat capacity: the longest context or the largest batch whose KV cache fits. */
#include <stdio.h>
#include <string.h>

#include "analysis/results.h"
#include "analysis/shape_options.h"

/* Without --context and --batch: the longest context at each of these. */
static const uint64_t batches[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

static void add_row(struct ana_table *table, const struct ana_model *model,
                    const struct ana_cache *cache, uint64_t memory, uint64_t context,
                    uint64_t batch)
{
    const uint64_t longest = context ? context : ana_longest_context(model, cache, memory, batch);
    const uint64_t most = batch ? batch : ana_largest_batch(model, cache, memory, context);
    ana_table_text(table, model->name);
    ana_table_number(table, (double)memory);
    ana_table_number(table, cache->ranks);
    ana_table_bound(table, most);
    ana_table_bound(table, longest);
    ana_table_number(table, (double)ana_sequence_bytes(model, cache, longest));
    ana_table_number(table, (double)ana_batch_bytes(model, cache, longest, most));
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    static const char *const columns[] = {"model",   "memory_bytes",   "ranks",      "batch",
                                          "context", "sequence_bytes", "batch_bytes"};
    struct ana_shape_options o = {.share = 1, .ranks = 1};
    uint64_t context = 0, batch = 0, memory = 0;
    const struct ana_option options[] = {
        ANA_SHAPE_OPTIONS(o),
        {"memory", ANA_SIZE, &memory, "memory for the cache, of each rank: 16GiB"},
        {"context", ANA_ABOVE, &context, "then the largest batch is sought"},
        {"batch", ANA_ABOVE, &batch, "then the longest context is sought"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    struct ana_model model;
    struct ana_cache cache;
    enum ana_format format = ANA_TABLE_TEXT;
    if (argc)
        return ana_complain(self, "unexpected \"%s\"; the model is named by --model", argv[0]);
    const int status = ana_shape_resolve(self, &o, &model, &cache, &format);
    if (status)
        return status;
    if (!memory)
        return ana_complain(self, "needs --memory, such as --memory=16GiB");
    if (context && batch)
        return ana_complain(self, "with both --context and --batch nothing is left to seek; "
                                  "attn-stat kv says what they take");
    if (context > UINT32_MAX || batch > UINT32_MAX)
        return ana_complain(self, "--%s=%llu: it must lie between 1 and 4294967295",
                            context > UINT32_MAX ? "context" : "batch",
                            (unsigned long long)(context > UINT32_MAX ? context : batch));
    struct ana_table *const table = ana_table_new();
    if (!table)
        return ana_complain(self, "not enough memory");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        ana_table_column(table, columns[i], i > 0);
    if (context || batch)
        add_row(table, &model, &cache, memory, context, batch);
    for (size_t i = 0; !context && !batch && i < sizeof(batches) / sizeof(batches[0]); i++)
        add_row(table, &model, &cache, memory, 0, batches[i]);
    const int error = ana_table_write(table, format, stdout);
    ana_table_free(table);
    return error ? ana_complain(self, "cannot write to stdout: %s", strerror(-error)) : ANA_EXIT_OK;
}

const struct ana_command ana_cmd_capacity = {
    .name = "capacity",
    .arguments = "--model=NAME --memory=SIZE [--context=N | --batch=N]",
    .summary = "Longest context or largest batch whose KV cache fits into memory",
    .run = run,
};
