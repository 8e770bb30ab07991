/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word for the code that the cases of a kernel run, equal in two builds exactly if that code is:
 * instructions, constants and what they refer to of the kernel, and of everything else that runs
 * while a case is timed. Computed from the objects when the program is linked, see fingerprint.py.
 */
#ifndef ATTN_FINGERPRINT_H
#define ATTN_FINGERPRINT_H

#include <stddef.h>

#include "kernels/kernel.h"

struct attn_fingerprint {
    const char *symbol; /* of the kernel: attn_split_avx2 */
    const char *code;
};

/* Generated; ends with a NULL symbol. */
extern const struct attn_fingerprint attn_fingerprints[];

/* NULL if it is not known: a kernel from a shared object, a build whose objects cannot be read. */
const char *attn_fingerprint_of(const struct attn_kernel *kernel);

#endif
