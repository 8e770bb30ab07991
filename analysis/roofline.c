/* SPDX-License-Identifier: Apache-2.0 */
/* See roofline.h. Bytes and flops a row does not carry follow from its name. */
#include "analysis/roofline.h"

#include <errno.h>
#include <math.h>

static double or_else(double value, uint64_t otherwise)
{
    return isnan(value) ? (double)otherwise : value;
}

int ana_roofline(const struct ana_summary *summary, const struct ana_case *c, struct ana_roof *roof)
{
    if (!c->row->attn || !(c->real_ns > 0))
        return -ENODATA;
    const struct attn_problem *const p = &c->row->attn->problem;
    const double bytes = or_else(ana_case_figure(summary, c, "bytes"), attn_bytes(p));
    const double flops = or_else(ana_case_figure(summary, c, "flops"), attn_flops(p));
    const double read_ns = ana_case_figure(summary, c, "ceiling_read_ns");
    const double fma_ns = ana_case_figure(summary, c, "ceiling_fma_ns");
    *roof = (struct ana_roof){
        .intensity = flops / bytes,
        .bytes_per_second = bytes / c->real_ns * 1e9,
        .flops_per_second = flops / c->real_ns * 1e9,
        .read_roof = read_ns > 0 ? bytes / read_ns * 1e9 : NAN,
        .fma_roof = fma_ns > 0 ? flops / fma_ns * 1e9 : NAN,
        .fraction = ana_case_figure(summary, c, "ceiling_fraction"),
    };
    roof->ridge = roof->fma_roof / roof->read_roof;
    roof->compute_bound = roof->intensity > roof->ridge;
    if (isnan(roof->fraction))
        roof->fraction = fmax(read_ns, fma_ns) / c->real_ns;
    return 0;
}
