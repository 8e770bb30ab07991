/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a word of an option may be. Each check returns 0, or -EINVAL with a sentence that says
 * which words there are and which of them was probably meant.
 */
#ifndef ATTN_WORDS_H
#define ATTN_WORDS_H

#include "bench/cases/message.h"

/* One of a NULL-terminated table. */
int attn_check_word(const char *const *words, const char *item, struct attn_message *why);

int attn_check_phase(const char *item, struct attn_message *why);
int attn_check_type(const char *item, struct attn_message *why);
int attn_check_kv_type(const char *item, struct attn_message *why); /* "f16" or "f16+i8" */
int attn_check_layout(const char *item, struct attn_message *why);
int attn_check_real(const char *item, struct attn_message *why);  /* 0 or more */
int attn_check_scale(const char *item, struct attn_message *why); /* "auto" or above 0 */
int attn_check_kernel(const char *item, struct attn_message *why);
int attn_check_tile(const char *item, struct attn_message *why);
int attn_check_prefetch(const char *item, struct attn_message *why);
int attn_check_pages(const char *item, struct attn_message *why);
int attn_check_cpu_feature(const char *item, struct attn_message *why);

/*
 * Rungs that are compiled only where a library was found. Absent, they are words all the same: a
 * suite names them on every machine, and their cases say what is missing. NULL if `rung` is not
 * such a one or is in this build.
 */
const char *attn_kernel_absent(const char *rung);

#endif
