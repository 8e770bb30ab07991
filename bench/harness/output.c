/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output. A file is rendered whole each time it is written, which keeps it valid, gives CSV its
 * full header and lets late warnings into the context; a few thousand rows cost less than a pass.
 * Rows go into it as soon as that costs little against the time since the last writing: what waits
 * is what a kill -9 in a long case would take away.
 */
#include "bench/harness/output.h"

#include "bench/harness/colour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double flush_seconds = 2, flush_share = 0.05;

static bool by_rewriting(const struct output *output)
{
    return output->has_file && !output->target.device;
}

/* What all names have in common, if the display is for somebody to look at. */
static int shorten(struct reporter *display, const struct instances *instances,
                   const struct settings *settings)
{
    const bool wanted = settings->short_names == COLOR_ALWAYS ||
                        (settings->short_names == COLOR_AUTO && isatty(fileno(display->out)));
    if (!wanted || settings->format != FORMAT_CONSOLE)
        return 0;
    const int rc = bm_short_names_init(&display->short_names, instances);
    if (rc || !bm_short_names_any(&display->short_names))
        return rc;
    display->common_name = bm_short_name(&display->short_names, instances->items[0].name, true);
    return display->common_name ? 0 : -ENOMEM;
}

static void set_up_display(struct output *output, const struct settings *settings)
{
    const struct benchmark_hooks *const hooks = &output->runner->hooks;
    output->display = (struct reporter){
        .kind = bm_reporters[settings->format],
        .out = hooks->out,
        .err = settings->format == FORMAT_JSON ? NULL : hooks->err,
        .context = &output->context,
        .runner = output->runner,
        .colour = settings->color == COLOR_ALWAYS ||
                  (settings->color == COLOR_AUTO && bm_colour_terminal(hooks->out)),
        .tabular = settings->counters_tabular,
    };
}

int bm_output_open(struct output *output, struct benchmark_runner *runner,
                   const struct instances *instances)
{
    const struct settings *const settings = &runner->settings;
    *output = (struct output){.runner = runner, .last_flush = -flush_seconds};
    set_up_display(output, settings);
    int rc = shorten(&output->display, instances, settings);
    if (rc)
        return rc;
    output->display.name_width = bm_name_width(instances, settings, &output->display.short_names);
    bm_context_read(&output->context);
    if (!*settings->out)
        return 0;
    rc = bm_outfile_open(&output->target, settings->out, runner->hooks.err);
    if (rc)
        return rc;
    output->has_file = true;
    output->file = (struct reporter){
        .kind = bm_reporters[settings->out_format],
        .out = output->target.device,
        .context = &output->context,
        .runner = runner,
        .tabular = settings->counters_tabular,
        .name_width = bm_name_width(instances, settings, &output->file.short_names),
    };
    return 0;
}

/* Says it once: every later write would fail alike. */
static void failed(struct output *output, const char *what, int rc)
{
    if (!output->status)
        fprintf(output->runner->hooks.err, "error: cannot write %s: %s\n", what, strerror(-rc));
    output->status = 1;
}

static void check_stream(struct output *output, FILE *stream, const char *what)
{
    errno = 0;
    if (fflush(stream) || ferror(stream))
        failed(output, what, errno ? -errno : -EIO);
    clearerr(stream);
}

static void check_streams(struct output *output)
{
    check_stream(output, output->display.out, "the results");
    output->lost = output->status && !output->has_file;
    if (output->has_file && output->target.device)
        check_stream(output, output->target.device, output->runner->settings.out);
}

/* A whole document onto the stream. */
static void render(const struct reporter *like, const struct rows *rows, FILE *out)
{
    struct reporter reporter = *like;
    reporter.out = out;
    reporter.columns = (struct counters){0};
    reporter.rows_written = 0;
    for (size_t i = 0; reporter.kind->whole && i < rows->count; i++)
        (void)bm_reporter_note_columns(&reporter, &rows->items[i]);
    reporter.kind->begin(&reporter);
    for (size_t i = 0; i < rows->count; i++)
        reporter.kind->row(&reporter, &rows->items[i]);
    reporter.kind->end(&reporter);
    bm_counters_free(&reporter.columns);
}

static void flush_file(struct output *output, bool last)
{
    char *text = NULL;
    size_t length = 0;
    int rc = -ENOMEM;
    const double begin = bm_wall(output->runner);

    struct reporter like = output->file;
    FILE *const memory = open_memstream(&text, &length);
    if (memory) {
        /* A console table in a file begins with the context it would have had on stderr. */
        like.err = output->runner->settings.out_format == FORMAT_CONSOLE ? memory : NULL;
        render(&like, &output->file_rows, memory);
        rc = fclose(memory) ? -ENOMEM : bm_outfile_replace(&output->target, text, length);
    }
    output->last_flush = bm_wall(output->runner);
    output->flush_cost = output->last_flush - begin;
    output->pending = rc != 0;
    if (rc) {
        failed(output, output->runner->settings.out, rc);
        char *const rescued = last && text ? bm_outfile_rescue(text, length) : NULL;
        if (rescued)
            fprintf(output->runner->hooks.err, "error: the results are in %s instead\n", rescued);
        free(rescued);
    }
    free(text);
}

void bm_output_begin(struct output *output)
{
    const locale_t before = uselocale(output->runner->c_locale);
    output->display.kind->begin(&output->display);
    output->runner->context_displayed = true;
    if (output->has_file && output->target.device && !output->file.kind->whole)
        output->file.kind->begin(&output->file);
    check_streams(output);
    uselocale(before);
}

static bool aggregates_exist(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].kind == BENCHMARK_ROW_AGGREGATE)
            return true;
    return false;
}

static int give(struct reporter *reporter, struct rows *kept, const struct benchmark_row *row)
{
    if (reporter->out && !reporter->kind->whole) {
        reporter->kind->row(reporter, row);
        return 0;
    }
    struct benchmark_row copy;
    const int rc = bm_row_copy(&copy, row);
    return rc ? rc : bm_rows_add(kept, &copy);
}

static void tell_listeners(const struct benchmark_runner *runner, const struct benchmark_row *row)
{
    for (size_t i = 0; i < runner->listener_count; i++)
        runner->listeners[i].function(runner->listeners[i].user, row);
}

int bm_output_rows(struct output *output, const struct rows *rows,
                   const struct benchmark_family *family)
{
    const struct settings *const settings = &output->runner->settings;
    const bool aggregated = aggregates_exist(rows);
    const bool file_short =
        aggregated && (family->report_aggregates_only || settings->report_aggregates_only);
    const bool display_short =
        file_short ||
        (aggregated && (family->display_aggregates_only || settings->display_aggregates_only));
    const locale_t before = uselocale(output->runner->c_locale);
    int rc = 0;

    for (size_t i = 0; !rc && i < rows->count; i++) {
        const struct benchmark_row *const row = &rows->items[i];
        const bool repetition = row->kind == BENCHMARK_ROW_ITERATION;
        output->error_rows = output->error_rows || row->status == BENCHMARK_ROW_ERROR;
        tell_listeners(output->runner, row);
        if (!repetition || !display_short)
            rc = give(&output->display, &output->display_rows, row);
        if (!rc && output->has_file && (!repetition || !file_short))
            rc = give(&output->file, &output->file_rows, row);
    }
    output->pending = output->has_file;
    check_streams(output);
    uselocale(before);
    bm_output_tick(output);
    return rc;
}

void bm_output_tick(struct output *output)
{
    if (!output->pending || !by_rewriting(output))
        return;
    const double since = bm_wall(output->runner) - output->last_flush;
    if (since < flush_seconds && output->flush_cost > flush_share * since)
        return;
    const locale_t before = uselocale(output->runner->c_locale);
    flush_file(output, false);
    uselocale(before);
}

static void end_stream(struct reporter *reporter, const struct rows *kept)
{
    if (!reporter->kind->whole) {
        reporter->kind->end(reporter);
        return;
    }
    struct reporter like = *reporter;
    like.err = NULL; /* was told of the context when the run began */
    render(&like, kept, reporter->out);
}

void bm_output_end(struct output *output)
{
    const locale_t before = uselocale(output->runner->c_locale);
    if (output->runner->context_displayed)
        end_stream(&output->display, &output->display_rows);
    check_stream(output, output->display.out, "the results");
    if (by_rewriting(output)) {
        flush_file(output, true);
    } else if (output->has_file) {
        if (!output->file.kind->whole && !output->runner->context_displayed)
            output->file.kind->begin(&output->file);
        end_stream(&output->file, &output->file_rows);
        check_stream(output, output->target.device, output->runner->settings.out);
    }
    uselocale(before);
}

void bm_output_free(struct output *output)
{
    bm_reporter_free(&output->display);
    bm_reporter_free(&output->file);
    bm_rows_free(&output->display_rows);
    bm_rows_free(&output->file_rows);
    bm_outfile_close(&output->target);
}
