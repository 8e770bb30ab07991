/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object with kernels: opened, and every claim of it that can be judged without calling
 * anything judged. Opening runs the constructors of somebody else, so it is done for the first
 * time in a process that may crash (keeper.h).
 */
#ifndef ATTN_LIBRARY_H
#define ATTN_LIBRARY_H

#include "bench/cases/message.h"
#include "kernels/kernel.h"

enum { ATTN_LIBRARY_KERNELS = 16 };

struct attn_library {
    void *handle;
    size_t n;
    size_t args_size; /* of its header */
    /* Copies as large as ours: what an older header did not have is zero. */
    struct attn_kernel kernel[ATTN_LIBRARY_KERNELS];
};

/* 0, or -ENOENT / -EINVAL with a sentence. */
int attn_library_open(struct attn_library *library, const char *path, struct attn_message *why);

/* NULL, or as a sentence what of this problem its header had no word for, so that its kernels would
 * pass over it. */
const char *attn_library_unaware(const struct attn_library *library, const struct attn_problem *p);

/* Runs its destructors; only for finding out whether it survives that. */
void attn_library_close(struct attn_library *library);

#endif
