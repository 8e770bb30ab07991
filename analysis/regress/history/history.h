/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results over time in one SQLite file. SQL and SQLite stay behind this header.
 *
 * The file, schema version 2 (PRAGMA user_version; application_id is "attn"):
 *
 *   class(id, text)                  what must be equal within a series: machine_class.h
 *   run(id, hash, commit_id, time, source)
 *                                    a result file: hash of its contents, so that importing it
 *                                    again adds nothing; Unix seconds; the path it came from
 *   series(id, class, name, metric)  name is a case, metric one of reg_metrics
 *   point(series, run, value, low, high, samples)
 *                                    times in ns; low and high NULL where nothing was repeated
 *   accepted(series, run, reason, time)
 *                                    the level that begins at this run is meant
 *
 * Version 1 had no `accepted`; an older file is brought up to date when it is written to. Writers
 * take turns (WAL, a transaction a file), and what they have reported as added is on the disk.
 */
#ifndef REG_HISTORY_HISTORY_H
#define REG_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/summary.h"

struct ana_arena;
struct reg_history;

enum { REG_HISTORY_PATIENCE_MS = 10000 }; /* usual */
enum reg_history_use { REG_HISTORY_READ, REG_HISTORY_WRITE, REG_HISTORY_CREATE };

/*
 * Another writer may take `patience_ms`. 0 (reg_history_close() it), or -errno and a sentence:
 * -ENOENT without a file (but for CREATE), -EBADMSG if it is damaged or no history, -EBUSY if
 * another program kept it locked, -ENOTSUP if a newer program wrote it. A file that is refused is
 * left as it is.
 */
int reg_history_open(const char *path, enum reg_history_use use, unsigned patience_ms,
                     struct reg_history **history, char *message, size_t size);
void reg_history_close(struct reg_history *history);

/* What could not be done by the last call that failed: a sentence. */
const char *reg_history_trouble(const struct reg_history *history);

struct reg_import {
    const struct ana_result *result;
    const struct ana_summary *summary; /* of this result alone */
    const char *commit;                /* NULL: the context's git_commit, or none */
    const char *class_text;            /* NULL: reg_class_text() */
    int64_t time;                      /* Unix seconds; -1: the context's date */
};

struct reg_imported {
    size_t points, series; /* added; of series those that are new */
    size_t failed;         /* cases without a time, which have no point */
    bool known;            /* the file is there already */
};

/* All of the file or nothing. 0 or -errno (-ENODATA: neither date nor time; -ENOSPC; -EBUSY). */
int reg_history_import(struct reg_history *history, const struct reg_import *import,
                       struct reg_imported *done);

struct reg_point {
    int64_t run, time;
    const char *commit; /* "" if not known */
    double value, low, high;
    const char *accepted; /* a reason, or NULL */
};

struct reg_series {
    int64_t id;
    const char *class_text, *name, *metric;
    const struct reg_point *points; /* by time, then in order of import */
    size_t count;
};

/* All series, by name, metric and class; they live in `arena`. 0 or -errno. */
int reg_history_read(struct reg_history *history, struct ana_arena *arena,
                     struct reg_series **series, size_t *count);

/* Marks the level that begins at a run as meant. 0 or -errno. */
int reg_history_accept(struct reg_history *history, int64_t series, int64_t run,
                       const char *reason);

#endif
