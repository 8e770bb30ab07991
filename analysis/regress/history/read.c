/* SPDX-License-Identifier: Apache-2.0 */
/* Points become series, in one state of the file for all. */
#include "analysis/regress/history/connection.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "analysis/arena.h"

static const char *copy_column(struct ana_arena *arena, sqlite3_stmt *statement, int column)
{
    const char *const text = (const char *)sqlite3_column_text(statement, column);
    return ana_arena_intern(arena, text ? text : "");
}

static double real_column(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}

static int read_points(struct reg_history *h, struct ana_arena *arena, struct reg_series *series,
                       size_t room)
{
    static const char *const sql[] = {
        "SELECT run, time, commit_id, value, low, high, NULL FROM point JOIN run ON run.id = run "
        "WHERE series = ? ORDER BY run.time, run",
        "SELECT point.run, run.time, commit_id, value, low, high, reason FROM point "
        "JOIN run ON run.id = point.run LEFT JOIN accepted ON accepted.series = point.series AND "
        "accepted.run = point.run WHERE point.series = ? ORDER BY run.time, point.run"};
    struct reg_point *const points = ana_arena_alloc(arena, (room + 1) * sizeof(*points));
    int status;
    sqlite3_stmt *const select = reg_sql_prepare(h, &status, sql[h->version > 1], "i", series->id);
    if (!select || !points) {
        sqlite3_finalize(select);
        return select ? -ENOMEM : status;
    }
    series->points = points;
    while (series->count < room && (status = reg_sql_step(h, select)) == 1) {
        points[series->count++] = (struct reg_point){
            .run = sqlite3_column_int64(select, 0),
            .time = sqlite3_column_int64(select, 1),
            .commit = copy_column(arena, select, 2),
            .value = real_column(select, 3),
            .low = real_column(select, 4),
            .high = real_column(select, 5),
            .accepted = sqlite3_column_type(select, 6) == SQLITE_NULL
                            ? NULL
                            : copy_column(arena, select, 6),
        };
    }
    sqlite3_finalize(select);
    return status < 0 ? status : 0;
}

static int read_series(struct reg_history *h, struct ana_arena *arena, struct reg_series **series,
                       size_t *count)
{
    int64_t room = 0;
    int status = reg_sql_ask(h, "SELECT count(*) FROM series", &room);
    struct reg_series *const all = ana_arena_alloc(arena, ((size_t)room + 1) * sizeof(*all));
    if (status || !all)
        return status ? status : reg_trouble(h, -ENOMEM, "not enough memory");
    sqlite3_stmt *const select = reg_sql_prepare(
        h, &status,
        "SELECT series.id, class.text, name, metric, (SELECT count(*) FROM point WHERE series = "
        "series.id) FROM series JOIN class ON class.id = class ORDER BY name, metric, class.text",
        "");
    *series = all;
    *count = 0;
    while (select && *count < (size_t)room && (status = reg_sql_step(h, select)) == 1) {
        struct reg_series *const s = &all[*count];
        s->id = sqlite3_column_int64(select, 0);
        s->class_text = copy_column(arena, select, 1);
        s->name = copy_column(arena, select, 2);
        s->metric = copy_column(arena, select, 3);
        status = read_points(h, arena, s, (size_t)sqlite3_column_int64(select, 4));
        if (status)
            break;
        ++*count;
    }
    sqlite3_finalize(select);
    return status < 0 ? status : 0;
}

int reg_history_read(struct reg_history *h, struct ana_arena *arena, struct reg_series **series,
                     size_t *count)
{
    *count = 0;
    if (!h->version)
        return 0;
    const int status = reg_sql_run(h, "BEGIN"); /* one state of the file for all series */
    return status ? status : reg_sql_finish(h, read_series(h, arena, series, count));
}

int reg_history_accept(struct reg_history *h, int64_t series, int64_t run, const char *reason)
{
    int status = reg_sql_run(h, "BEGIN IMMEDIATE");
    if (status)
        return status;
    sqlite3_stmt *const insert = reg_sql_prepare(
        h, &status,
        "INSERT OR REPLACE INTO accepted(series, run, reason, time) VALUES (?, ?, ?, ?)", "iiti",
        series, run, reason, (int64_t)time(NULL));
    if (insert) {
        status = reg_sql_step(h, insert);
        sqlite3_finalize(insert);
    }
    return reg_sql_finish(h, status);
}
