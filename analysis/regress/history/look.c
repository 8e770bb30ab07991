/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of history begin with. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analysis/arena.h"
#include "analysis/regress/history/words.h"
#include "analysis/regress/output.h"
#include "analysis/regress/percent.h"

enum { CREEP_DAYS = 30 };

static int parse_rule(const struct ana_command *self, const struct reg_history_options *o,
                      struct reg_finding_rule *rule)
{
    double p, effect, exact, creep, q;
    const struct {
        const char *name, *text;
        double *value;
        double below;
    } shares[] = {
        {"effect", o->effect, &effect, 10},
        {"exact_effect", o->exact_effect, &exact, 10},
        {"creep", o->creep, &creep, 10},
        {"p", o->p, &p, 1},
        {"q", o->q, &q, 1},
    };
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        if (reg_parse_share(shares[i].text, shares[i].value) ||
            !(*shares[i].value >= 0 && *shares[i].value < shares[i].below))
            return ana_complain(self, "--%s=%s: it takes a share such as 2%% or 0.02",
                                shares[i].name, shares[i].text);
    if (o->lasting < 2 || o->lasting > 25)
        return ana_complain(self, "--lasting=%llu: it must lie between 2 and 25",
                            (unsigned long long)o->lasting);
    *rule = (struct reg_finding_rule){
        .change = {.effect = effect, .p = p, .lasting = (size_t)o->lasting},
        .exact_effect = exact,
        .creep = creep,
        .creep_seconds = (int64_t)CREEP_DAYS * 24 * 3600,
        .q = q,
    };
    return 0;
}

static bool chosen(const struct reg_series *series, const struct reg_history_options *o)
{
    return (!o->name || strcmp(o->name, series->name) == 0 ||
            fnmatch(o->name, series->name, 0) == 0) &&
           (!o->metric || fnmatch(o->metric, series->metric, 0) == 0);
}

int reg_look_open(const struct ana_command *self, const char *path, enum reg_history_use use,
                  const struct reg_history_options *options, struct reg_look *look)
{
    char message[600];
    size_t kept = 0;
    *look = (struct reg_look){0};
    int status = parse_rule(self, options, &look->rule);
    if (status)
        return status;
    if (reg_history_open(path, use, REG_HISTORY_PATIENCE_MS, &look->history, message,
                         sizeof(message)))
        return ana_complain(self, "%s", message);
    look->arena = ana_arena_new();
    if (!look->arena || reg_history_read(look->history, look->arena, &look->series, &look->count)) {
        status =
            ana_complain(self, "%s",
                         look->arena ? reg_history_trouble(look->history) : "not enough memory");
        reg_look_close(look);
        return status;
    }
    look->all = look->count;
    for (size_t i = 0; i < look->count; i++)
        if (chosen(&look->series[i], options)) {
            look->points += look->series[i].count;
            look->series[kept++] = look->series[i];
        }
    look->count = kept;
    if (!kept && look->all)
        status = ana_complain(self, "none of the %zu series of %s is chosen by --case and --metric",
                              look->all, path);
    else if (reg_find(look->series, look->count, &look->rule, &look->found))
        status = ana_complain(self, "not enough memory");
    if (status)
        reg_look_close(look);
    return status;
}

void reg_look_close(struct reg_look *look)
{
    reg_findings_free(&look->found);
    ana_arena_free(look->arena);
    reg_history_close(look->history);
    *look = (struct reg_look){0};
}

void reg_put_value(const char *metric, double value, char *text, size_t size)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T"};
    size_t i = 0;
    if (strcmp(metric, "real_ns") == 0) {
        reg_put_time(value, text, size);
        return;
    }
    for (; value >= 10000 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        value /= 1000;
    snprintf(text, size, "%.4g%s%s", value, prefixes[i],
             strstr(metric, "bytes") ? i ? "B" : " B" : "");
}

void reg_put_moment(int64_t seconds, char text[24])
{
    const time_t when = (time_t)seconds;
    struct tm moment;
    if (!gmtime_r(&when, &moment) || !strftime(text, 24, "%Y-%m-%d %H:%M", &moment))
        snprintf(text, 24, "unknown");
}
