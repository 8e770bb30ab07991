/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels from shared objects of somebody else, as members of the registry. Nothing of theirs is
 * trusted: loading, questions and the first call of each case are tried in a process that may
 * crash (keeper.h), and when the program itself is brought down its last line says who did it
 * (watcher.h).
 */
#ifndef ATTN_OUTSIDE_H
#define ATTN_OUTSIDE_H

#include "bench/cases/case.h"
#include "bench/machine/context.h"

/*
 * Loads every shared object of a comma-separated list and adds its kernels to the registry. To be
 * called once, before there are threads: it returns in another process than the one that called it,
 * which waits for it. 0 or -errno with a sentence.
 */
int attn_outside_load(const char *list, double seconds, struct attn_message *why);

/* Ends the program with this status, without running the destructors of what was loaded; returns
 * if nothing was. */
void attn_outside_leave(int status);

/* A warning when something was loaded and no case runs it. */
void attn_outside_note_unused(struct machine_context *context, const struct attn_cases *cases);

/* "load": what was loaded, and a warning for what will not survive being unloaded. */
void attn_outside_context(struct machine_context *context);

/* Does a kernel from outside crash or hang when asked about the case? It is not to be asked in the
 * program then. */
bool attn_outside_fails(const struct attn_kernel *kernel, const struct attn_name *name);

/* Of a kernel from outside; others pass. 0 or -errno with a sentence that names the file. */
int attn_outside_try(const struct attn_kernel *kernel, const struct attn_name *name, uint64_t seed,
                     struct attn_message *why);

/*
 * From here on a crash is blamed on this kernel and case, and so is a call that does not return
 * before attn_outside_rest(), or that ends the process. All end the program with a line on stderr
 * and not with status 0. It has the time of so many calls, or of a short answer; or, while a word
 * in memory goes on changing, that of one from each change to the next (the word is looked at as
 * seldom, so a loop of calls is not disturbed).
 */
void attn_outside_watch_size(const struct attn_kernel *kernel, const struct attn_name *name);
void attn_outside_watch(const struct attn_kernel *kernel, const struct attn_name *name,
                        uint64_t calls);
void attn_outside_watch_loop(const struct attn_kernel *kernel, const struct attn_name *name,
                             const uint64_t *word);
void attn_outside_rest(void);

#endif
