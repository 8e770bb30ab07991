/* SPDX-License-Identifier: Apache-2.0 */
/* See connection.h. */
#include "analysis/regress/history/connection.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int code_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EACCES;
    default:
        return -EIO;
    }
}

__attribute__((format(printf, 3, 4))) int reg_trouble(struct reg_history *h, int status,
                                                      const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = snprintf(h->trouble, sizeof(h->trouble), "%.300s: ", h->path);
    vsnprintf(h->trouble + length, sizeof(h->trouble) - (size_t)length, format, list);
    va_end(list);
    return status;
}

/* What SQLite says, in words that tell what to do. */
int reg_sql_explain(struct reg_history *h, int result)
{
    const bool full = (result & 0xff) == SQLITE_IOERR && sqlite3_system_errno(h->db) == ENOSPC;
    const int status = full ? -ENOSPC : code_of(result);
    switch (status) {
    case -EBUSY:
        return reg_trouble(h, status, "locked by another program for %g s; nothing was changed",
                           h->patience_ms / 1e3);
    case -ENOSPC:
        return reg_trouble(h, status, "the disk is full; nothing was changed");
    case -EBADMSG:
        return reg_trouble(h, status,
                           "not a history, or damaged (%s); it was left as it is, and "
                           "sqlite3 FILE .recover may save what it holds",
                           sqlite3_errstr(result & 0xff));
    default:
        if ((result & 0xff) == SQLITE_CANTOPEN && sqlite3_system_errno(h->db))
            return reg_trouble(h, status, "%s", strerror(sqlite3_system_errno(h->db)));
        return reg_trouble(h, status, "%s", sqlite3_errmsg(h->db));
    }
}

int reg_sql_run(struct reg_history *h, const char *sql)
{
    const int result = sqlite3_exec(h->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : reg_sql_explain(h, result);
}

sqlite3_stmt *reg_sql_prepare(struct reg_history *h, int *status, const char *sql,
                              const char *kinds, ...)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(h->db, sql, -1, &statement, NULL);
    va_list list;
    va_start(list, kinds);
    for (int i = 0; result == SQLITE_OK && kinds[i]; i++) {
        if (kinds[i] == 'i') {
            result = sqlite3_bind_int64(statement, i + 1, va_arg(list, int64_t));
        } else if (kinds[i] == 't') {
            result = sqlite3_bind_text(statement, i + 1, va_arg(list, const char *), -1,
                                       SQLITE_TRANSIENT);
        } else {
            const double value = va_arg(list, double);
            result = isnan(value) ? sqlite3_bind_null(statement, i + 1)
                                  : sqlite3_bind_double(statement, i + 1, value);
        }
    }
    va_end(list);
    *status = 0;
    if (result == SQLITE_OK)
        return statement;
    *status = reg_sql_explain(h, result);
    sqlite3_finalize(statement);
    return NULL;
}

int reg_sql_step(struct reg_history *h, sqlite3_stmt *statement)
{
    const int result = sqlite3_step(statement);
    return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : reg_sql_explain(h, result);
}

int reg_sql_fetch(struct reg_history *h, sqlite3_stmt *statement, int64_t *value)
{
    int status = reg_sql_step(h, statement);
    if (status == 1)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status < 0 ? status : 0;
}

int reg_sql_ask(struct reg_history *h, const char *sql, int64_t *value)
{
    int status;
    sqlite3_stmt *const statement = reg_sql_prepare(h, &status, sql, "");
    return statement ? reg_sql_fetch(h, statement, value) : status;
}

int reg_sql_finish(struct reg_history *h, int status)
{
    if (!status)
        status = reg_sql_run(h, "COMMIT");
    if (status) {
        char kept[sizeof(h->trouble)];
        memcpy(kept, h->trouble, sizeof(kept));
        sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
        memcpy(h->trouble, kept, sizeof(kept));
    }
    return status;
}
