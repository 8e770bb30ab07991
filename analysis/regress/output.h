/* SPDX-License-Identifier: Apache-2.0 */
/* The forms a report is written in; each is a file of its own. All return 0 or -errno. */
#ifndef REG_OUTPUT_H
#define REG_OUTPUT_H

#include <stdio.h>

#include "analysis/regress/report.h"

/* For people at a terminal: a line a case, the remarks below. */
int reg_write_text(const struct reg_report *report, FILE *out);

/*
 * For a comment on a pull request: what matters first, cut so that it fits into one (65536
 * characters), with a hidden mark in its first line by which it can be found and replaced.
 */
int reg_write_markdown(const struct reg_report *report, FILE *out);

/* For the test pages of continuous integration: a test a case. */
int reg_write_junit(const struct reg_report *report, FILE *out);

/* The report as JSON, without rounds. Of paired runs see store.h. */
int reg_write_json(const struct reg_report *report, FILE *out);

/*
 * Where to write what; NULL: not at all. Each file is written beside its name and put in its place
 * when it is whole.
 */
struct reg_files {
    const char *markdown, *junit, *json;
};

/* Can all of them be written? 0, or -errno with a sentence: better before an hour's work. */
int reg_files_check(const struct reg_files *files, char *message, size_t size);

typedef int reg_writer(const void *what, FILE *out);

/* Writes one file with `writer`; path NULL does nothing. 0, or -errno with a sentence. */
int reg_file_write(const char *path, reg_writer *writer, const void *what, char *message,
                   size_t size);

/* The two that every report has. */
int reg_files_write(const struct reg_files *files, const struct reg_report *report, char *message,
                    size_t size);

/* "812 us", in a unit people read; "" for NAN. */
void reg_put_time(double ns, char *text, size_t size);

/* "+7.3%" of 1.073; "" for NAN and infinity. */
void reg_put_change(double ratio, char *text, size_t size);

/* "[+6.1%, +8.4%]"; "" where there is none. */
void reg_put_interval(const struct reg_case *c, char *text, size_t size);

/* "0.004", "2e-06"; "" for NAN. */
void reg_put_p(double p, char *text, size_t size);

#endif
