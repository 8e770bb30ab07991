/* SPDX-License-Identifier: Apache-2.0 */
/* Commits between two, as git tells them. */
#ifndef REG_HISTORY_COMMITS_H
#define REG_HISTORY_COMMITS_H

#include <stddef.h>

struct reg_commits {
    char **list; /* the good one, then those after it up to the bad one, by first parents */
    size_t count;
};

/* 0 (reg_commits_free() it), or -errno and a sentence: -EINVAL if bad does not come after good. */
int reg_commits_between(const char *repository, const char *good, const char *bad,
                        struct reg_commits *commits, char *message, size_t size);
void reg_commits_free(struct reg_commits *commits);

#endif
