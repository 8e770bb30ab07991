/* SPDX-License-Identifier: Apache-2.0 */
/* See similar.h. */
#include "analysis/checkpoint/similar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* In eight sums, which a compiler may keep in one register without being told to reorder. */
static double dot(const float *a, const float *b, uint64_t count)
{
    enum { LANES = 8, BLOCK = 4096 };
    double total = 0;
    while (count) {
        const uint64_t n = count < BLOCK ? count : BLOCK;
        float sum[LANES] = {0};
        uint64_t i = 0;
        for (; i + LANES <= n; i += LANES)
            for (int l = 0; l < LANES; l++)
                sum[l] += a[i + (uint64_t)l] * b[i + (uint64_t)l];
        for (; i < n; i++)
            sum[0] += a[i] * b[i];
        for (int l = 0; l < LANES; l++)
            total += (double)sum[l];
        a += n;
        b += n;
        count -= n;
    }
    return total;
}

static double lost_to(const double *gram, uint32_t heads, uint32_t groups)
{
    const uint32_t share = heads / groups;
    double kept = 0, all = 0;
    for (uint32_t a = 0; a < heads; a++) {
        all += gram[a * heads + a];
        for (uint32_t b = a - a % share; b < a - a % share + share; b++)
            kept += gram[a * heads + b] / share;
    }
    return all > 0 ? 1 - kept / all : NAN;
}

static void finish(struct ana_likeness *l, uint32_t groups)
{
    const uint32_t heads = l->heads;
    double sum = 0;
    l->lost = groups ? lost_to(l->cosines, heads, groups) : NAN;
    l->lowest = NAN;
    for (uint32_t a = 0; a < heads; a++)
        for (uint32_t b = 0; b < a; b++) {
            const double norms = sqrt(l->cosines[a * heads + a] * l->cosines[b * heads + b]);
            const double cosine = norms > 0 ? l->cosines[a * heads + b] / norms : 0;
            l->cosines[a * heads + b] = l->cosines[b * heads + a] = cosine;
            l->lowest = fmin(l->lowest, cosine);
            sum += cosine;
        }
    for (uint32_t a = 0; a < heads; a++)
        l->cosines[a * heads + a] = 1;
    l->mean = heads > 1 ? sum / (0.5 * heads * (heads - 1)) : NAN;
}

int ana_likeness(const struct ana_projection *projection, uint32_t heads, uint32_t groups,
                 struct ana_likeness *likeness, struct ana_fault *fault)
{
    const uint64_t count = projection->out / heads * projection->in;
    float *const values = malloc(projection->out * projection->in * sizeof(*values));
    *likeness = (struct ana_likeness){.heads = heads};
    likeness->cosines = calloc((size_t)heads * heads, sizeof(*likeness->cosines));
    int status = 0;
    if (!values || !likeness->cosines)
        status = ana_fault(fault, -ENOMEM, "not enough memory for %.80s",
                           projection->weight.tensor->name);
    if (!status)
        status = ana_projection_read(projection, 0, projection->out, values, fault);
    if (status) {
        ana_likeness_free(likeness);
    } else {
        for (uint32_t a = 0; a < heads; a++)
            for (uint32_t b = 0; b <= a; b++)
                likeness->cosines[b * heads + a] = likeness->cosines[a * heads + b] =
                    dot(values + a * count, values + b * count, count);
        finish(likeness, groups);
    }
    free(values);
    return status;
}

void ana_likeness_free(struct ana_likeness *likeness)
{
    free(likeness->cosines);
    *likeness = (struct ana_likeness){0};
}

/* Appends the members of one set, runs of neighbours as "0-3". */
static size_t name_set(const uint32_t *set, uint32_t heads, uint32_t which, char *text, size_t size,
                       size_t at)
{
    const char *between = at ? " " : "";
    for (uint32_t h = 0; h < heads; h++) {
        uint32_t last = h;
        if (set[h] != which)
            continue;
        while (last + 1 < heads && set[last + 1] == which)
            last++;
        if (at < size)
            at += (size_t)snprintf(text + at, size - at, last > h ? "%s%u-%u" : "%s%u", between, h,
                                   last);
        between = ",";
        h = last;
    }
    return at;
}

void ana_likeness_sets(const struct ana_likeness *k, const struct ana_likeness *v, double alike,
                       char *text, size_t size)
{
    const uint32_t heads = k->heads;
    uint32_t *const set = calloc((size_t)heads * 2, sizeof(*set));
    uint32_t *const members = set ? set + heads : NULL;
    size_t at = 0;
    uint32_t sets = 0;
    snprintf(text, size, "none");
    for (uint32_t h = 0; set && h < heads; h++) {
        uint32_t s = 0;
        for (; s < sets; s++) {
            bool fits = true;
            for (uint32_t m = 0; fits && m < h; m++)
                fits = set[m] != s ||
                       fmin(k->cosines[h * heads + m], v->cosines[h * heads + m]) >= alike;
            if (fits)
                break;
        }
        set[h] = s;
        members[s]++;
        sets += s == sets;
    }
    for (uint32_t s = 0; s < sets; s++)
        if (members[s] > 1)
            at = name_set(set, heads, s, text, size, at);
    free(set);
}
