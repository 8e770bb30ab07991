/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz target of names, layouts and kernels, in the form libFuzzer calls. */
#ifndef ATTN_FUZZ_NAME_H
#define ATTN_FUZZ_NAME_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
