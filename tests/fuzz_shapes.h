/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz targets of the readers of shapes, in the form libFuzzer calls. */
#ifndef ATTN_FUZZ_SHAPES_H
#define ATTN_FUZZ_SHAPES_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
