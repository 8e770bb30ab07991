/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions the instructions of a case were spent in, from the files of callgrind. */
#ifndef REG_SIM_FUNCTIONS_H
#define REG_SIM_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

struct reg_function {
    char *name;
    uint64_t instructions; /* its own, without what it calls */
};

struct reg_functions {
    struct reg_function *list;
    size_t count;
};

/*
 * Of the case's file in a folder of callgrind files. 0 (reg_functions_free() it), -ENOENT if no
 * file is of this case, -EBADMSG, -ENOMEM.
 */
int reg_functions_read(const char *folder, const char *name, struct reg_functions *functions);
void reg_functions_free(struct reg_functions *functions);

/* "scores +412 k (+38.0%), weigh -3 k (-1.2%)": the largest differences, at most `most`. */
void reg_functions_difference(const struct reg_functions *base, const struct reg_functions *head,
                              size_t most, char *text, size_t size);

#endif
