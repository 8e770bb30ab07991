/* SPDX-License-Identifier: Apache-2.0 */
/* Where a converted checkpoint and its card go. */
#ifndef ANA_CHECKPOINT_TARGET_H
#define ANA_CHECKPOINT_TARGET_H

#include <stddef.h>

#include "analysis/checkpoint/convert.h"

/*
 * Converts into the file `out` (of a sharded checkpoint: the folder, made if it is not there) and
 * rewrites the card at `card` beside it, "" for none, with copies of what else the model needs
 * (companion.h). `written` becomes the path of the new card, or "". All files appear or, with
 * -errno and a sentence, none.
 */
int ana_target_write(const struct ana_conversion *conversion, const char *out, const char *card,
                     char *written, size_t size, struct ana_fault *fault);

#endif
