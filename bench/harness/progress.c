/* SPDX-License-Identifier: Apache-2.0 */
/* Progress. Cases are taken to last alike; a better guess would need to know what they do. */
#include "bench/harness/progress.h"

void bm_format_duration(char text[16], double seconds)
{
    const int whole = seconds < 359999 ? (int)(seconds + 0.5) : 359999;
    if (whole >= 3600)
        snprintf(text, 16, "%dh%02dm", whole / 3600, whole / 60 % 60);
    else if (whole >= 60)
        snprintf(text, 16, "%dm%02ds", whole / 60, whole % 60);
    else
        snprintf(text, 16, "%ds", whole);
}

void bm_progress_init(struct progress *progress, const struct benchmark_runner *runner,
                      size_t total, bool terminal)
{
    *progress = (struct progress){
        .terminal = terminal ? runner->hooks.err : NULL,
        .runner = runner,
        .total = total,
        .begin = bm_wall(runner),
    };
}

void bm_progress_show(struct progress *progress, const char *name)
{
    if (!progress->terminal)
        return;
    bm_progress_clear(progress);
    fprintf(progress->terminal, "[%zu/%zu", progress->done + 1, progress->total);
    if (progress->done) {
        const double each = (bm_wall(progress->runner) - progress->begin) / (double)progress->done;
        char left[16];
        bm_format_duration(left, each * (double)(progress->total - progress->done));
        fprintf(progress->terminal, ", %s left", left);
    }
    fprintf(progress->terminal, "] %.60s", name);
    fflush(progress->terminal);
    progress->shown = true;
}

void bm_progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", progress->terminal);
    fflush(progress->terminal);
    progress->shown = false;
}
