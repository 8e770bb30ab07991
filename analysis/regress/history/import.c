/* SPDX-License-Identifier: Apache-2.0 */
/* A result file becomes points, all of them or none. */
#include "analysis/regress/history/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/regress/history/machine_class.h"
#include "analysis/regress/history/moment.h"

/* FNV-1a over what the file says: importing it twice must not count twice. Counts join in where
 * there are any, so that files of times alone are known to histories from before that. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (hash ^ '\n') * 0x100000001b3u;
}

static void hash_result(const struct ana_result *result, const struct ana_summary *summary,
                        char hash[17])
{
    uint64_t h = 0xcbf29ce484222325u;
    char number[64];
    for (size_t i = 0; i < result->context_count; i++) {
        h = hash_text(h, result->context[i].key);
        h = hash_text(h, result->context[i].value);
    }
    for (size_t i = 0; i < result->row_count; i++) {
        snprintf(number, sizeof(number), "%.17g", result->rows[i].real_time);
        h = hash_text(hash_text(h, result->rows[i].name), number);
    }
    for (size_t i = 0; i < summary->case_count; i++)
        for (int m = 0; m < REG_METRICS; m++) {
            const struct ana_case *const c = &summary->cases[i];
            const double value = ana_case_figure(summary, c, reg_metrics[m].name);
            if (!reg_metrics[m].exact || !(value > 0))
                continue;
            snprintf(number, sizeof(number), "%.17g", value);
            h = hash_text(hash_text(h, reg_metrics[m].name), number);
        }
    snprintf(hash, 17, "%016" PRIx64, h);
}

/* The row with this key, made if it is not there yet: `insert` must ignore conflicts. */
static int find_or_add(struct reg_history *h, sqlite3_stmt *insert, sqlite3_stmt *select,
                       int64_t *id, bool *added)
{
    int status = insert ? reg_sql_step(h, insert) : 0;
    sqlite3_finalize(insert);
    if (added)
        *added = sqlite3_changes(h->db) > 0;
    if (status < 0 || !select) {
        sqlite3_finalize(select);
        return status < 0 ? status : -EIO;
    }
    return reg_sql_fetch(h, select, id);
}

static int find_class(struct reg_history *h, const char *text, int64_t *id)
{
    int status;
    sqlite3_stmt *const insert =
        reg_sql_prepare(h, &status, "INSERT OR IGNORE INTO class(text) VALUES (?)", "t", text);
    if (!insert)
        return status;
    sqlite3_stmt *const select =
        reg_sql_prepare(h, &status, "SELECT id FROM class WHERE text = ?", "t", text);
    return find_or_add(h, insert, select, id, NULL);
}

static int find_series(struct reg_history *h, int64_t class, const char *name, const char *metric,
                       int64_t *id, bool *added)
{
    int status;
    sqlite3_stmt *const insert =
        reg_sql_prepare(h, &status,
                        "INSERT OR IGNORE INTO series(class, name, metric) VALUES (?, ?, ?)", "itt",
                        class, name, metric);
    if (!insert)
        return status;
    sqlite3_stmt *const select =
        reg_sql_prepare(h, &status,
                        "SELECT id FROM series WHERE class = ? AND name = ? AND metric = ?", "itt",
                        class, name, metric);
    return find_or_add(h, insert, select, id, added);
}

static int add_point(struct reg_history *h, int64_t series, int64_t run, const struct ana_case *c,
                     double value, bool exact)
{
    int status;
    sqlite3_stmt *const insert = reg_sql_prepare(
        h, &status,
        "INSERT INTO point(series, run, value, low, high, samples) VALUES (?,?,?,?,?,?)", "iirrri",
        series, run, value, exact ? NAN : c->low_ns, exact ? NAN : c->high_ns, (int64_t)c->samples);
    if (!insert)
        return status;
    status = reg_sql_step(h, insert);
    sqlite3_finalize(insert);
    return status < 0 ? status : 0;
}

static int add_points(struct reg_history *h, const struct reg_import *import, int64_t run,
                      struct reg_imported *done)
{
    int64_t class[2] = {0};
    int status = 0;
    for (int exact = 0; !status && exact < 2; exact++) {
        char text[REG_CLASS_MAX];
        reg_class_text(import->result, exact, text);
        status = find_class(h, import->class_text ? import->class_text : text, &class[exact]);
    }
    for (size_t i = 0; !status && i < import->summary->case_count; i++) {
        const struct ana_case *const c = &import->summary->cases[i];
        if (c->error) {
            done->failed += !c->skipped;
            continue;
        }
        for (int m = 0; !status && m < REG_METRICS; m++) {
            const struct reg_metric *const metric = &reg_metrics[m];
            const double value = ana_case_figure(import->summary, c, metric->name);
            int64_t series = 0;
            bool added = false;
            if (!(value > 0) || !isfinite(value))
                continue;
            status = find_series(h, class[metric->exact], c -> row -> run_name, metric -> name,
                                 &series, &added);
            if (!status)
                status = add_point(h, series, run, c, value, metric->exact);
            done->points += !status;
            done->series += !status && added;
        }
    }
    return status;
}

static int add_run(struct reg_history *h, const struct reg_import *import, int64_t time,
                   struct reg_imported *done)
{
    const char *const said = ana_result_context(import->result, "git_commit");
    const char *const commit = import->commit ? import->commit : said ? said : "";
    char hash[17];
    int64_t run = 0;
    int status;
    hash_result(import->result, import->summary, hash);
    sqlite3_stmt *const insert = reg_sql_prepare(
        h, &status, "INSERT OR IGNORE INTO run(hash, commit_id, time, source) VALUES (?, ?, ?, ?)",
        "ttit", hash, strcmp(commit, "unknown") == 0 ? "" : commit, time, import->result->path);
    if (!insert)
        return status;
    bool added;
    sqlite3_stmt *const select =
        reg_sql_prepare(h, &status, "SELECT id FROM run WHERE hash = ?", "t", hash);
    status = find_or_add(h, insert, select, &run, &added);
    done->known = !status && !added;
    if (!status && !done->known)
        status = add_points(h, import, run, done);
    if (!status && !done->known && !done->points && !done->failed)
        status = reg_trouble(h, -ENODATA, "%.200s has no case with a time or a count",
                             import->result->path);
    return status;
}

int reg_history_import(struct reg_history *h, const struct reg_import *import,
                       struct reg_imported *done)
{
    const char *const date = ana_result_context(import->result, "date");
    int64_t time = import->time;
    *done = (struct reg_imported){0};
    if (time < 0 && (!date || reg_parse_moment(date, &time)))
        return reg_trouble(h, -ENODATA, "%.200s does not say when it was measured; give --time",
                           import->result->path);
    int status = reg_sql_run(h, "BEGIN IMMEDIATE");
    if (status)
        return status;
    status = reg_sql_finish(h, add_run(h, import, time, done));
    if (status)
        *done = (struct reg_imported){0};
    return status;
}
