/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report on result files: DIR/index.html, DIR/summary.csv and DIR/plots, from whatever the files
 * hold. Files of other programs, failed cases and missing figures make a shorter report and not an
 * error.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "analysis/report/figure.h"
#include "analysis/summary.h"

struct rep_request {
    struct ana_result *const *results;
    size_t result_count;
    const struct ana_summary *summary;
    const char *dir;
    const struct rep_plot *plots; /* figures besides the built-in ones */
    size_t plot_count;
};

/* Names of what is written beside plots/. */
extern const char *const rep_report_files[];
extern const size_t rep_report_file_count;

/*
 * 0, or -errno with one sentence in `message`; then DIR is as it was before. *notice is a sentence
 * for people who look at the terminal ("" for none): why there are no pictures, say.
 */
int rep_report_write(const struct rep_request *request, char *notice, char *message, size_t size);

#endif
