/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that waits for the one that works. What is loaded there can end it by exit(), or by
 * _exit() past every handler, with a status that says all is well; its parent cannot be ended that
 * way, and tells an end that was meant from one that was not. Nor does it lose its clock to what
 * ignores alarms or stops the process.
 */
#ifndef ATTN_WATCHER_H
#define ATTN_WATCHER_H

#include "bench/cases/message.h"

/*
 * Returns in the process that is to work. The one that called it waits and never returns: it passes
 * signals on, says it when the other ended without attn_watcher_leave() or attn_watcher_said(),
 * or had to be killed because its time was up, kills what processes that one has left behind, and
 * ends as it did, but never with status 0 that was not meant. To be called once, before there are
 * threads. 0 or -errno with a sentence.
 */
int attn_watcher_open(struct attn_message *why);

/*
 * Who is about to be called and where, "x.so", "in a/case"; how long it may take, as said, and
 * when the other process ends itself for that, in whole seconds (0 for never): it is killed a
 * moment later. And that it has returned.
 */
void attn_watcher_call(const char *who, const char *where, double seconds, unsigned limit);
void attn_watcher_rest(void);

/* For a handler of alarms: there is progress, the time starts again; and what is left of it, in
 * which time that the program was stopped for does not count. */
void attn_watcher_renew(unsigned limit);
unsigned attn_watcher_time_left(void);

/* For a handler that ends the process: nobody else need say why. */
void attn_watcher_said(void);

/* Ends both processes with this status. */
_Noreturn void attn_watcher_leave(int status);

#endif
