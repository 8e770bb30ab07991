/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which colour means what, the same in every figure. Okabe and Ito's palette, which people with
 * colour-blindness tell apart, its light ones darkened until they stand out on white as WCAG 2.2
 * asks of graphics (3:1, criterion 1.4.11); text takes a shade that is dark enough to be read
 * (4.5:1, criterion 1.4.3).
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
