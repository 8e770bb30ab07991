/* SPDX-License-Identifier: Apache-2.0 */
/* The timed side of a survey: what one iteration of each kind of reading does. */
#ifndef ATTN_SURVEY_RUN_H
#define ATTN_SURVEY_RUN_H

#include "bench/cases/survey.h"

/* Registers a reading with the survey's runner; `index` orders families. 0 or -errno. */
int attn_survey_register(struct attn_reading *reading, size_t index);

/* What a repetition of it came to, in the unit of its kind; 0 if the row does not say. */
double attn_survey_value(const struct attn_reading *reading, const struct benchmark_row *row);

#endif
