/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the loops run is decided at run time; the loops stand in read_loop_tmpl.c. */
#include "bench/machine/read_loop.h"

#include "bench/machine/build.h"
#include "kernels/cpu.h"

const struct read_loops *read_loops_best(void)
{
#if MACHINE_HAVE_AVX2
    const uint64_t features = attn_cpu_features();
    if (features & ATTN_CPU_AVX512)
        return &read_loops_avx512;
    if (features & ATTN_CPU_AVX2)
        return &read_loops_avx2;
#endif
    return &read_loops_any;
}
