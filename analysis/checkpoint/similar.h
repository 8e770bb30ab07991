/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How alike the KV heads of a layer are. What averaging costs is what heads do not have in common:
 * the cosine of two heads' weights says how much that is for a pair, and `lost` what share of the
 * squared weights is gone once neighbouring heads have been averaged into groups.
 */
#ifndef ANA_CHECKPOINT_SIMILAR_H
#define ANA_CHECKPOINT_SIMILAR_H

#include "analysis/checkpoint/layers.h"

struct ana_likeness {
    uint32_t heads;
    double *cosines;     /* [heads][heads] */
    double lowest, mean; /* over pairs; NAN with one head */
    double lost;         /* NAN without groups */
};

/* Of the heads of one projection, pooled into `groups` (0: not). 0 or -errno and a sentence. */
int ana_likeness(const struct ana_projection *projection, uint32_t heads, uint32_t groups,
                 struct ana_likeness *likeness, struct ana_fault *fault);
void ana_likeness_free(struct ana_likeness *likeness);

/*
 * Sets of heads of which any two reach `alike` in both K and V, as "0-3 5,7"; "none" if there is
 * no such pair. Each head is put into the first set it fits.
 */
void ana_likeness_sets(const struct ana_likeness *k, const struct ana_likeness *v, double alike,
                       char *text, size_t size);

#endif
