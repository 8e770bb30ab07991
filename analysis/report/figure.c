/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a figure from query to pictures. gnuplot runs as a child process, its exit status
 * is checked and what it says goes into the report: it calls a misspelt column a warning, draws an
 * empty frame and exits with 1, so the status is the only thing to be trusted.
 */
#include "analysis/report/figure.h"

#include "analysis/report/density.h"
#include "analysis/report/finding.h"
#include "analysis/report/script.h"
#include "analysis/report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The exit status, or -errno if the program could not be run at all. */
static int run(char *const argv[], const char *dir, const char *log)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return -ENOMEM;
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (dir)
        posix_spawn_file_actions_addchdir_np(&actions, dir);
    pid_t pid;
    const int rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc)
        return -rc;
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *rep_gnuplot_missing(void)
{
    static char why[96] = "?";
    if (*why == '?') {
        char *argv[] = {(char[]){"gnuplot"}, (char[]){"--version"}, NULL};
        const int status = run(argv, NULL, "/dev/null");
        *why = '\0';
        if (status == -ENOENT)
            snprintf(why, sizeof(why), "gnuplot is not installed");
        else if (status < 0)
            snprintf(why, sizeof(why), "gnuplot cannot be run: %.60s", strerror(-status));
        else if (status)
            snprintf(why, sizeof(why),
                     "gnuplot is installed but fails: gnuplot --version ends "
                     "with status %d",
                     status);
    }
    return *why ? why : NULL;
}

/* "# KEY: value" among the first lines of a plot's text; "" if it is not there. */
static void header(const char *text, const char *key, char *value, size_t size)
{
    value[0] = '\0';
    for (const char *line = text; line && line[0] == '#'; line = strchr(line, '\n') + 1) {
        const size_t len = strlen(key);
        if (strncmp(line, "# ", 2) == 0 && strncmp(line + 2, key, len) == 0 &&
            line[2 + len] == ':') {
            line += 3 + len;
            line += strspn(line, " ");
            snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return;
        }
        if (!strchr(line, '\n'))
            return;
    }
}

/* The four pictures of one script, in one process. */
static int draw(const char *dir, struct rep_figure *figure)
{
    static const char *const forms[] = {"svg", "png", "wide", "narrow"};
    char commands[4][256], log[1024];
    char program[] = "gnuplot", plain[] = "-d", option[] = "-e";
    char *argv[2 * 4 + 3] = {program, plain};
    for (size_t i = 0; i < 4; i++) {
        snprintf(commands[i], sizeof(commands[i]), "reset; form='%s'; load '%.*s.gp'", forms[i],
                 REP_NAME, figure->name);
        argv[2 + 2 * i] = option;
        argv[3 + 2 * i] = commands[i];
    }
    snprintf(log, sizeof(log), "%s/%.*s.log", dir, REP_NAME, figure->name);
    const int status = run(argv, dir, log);
    if (status) {
        char *const said = rep_read_file(log, 4096);
        snprintf(figure->reason, sizeof(figure->reason), "gnuplot failed with %d: %.300s", status,
                 said ? said : "");
        free(said);
        figure->state = REP_UNDRAWN;
    }
    unlink(log);
    return status;
}

static char *take(const char *dir, const char *name, const char *form)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s.%s.svg", dir, name, form);
    char *const text = rep_read_file(path, 8u << 20);
    unlink(path);
    return text;
}

/* Compulsory bytes are computed, not measured, and a figure on them says so. */
static bool counts_bytes(const struct rep_field *field)
{
    return field &&
           (field->unit == REP_BYTES || field->unit == REP_BYTE_RATE ||
            field->unit == REP_INTENSITY) &&
           strcmp(field->name, "dram_bytes") != 0;
}

/* Query, points and words of a figure; `selection` is to be freed after 0. */
static int choose(const struct rep_plot *plot, const struct rep_sets *sets,
                  struct rep_figure *figure, struct rep_query *query,
                  struct rep_selection *selection)
{
    *figure = (struct rep_figure){.state = REP_NOTHING};
    snprintf(figure->name, sizeof(figure->name), "%s", plot->name);
    header(plot->text, "title", figure->title, sizeof(figure->title));
    header(plot->text, "caption", figure->caption, sizeof(figure->caption));
    char line[512];
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(plot->text, "\n"), plot->text);
    if (rep_query_parse(line, query, figure->reason, sizeof(figure->reason))) {
        figure->state = REP_UNDRAWN;
        return -ENODATA;
    }
    figure->machine = query->from == REP_FROM_MACHINE;
    const int rc = rep_select(sets, query, selection, figure->reason, sizeof(figure->reason));
    if (rc)
        return rc;
    figure->file = selection->points.points[0].file;
    rep_finding_say(plot->name, selection, query, figure);
    snprintf(figure->subtitle, sizeof(figure->subtitle), "%s%s%s", selection->held,
             query->best && query->from == REP_FROM_CASES
                 ? "\302\240\302\267 fastest kernel of each case"
                 : "",
             !figure->machine && (counts_bytes(query->x) || counts_bytes(query->y))
                 ? "\302\240\302\267 bytes from the shape"
                 : "");
    return 0;
}

int rep_figure_say(const struct rep_plot *plot, const struct rep_sets *sets,
                   struct rep_figure *figure)
{
    struct rep_query query;
    struct rep_selection selection;
    const int rc = choose(plot, sets, figure, &query, &selection);
    if (!rc)
        rep_selection_free(&selection);
    return rc;
}

int rep_figure_draw(const struct rep_plot *plot, const struct rep_sets *sets,
                    const struct rep_machine *machine, const char *dir, struct rep_figure *figure)
{
    struct rep_query query;
    struct rep_selection selection;
    int rc = choose(plot, sets, figure, &query, &selection);
    if (rc)
        return rc == -ENODATA ? 0 : rc;
    const size_t at = strlen(figure->subtitle);
    if (*machine->line)
        snprintf(figure->subtitle + at, sizeof(figure->subtitle) - at, "\302\240\302\267 %s",
                 machine->line);
    const size_t cases = selection.points.count;
    rep_density_make(&query, &selection);
    if (selection.most > 1) {
        const size_t end = strlen(figure->caption);
        snprintf(figure->caption + end, sizeof(figure->caption) - end,
                 " These are %zu cases, too many for a dot each: a mark stands for up to %.0f that "
                 "lie close together, and is the fuller the more there are.",
                 cases, selection.most);
    }
    rc = rep_script_write(plot, &query, &selection, figure, machine, dir);
    rep_selection_free(&selection);
    if (rc)
        return rc;
    if (rep_gnuplot_missing()) {
        figure->state = REP_UNDRAWN;
        snprintf(figure->reason, sizeof(figure->reason), "%s", rep_gnuplot_missing());
        return 0;
    }
    figure->state = REP_DRAWN;
    if (draw(dir, figure))
        return 0;
    figure->wide = take(dir, figure->name, "wide");
    figure->narrow = take(dir, figure->name, "narrow");
    if (!figure->wide || !figure->narrow) {
        figure->state = REP_UNDRAWN;
        snprintf(figure->reason, sizeof(figure->reason), "gnuplot left no picture");
    }
    return 0;
}

void rep_figure_free(struct rep_figure *figure)
{
    free(figure->wide);
    free(figure->narrow);
    figure->wide = figure->narrow = NULL;
}
