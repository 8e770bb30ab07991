/* SPDX-License-Identifier: Apache-2.0 */
/* A survey as a table for people, and how it compares with the one before. */
#ifndef ATTN_SURVEY_SHOW_H
#define ATTN_SURVEY_SHOW_H

#include "bench/cases/survey.h"

#include <stdio.h>

/* Two surveys agree when every ceiling is within this of the other. */
static const double ATTN_SURVEY_AGREES = 0.10;

void attn_survey_show(FILE *out, const struct attn_survey *survey);

/*
 * Says whether the ceilings of `before` (keys of a survey, `age` seconds old) were met again, and
 * if not, which were not and what disturbed the machine. `during` are the env.* keys of this run.
 */
void attn_survey_compare(FILE *out, const struct attn_survey *survey,
                         const struct machine_context *before, uint64_t age,
                         const struct machine_context *during);

#endif
