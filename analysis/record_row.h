/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object of "benchmarks" as a struct ana_row. Apart from the file's walk, because which keys
 * a row may have is a matter of its own and the only thing that grows here.
 */
#ifndef ANA_RECORD_ROW_H
#define ANA_RECORD_ROW_H

#include <jansson.h>

#include "analysis/arena.h"
#include "analysis/record.h"

/*
 * Fills *row from an object whose integers were decoded as reals. `before` is the row before it
 * or NULL: repetitions of a case share its parsed name. 0, -ENOMEM, or -EINVAL if it has no name.
 */
int ana_row_read(struct ana_arena *arena, const json_t *object, const struct ana_row *before,
                 struct ana_row *row);

#endif
