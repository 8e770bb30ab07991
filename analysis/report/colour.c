/* SPDX-License-Identifier: Apache-2.0 */
/* The palette; see colour.h for why it is this one. */
#include "analysis/report/colour.h"

static const struct rep_colour palette[] = {
    {0x0072b2, 0x005a8c}, /* blue */
    {0xd55e00, 0xa84a00}, /* vermilion */
    {0x009e73, 0x00704f}, /* green */
    {0xcc79a7, 0x9c4474}, /* purple */
    {0xc27c00, 0x8a5f00}, /* orange */
    {0x3a94cf, 0x1f6f9f}, /* sky */
    {0x24292f, 0x24292f}, /* ink */
    {0x6e7781, 0x57606a}, /* grey, for what is left */
};

/* From warm to cool as the cache shrinks. */
static struct rep_colour of_attention(const struct rep_point *point)
{
    const unsigned heads = point->name->problem.heads, kv_heads = point->name->problem.kv_heads;
    if (heads == kv_heads)
        return palette[1];
    if (kv_heads == 1)
        return palette[3];
    return kv_heads >= 16  ? palette[4]
           : kv_heads >= 8 ? palette[2]
           : kv_heads >= 4 ? palette[5]
                           : palette[0];
}

static unsigned mix(unsigned a, unsigned b, double t)
{
    unsigned out = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        const double x = (a >> shift) & 255, y = (b >> shift) & 255;
        out |= (unsigned)(x + (y - x) * t + 0.5) << shift;
    }
    return out;
}

struct rep_colour rep_colour(enum rep_by by, const struct rep_point *point, size_t index,
                             size_t count)
{
    if (by == REP_BY_ATTENTION)
        return of_attention(point);
    if (by == REP_BY_CONTEXT || by == REP_BY_BATCH || by == REP_BY_THREADS) {
        const double t = count > 1 ? (double)index / (double)(count - 1) : 1;
        return (struct rep_colour){mix(0x4f96c2, 0x08306b, t), mix(0x38789f, 0x08306b, t)};
    }
    const size_t n = sizeof(palette) / sizeof(*palette);
    return palette[index < n ? index : n - 1];
}
