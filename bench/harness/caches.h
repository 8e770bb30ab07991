/* SPDX-License-Identifier: Apache-2.0 */
/* Emptying the caches between calls, for --benchmark_cache_mode=cold. */
#ifndef BENCHMARK_C_CACHES_H
#define BENCHMARK_C_CACHES_H

#include <stddef.h>

/* The buffer that is walked: twice the largest cache. 0 or -ENOMEM; sets nothing twice. */
int bm_evictor_init(size_t largest_cache_bytes);
void bm_evictor_free(void);
/* The hook's default. */
void bm_evict(void *user);

#endif
