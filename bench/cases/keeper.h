/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that runs code of somebody else in processes of their own. It is forked while the
 * program still has one thread and has loaded nothing, and forks again for each question: whatever
 * is done there (crash, loop for ever, exit, scribble) costs an answer and nothing else, and a
 * library with threads of its own starts afresh each time instead of being copied without them.
 */
#ifndef ATTN_KEEPER_H
#define ATTN_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/cases/message.h"
#include "kernels/name.h"

struct attn_keeper {
    int socket;
    pid_t pid; /* 0: none */
};

enum attn_task {
    ATTN_TASK_OPEN,    /* load it and judge what it exports */
    ATTN_TASK_CLOSE,   /* load it and unload it again */
    ATTN_TASK_SUPPORT, /* ask a kernel about a problem */
    ATTN_TASK_TRIAL,   /* one call on guarded memory, see trial.h */
};

struct attn_question {
    enum attn_task task;
    uint32_t kernel; /* of the library */
    struct attn_name name;
    uint64_t seed;
    double seconds; /* until it counts as one that never returns */
    char path[4096];
};

struct attn_answer {
    int error; /* 0: all is well; else -errno, and why.text says what is not */
    struct attn_message why;
};

/* 0 or -errno with a sentence. */
int attn_keeper_open(struct attn_keeper *keeper, struct attn_message *why);
void attn_keeper_close(struct attn_keeper *keeper);

/* Always an answer. One that did not come (a crash, an exit, no end) is -ECHILD or -ETIME. */
void attn_keeper_ask(const struct attn_keeper *keeper, const struct attn_question *question,
                     struct attn_answer *answer);

/*
 * For tasks, in the process that runs them: a fault between `begin` and `end` is explained by
 * `sentence`, which has to live on. At most a few regions; later ones are ignored.
 */
void attn_keeper_guard(const void *begin, const void *end, const char *sentence);

/* The tasks themselves; see trial.c. */
void attn_keeper_run(const struct attn_question *question, struct attn_answer *answer);

#endif
