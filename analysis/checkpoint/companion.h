/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside a checkpoint and holds for the converted one as it is: the tokenizer and how
 * to sample. Without it the folder does not load.
 */
#ifndef ANA_CHECKPOINT_COMPANION_H
#define ANA_CHECKPOINT_COMPANION_H

#include <stdbool.h>

#include "analysis/checkpoint/output.h"

/*
 * Adds a copy of each of them in folder `from` to `outputs`, for folder `to`; with `replace` also
 * where one of its name stands already. 0 or -errno and a sentence.
 */
int ana_companions_add(const char *from, const char *to, bool replace, struct ana_outputs *outputs,
                       struct ana_fault *fault);

#endif
