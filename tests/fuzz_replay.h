/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz targets that test_fuzz_replay.c feeds, in the form libFuzzer calls. */
#ifndef ATTN_FUZZ_REPLAY_H
#define ATTN_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
