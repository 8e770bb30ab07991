/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as Markdown: the headline, what it rests on, what each figure says, the fastest kernel
 * of each shape, warnings and errors. For a pull request or a chat, where pictures do not go.
 */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include "analysis/report/report.h"

/* `request->dir` is not used. 0, -ENOMEM, or -errno of the stream. */
int rep_markdown_write(const struct rep_request *request, FILE *out);

#endif
