/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which colour means what, the same in every figure. Okabe and Ito's palette, which people with
 * colour-blindness tell apart; text takes a darker shade of it, since several of the eight are too
 * light to be read on white.
 */
#ifndef REPORT_COLOUR_H
#define REPORT_COLOUR_H

#include "analysis/report/query.h"

struct rep_colour {
    unsigned mark, ink; /* 0xrrggbb for lines and points, and for text */
};

/* The colour of series `index` of `count`; `point` is one of its points. Attention kinds keep
 * theirs whatever else is in the figure; contexts and the like are steps of one blue. */
struct rep_colour rep_colour(enum rep_by by, const struct rep_point *point, size_t index,
                             size_t count);

#endif
