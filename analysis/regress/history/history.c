/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file itself. synchronous is FULL: with WAL anything less may lose the last commits when the
 * machine goes down, and a night's results are not measured twice.
 */
#include "analysis/regress/child.h"
#include "analysis/regress/history/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APPLICATION = 0x6174746e };

/* What leads from version i to i + 1. */
static const char *const schema[] = {
    "CREATE TABLE class(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, commit_id TEXT NOT NULL,"
    " time INTEGER NOT NULL, source TEXT NOT NULL);"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, class INTEGER NOT NULL REFERENCES class(id),"
    " name TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE(class, name, metric));"
    "CREATE TABLE point(series INTEGER NOT NULL REFERENCES series(id),"
    " run INTEGER NOT NULL REFERENCES run(id), value REAL NOT NULL, low REAL, high REAL,"
    " samples INTEGER NOT NULL, PRIMARY KEY(series, run)) WITHOUT ROWID;",
    "CREATE TABLE accepted(series INTEGER NOT NULL REFERENCES series(id),"
    " run INTEGER NOT NULL REFERENCES run(id), reason TEXT NOT NULL, time INTEGER NOT NULL,"
    " PRIMARY KEY(series, run)) WITHOUT ROWID;",
};
enum { VERSION = sizeof(schema) / sizeof(schema[0]) };

/* Brings the file to the present version, in the transaction of the caller. */
static int migrate(struct reg_history *h, int version)
{
    char sql[128];
    int status = 0;
    for (int v = version; !status && v < VERSION; v++)
        status = reg_sql_run(h, schema[v]);
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION,
             VERSION);
    return status ? status : reg_sql_run(h, sql);
}

/*
 * Whose file is it, and how old? An empty file is a history to be. All is read in one transaction:
 * between two of the questions another writer may turn an empty file into a history.
 */
static int check_identity(struct reg_history *h, bool may_create)
{
    int64_t application = 0, version = 0, tables = 0;
    int status = reg_sql_run(h, "BEGIN");
    if (!status)
        status = reg_sql_ask(h, "PRAGMA application_id", &application);
    if (!status)
        status = reg_sql_ask(h, "PRAGMA user_version", &version);
    if (!status)
        status = reg_sql_ask(h, "SELECT count(*) FROM sqlite_master", &tables);
    if (status) {
        sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    status = reg_sql_run(h, "COMMIT");
    if (status)
        return status;
    if (application != APPLICATION && (tables || !may_create))
        return reg_trouble(h, -EBADMSG,
                           "not a history of attn-stat, but another program's database");
    if (version < 0)
        return reg_trouble(h, -EBADMSG, "a history of no known schema (%" PRId64 ")", version);
    if (version > VERSION)
        return reg_trouble(h, -ENOTSUP,
                           "written by a newer attn-stat (schema %" PRId64
                           ", this one knows %d); use "
                           "that one",
                           version, VERSION);
    h->version = (int)version;
    return 0;
}

/* SQLite does not wait where two programs change the journal of a new file at once; this does. */
static int prepare_to_write(struct reg_history *h)
{
    const double end = reg_now() + h->patience_ms / 1e3;
    int status;
    while ((status = reg_sql_run(h, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                    "PRAGMA foreign_keys = ON;")) == -EBUSY &&
           reg_now() < end)
        sqlite3_sleep(10);
    return status;
}

static int check_sound(struct reg_history *h)
{
    int status;
    sqlite3_stmt *const statement = reg_sql_prepare(h, &status, "PRAGMA quick_check(1)", "");
    if (!statement)
        return status;
    status = reg_sql_step(h, statement);
    const char *const found = status == 1 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (found && strcmp(found, "ok") != 0)
        status = reg_sql_explain(h, SQLITE_CORRUPT);
    sqlite3_finalize(statement);
    return status < 0 ? status : 0;
}

/* The version is asked again inside the transaction: another writer may have been faster. */
static int bring_up_to_date(struct reg_history *h)
{
    int64_t version = 0;
    int status = reg_sql_run(h, "BEGIN IMMEDIATE");
    if (status)
        return status;
    status = reg_sql_ask(h, "PRAGMA user_version", &version);
    if (!status && version < VERSION)
        status = migrate(h, (int)version);
    status = reg_sql_finish(h, status);
    h->version = status ? h->version : VERSION;
    return status;
}

int reg_history_open(const char *path, enum reg_history_use use, unsigned patience_ms,
                     struct reg_history **history, char *message, size_t size)
{
    struct reg_history *const h = calloc(1, sizeof(*h));
    int status = 0;
    *history = NULL;
    if (!h) {
        snprintf(message, size, "not enough memory");
        return -ENOMEM;
    }
    h->path = path;
    h->patience_ms = patience_ms;
    if (!*path || strcmp(path, ":memory:") == 0) {
        status = -EINVAL;
        snprintf(h->trouble, sizeof(h->trouble), "\"%s\" is no name of a file", path);
    } else if (use != REG_HISTORY_CREATE && access(path, F_OK)) {
        status = reg_trouble(h, -errno, "%s; attn-stat regress history import begins one",
                             strerror(errno));
    }
    const int flags = use == REG_HISTORY_CREATE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                : SQLITE_OPEN_READWRITE;
    int result = status ? SQLITE_OK : sqlite3_open_v2(path, &h->db, flags, NULL);
    if (result != SQLITE_OK)
        status = reg_sql_explain(h, result);
    if (!status) {
        sqlite3_busy_timeout(h->db, (int)patience_ms);
        status = check_identity(h, use == REG_HISTORY_CREATE);
    }
    if (!status && use != REG_HISTORY_READ)
        status = prepare_to_write(h);
    if (!status)
        status = check_sound(h);
    if (!status && use != REG_HISTORY_READ && h->version < VERSION)
        status = bring_up_to_date(h);
    if (status) {
        snprintf(message, size, "%s", h->trouble);
        reg_history_close(h);
        return status;
    }
    *history = h;
    return 0;
}

void reg_history_close(struct reg_history *history)
{
    if (history)
        sqlite3_close_v2(history->db);
    free(history);
}

const char *reg_history_trouble(const struct reg_history *history)
{
    return history->trouble;
}
