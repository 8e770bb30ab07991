/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress history trend: a chart of each series. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/regress/history/chart.h"
#include "analysis/regress/history/start.h"
#include "analysis/regress/history/words.h"
#include "analysis/results.h"

static int write_script(const struct reg_look *look, const struct reg_series *series,
                        const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.gp", folder, name);
    FILE *const out = fopen(path, "w");
    if (!out)
        return -errno;
    int status = reg_chart_write(series, &look->found, name, out);
    if (fclose(out) && !status)
        status = -errno;
    if (status)
        unlink(path); /* the begin of a script draws something else */
    return status;
}

/* gnuplot does not say that a disk was full. */
static bool is_whole(const char *folder, const char *name)
{
    char path[4096], end[64] = "";
    snprintf(path, sizeof(path), "%s/%s.svg", folder, name);
    FILE *const in = fopen(path, "r");
    if (in && !fseek(in, 1 - (long)sizeof(end), SEEK_END))
        end[fread(end, 1, sizeof(end) - 1, in)] = '\0';
    if (in)
        fclose(in);
    return strstr(end, "</svg>");
}

static int draw(const struct ana_command *self, const char *folder, const char *name, bool *able)
{
    char script[160];
    const char *const argv[] = {"gnuplot", "-d", script, NULL};
    snprintf(script, sizeof(script), "%s.gp", name);
    const int status = *able ? reg_start(argv, folder) : 0;
    if (status == -ENOENT || status == 127) {
        *able = false;
        fprintf(stderr,
                "attn-stat %s: gnuplot is not installed, so the scripts are there and the charts "
                "are not; install gnuplot and run it on them\n",
                self->name);
        return 0;
    }
    if (status)
        return ana_complain(self, "gnuplot failed with status %d on %s/%s", status, folder, script);
    if (*able && !is_whole(folder, name))
        return ana_complain(self, "gnuplot wrote a part of %s/%s.svg; is the disk full?", folder,
                            name);
    return 0;
}

static int draw_all(const struct ana_command *self, const struct reg_look *look, const char *folder)
{
    bool able = true;
    int status = 0;
    if (mkdir(folder, 0777) && errno != EEXIST)
        return ana_complain(self, "cannot make the folder %s: %s", folder, strerror(errno));
    for (size_t i = 0; !status && i < look->count; i++) {
        char name[128];
        if (!look->series[i].count)
            continue;
        reg_chart_name(&look->series[i], name);
        const int error = write_script(look, &look->series[i], folder, name);
        status =
            error ? ana_complain(self, "cannot write %s/%s.gp: %s", folder, name, strerror(-error))
                  : draw(self, folder, name, &able);
        if (!status)
            printf("%s/%s.%s\n", folder, name, able ? "svg" : "gp");
    }
    return status ? status : ana_finish_stdout(self);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct reg_history_options o = REG_HISTORY_DEFAULTS;
    const char *folder = NULL;
    struct reg_look look;
    const struct ana_option options[] = {
        {"o", ANA_TEXT, &folder, "the folder for the charts"},
        REG_HISTORY_CHOICE(o),
        REG_HISTORY_RULE(o),
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (argc != 1)
        return ana_complain(self, "needs a history; found %d operands", argc);
    if (!folder)
        return ana_complain(self, "needs -o, a folder for the charts");
    int status = reg_look_open(self, argv[0], REG_HISTORY_READ, &o, &look);
    if (status)
        return status;
    status = draw_all(self, &look, folder);
    reg_look_close(&look);
    return status;
}

const struct ana_command reg_cmd_history_trend = {
    .name = "regress history trend",
    .arguments = "HISTORY.db -o FOLDER",
    .summary = "A chart of each series, with its levels and where they changed",
    .run = run,
};
