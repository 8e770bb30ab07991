/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where rows go: the display and the result file, each with a reporter of its own, and the client's
 * listeners. Rows arrive a case at a time, complete.
 */
#ifndef BENCHMARK_C_OUTPUT_H
#define BENCHMARK_C_OUTPUT_H

#include "bench/harness/outfile.h"
#include "bench/harness/reporter.h"

struct output {
    struct benchmark_runner *runner;
    struct context context;
    struct reporter display, file;
    struct rows display_rows, file_rows; /* kept by reporters that need all of them */
    struct outfile target;
    bool has_file;
    bool pending;                  /* rows the file on disk does not have */
    double last_flush, flush_cost; /* when it ended, and how long it took */
    int status;                    /* of the program: 1 once something could not be written */
    bool lost; /* nobody gets the rows: no file, and a display that cannot be written to */
    bool error_rows;
};

/* -errno, said on stderr, when the file cannot be written. */
int bm_output_open(struct output *output, struct benchmark_runner *runner,
                   const struct instances *instances);
/* The context, before the first case. */
void bm_output_begin(struct output *output);
int bm_output_rows(struct output *output, const struct rows *rows,
                   const struct benchmark_family *family);
/* Writes the file if rows wait and writing is cheap against the time since the last: called between
 * passes, so that finished rows do not wait for a long case to end. */
void bm_output_tick(struct output *output);
void bm_output_end(struct output *output);
void bm_output_free(struct output *output);

#endif
