/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat models: the shapes that --model knows by name. */
#include <stdio.h>
#include <string.h>

#include "analysis/results.h"
#include "analysis/shape_options.h"

static void join(char *buf, size_t size, const struct ana_model *model,
                 uint32_t (*value)(const struct ana_layers *))
{
    *buf = '\0';
    for (size_t i = 0; i < model->kind_count; i++) {
        const uint32_t now = value(&model->kinds[i]);
        bool known = false;
        for (size_t j = 0; j < i; j++)
            known = known || value(&model->kinds[j]) == now;
        if (!known)
            snprintf(buf + strlen(buf), size - strlen(buf), "%s%u", i ? "/" : "", now);
    }
}

static uint32_t kv_heads_of(const struct ana_layers *kind)
{
    return kind->kv_heads;
}

static uint32_t dim_of(const struct ana_layers *kind)
{
    return kind->dim;
}

static uint32_t window_of(const struct ana_layers *kind)
{
    return kind->window ? kind->window : kind->chunk;
}

static void add_model(struct ana_table *table, const struct ana_model *model)
{
    static const struct ana_cache f16 = {.k_type = ATTN_F16, .v_type = ATTN_F16, .ranks = 1};
    uint64_t token = 0, bounded = 0;
    char text[64];
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const kind = &model->kinds[i];
        const uint64_t bytes = kind->layers * ana_token_bytes(kind, &f16);
        token += window_of(kind) ? 0 : bytes;
        bounded += window_of(kind) * bytes;
    }
    ana_table_text(table, model->name);
    ana_model_attention(model, text, sizeof(text));
    ana_table_text(table, text);
    ana_table_number(table, model->layers);
    ana_table_number(table, model->heads);
    join(text, sizeof(text), model, kv_heads_of);
    ana_table_text(table, text);
    join(text, sizeof(text), model, dim_of);
    ana_table_text(table, text);
    join(text, sizeof(text), model, window_of);
    ana_table_text(table, strcmp(text, "0") == 0 ? "" : text);
    ana_table_number(table, (double)token);
    ana_table_number(table, (double)bounded);
    ana_table_text(table, model->source);
    ana_table_text(table, model->note);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *format_text = "text";
    const struct ana_option options[] = {
        {"format", ANA_TEXT, &format_text, "text, md, csv or json (text)"}, {0}};
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    enum ana_format format;
    if (ana_format_parse(format_text, &format))
        return ana_complain(self, "--format=%s: it is text, md, csv or json", format_text);
    if (argc > 1)
        return ana_complain(self, "takes one pattern, found \"%s\" too", argv[1]);
    static const char *const columns[] = {
        "model",  "attention",       "layers",           "heads",  "kv_heads", "dim",
        "window", "token_bytes_f16", "window_bytes_f16", "source", "note"};
    struct ana_table *const table = ana_table_new();
    if (!table)
        return ana_complain(self, "not enough memory");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        ana_table_column(table, columns[i], i >= 2 && i <= 8);
    struct ana_model model;
    char message[256];
    size_t shown = 0;
    int status = ANA_EXIT_OK;
    for (size_t i = 0; ana_preset(i, &model); i++)
        if (argc == 0 || ana_preset_matches(i, argv[0])) {
            add_model(table, &model);
            shown++;
        }
    if (shown) {
        const int error = ana_table_write(table, format, stdout);
        if (error)
            status = ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    } else {
        ana_preset_find(argv[0], &model, message, sizeof(message));
        status = ana_complain(self, "%s", message);
    }
    ana_table_free(table);
    return status;
}

const struct ana_command ana_cmd_models = {
    .name = "models",
    .arguments = "[PATTERN]",
    .summary = "Shapes of real models that --model knows by name, and where they were published",
    .run = run,
};
