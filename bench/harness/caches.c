/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cold caches: walking a buffer of twice the largest cache leaves nothing else in any level. The
 * lines are written, because a cache may keep what was only read out of its way. One buffer serves
 * all threads; what they write does not matter.
 */
#include "bench/harness/caches.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LINE_BYTES = 64 };

static _Atomic unsigned char *buffer;
static size_t buffer_bytes;

int bm_evictor_init(size_t largest_cache_bytes)
{
    if (buffer)
        return 0;
    buffer_bytes = 2 * (largest_cache_bytes ? largest_cache_bytes : (size_t)32 << 20);
    buffer = calloc(buffer_bytes, 1);
    return buffer ? 0 : -ENOMEM;
}

void bm_evictor_free(void)
{
    free((void *)buffer);
    buffer = NULL;
}

void bm_evict(void *user)
{
    (void)user;
    for (size_t i = 0; buffer && i < buffer_bytes; i += LINE_BYTES)
        atomic_store_explicit(&buffer[i], (unsigned char)i, memory_order_relaxed);
}
