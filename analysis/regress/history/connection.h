/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements and their failures, for the files that make up history.h. All functions return 0 or
 * -errno after setting the trouble.
 */
#ifndef REG_HISTORY_CONNECTION_H
#define REG_HISTORY_CONNECTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "analysis/regress/history/history.h"

struct reg_history {
    sqlite3 *db;
    const char *path;
    int version;
    unsigned patience_ms;
    char trouble[512];
};

/* Sets the sentence, the path before it, and returns status. */
__attribute__((format(printf, 3, 4))) int reg_trouble(struct reg_history *h, int status,
                                                      const char *format, ...);

/* What SQLite says, in words that tell what to do. */
int reg_sql_explain(struct reg_history *h, int result);

int reg_sql_run(struct reg_history *h, const char *sql);

/*
 * A statement with its arguments: 'i' int64_t, 't' text, 'r' double with NAN as NULL. NULL after
 * setting *status.
 */
sqlite3_stmt *reg_sql_prepare(struct reg_history *h, int *status, const char *sql,
                              const char *kinds, ...);

/* 1 for a row, 0 at the end, or -errno. */
int reg_sql_step(struct reg_history *h, sqlite3_stmt *statement);

/* The first column of the first row; without rows *value stays. Ends the statement. */
int reg_sql_fetch(struct reg_history *h, sqlite3_stmt *statement, int64_t *value);

/* The same of a query without arguments. */
int reg_sql_ask(struct reg_history *h, const char *sql, int64_t *value);

/* Ends a transaction: commits if status is 0 and rolls back otherwise. */
int reg_sql_finish(struct reg_history *h, int status);

#endif
