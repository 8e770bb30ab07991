/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What published papers measured about the quality of a design's parts. Numbers stand here as they
 * are printed in the papers, with the place; where nobody measured, that is what is said. None of
 * it is a prediction for another model.
 */
#ifndef ANA_EVIDENCE_H
#define ANA_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

/* The parts of a design that papers speak about. */
enum ana_part {
    ANA_PART_GQA = 1 << 0,    /* 1 < G < H */
    ANA_PART_MQA = 1 << 1,    /* G = 1 */
    ANA_PART_WINDOW = 1 << 2, /* some layers see a window */
    ANA_PART_SHARE = 1 << 3,  /* neighbouring layers share a cache */
    ANA_PART_NARROW = 1 << 4, /* fewer than 16 bits an element */
    ANA_PART_DIM = 1 << 5,    /* smaller heads than the model's */
};

struct ana_evidence {
    unsigned parts;     /* it is about any of them */
    const char *source; /* authors, year, arXiv number, table */
    const char *finding;
};

extern const struct ana_evidence ana_evidence[];
extern const size_t ana_evidence_count;

/* "1 3 7": numbers, from 1, of what speaks about any of `parts`; "" for full multi-head attention,
 * which is what the papers compare with. */
void ana_evidence_refs(unsigned parts, char *buf, size_t size);

#endif
