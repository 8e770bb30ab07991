/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine made of files: somebody else's /proc and /sys below a temporary directory.
 */
#ifndef ATTN_TREE_H
#define ATTN_TREE_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_MAX = 512 };

static inline void tree_fail(const char *what)
{
    perror(what);
    exit(1);
}

/* A new empty directory; its path goes to root. */
static inline void tree_make(char root[TREE_MAX])
{
    const char *const tmp = getenv("TMPDIR");
    snprintf(root, TREE_MAX, "%.400s/attn-tree-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        tree_fail(root);
}

/* Writes root + path, which begins with a slash, and the directories it needs. */
static inline void tree_write(const char *root, const char *path, const char *text)
{
    char full[PATH_MAX];
    snprintf(full, sizeof(full), "%s%s", root, path);
    for (size_t i = strlen(root) + 1; full[i]; i++) {
        if (full[i] == '/') {
            full[i] = '\0';
            mkdir(full, 0777);
            full[i] = '/';
        }
    }
    FILE *const f = fopen(full, "w");
    if (!f || fputs(text, f) == EOF || fclose(f))
        tree_fail(full);
}

static inline int tree_remove_entry(const char *path, const struct stat *st, int type,
                                    struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void tree_remove(const char *root)
{
    nftw(root, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
