/* SPDX-License-Identifier: Apache-2.0 */
/* See run.h: the part before the first measurement and after the last. */
#include "analysis/regress/run.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/same_code.h"

const char *const reg_presence_name[REG_PRESENCES] = {"both", "base", "head", "same"};

static const struct reg_listed *find(const struct reg_listed *cases, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    return NULL;
}

static char *join(const char *const *words, struct ana_arena *arena)
{
    size_t size = 1;
    for (size_t i = 0; words[i]; i++)
        size += strlen(words[i]) + 1;
    char *const text = ana_arena_alloc(arena, size);
    for (size_t i = 0, n = 0; text && words[i]; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? " " : "", words[i]);
    return text;
}

/* A case of one thread runs where we say, so that both builds run there. */
static int cpu_for(const struct reg_listed *cases, size_t count)
{
    cpu_set_t allowed;
    int last = -1;
    for (size_t i = 0; i < count; i++) {
        const char *const threads = strstr(cases[i].name, "/threads:");
        if (!threads || strtol(threads + strlen("/threads:"), NULL, 10) != 1)
            return -1;
    }
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &allowed))
            last = cpu; /* interrupts prefer the first ones */
    return last;
}

static enum reg_presence presence_of(const struct reg_run *run, const struct reg_listed *base,
                                     const struct reg_listed *head, bool fingerprint)
{
    if (!head)
        return REG_IN_BASE;
    if (!base)
        return REG_IN_HEAD;
    const bool same = run->same_files || (*base->code && strcmp(base->code, head->code) == 0);
    return fingerprint && same ? REG_SAME_CODE : REG_IN_BOTH;
}

static void enter(struct reg_run *run, const char *name, enum reg_presence presence)
{
    struct reg_experiment *const e = &run->experiment;
    run->entries[run->count++] = (struct reg_entry){name, presence, e->count};
    if (presence == REG_IN_BOTH)
        e->subjects[e->count++] = (struct reg_subject){.name = name, .trouble = ""};
}

/* What base can do and head cannot is what a gate is there to find. */
static int blame_head(struct reg_run *run, int status)
{
    run->head_broken = status == -EPIPE || status == -ETIMEDOUT;
    return status;
}

int reg_run_open(struct reg_run *run, struct reg_program *base, struct reg_program *head,
                 const struct reg_run_options *options, struct ana_arena *arena, char *message,
                 size_t size)
{
    struct reg_listed *old, *new;
    size_t olds, news;
    int status;
    *run = (struct reg_run){
        .base = base->path,
        .head = head->path,
        .arguments = join(base->arguments, arena),
        .profile = options->profile,
        .attempt = 1,
        .experiment = {.base = base,
                       .head = head,
                       .plan = options->plan,
                       .arena = arena,
                       .log = {.keep_disturbed = options->keep_disturbed},
                       .progress = options->progress},
    };
    if ((status = reg_program_probe(base, message, size)))
        return status;
    if ((status = reg_program_probe(head, message, size)))
        return blame_head(run, status);
    base->serves = head->serves = run->serves = base->serves && head->serves;
    base->cpu = head->cpu = -1;
    if ((status = reg_program_list(base, arena, &old, &olds, message, size)))
        return status;
    if ((status = reg_program_list(head, arena, &new, &news, message, size)))
        return blame_head(run, status);
    base->cpu = head->cpu = cpu_for(old, olds);
    run->same_files = options->fingerprint && reg_same_code(base->path, head->path);
    run->entries = ana_arena_alloc(arena, (olds + news + 1) * sizeof(*run->entries));
    run->experiment.subjects = ana_arena_alloc(arena, (olds + 1) * sizeof(struct reg_subject));
    if (!run->entries || !run->experiment.subjects || !run->arguments) {
        snprintf(message, size, "not enough memory");
        return -ENOMEM;
    }
    for (size_t i = 0; i < olds; i++)
        enter(run, old[i].name,
              presence_of(run, &old[i], find(new, news, old[i].name), options->fingerprint));
    for (size_t i = 0; i < news; i++)
        if (!find(old, olds, new[i].name))
            enter(run, new[i].name, REG_IN_HEAD);
    return 0;
}

int reg_run_measure(struct reg_run *run)
{
    run->experiment.profile = &run->profile;
    return run->experiment.count ? reg_experiment_run(&run->experiment) : 0;
}

void reg_run_again(struct reg_run *run)
{
    struct reg_experiment *const e = &run->experiment;
    reg_log_free(&e->log);
    for (size_t i = 0; i < e->count; i++)
        e->subjects[i] = (struct reg_subject){.name = e->subjects[i].name, .trouble = ""};
    memset(e->launches, 0, sizeof(e->launches));
    e->looks.first = 0;
    e->short_of_time = false;
    e->plan.seed++;
    run->attempt++;
}

void reg_run_close(struct reg_run *run)
{
    reg_log_free(&run->experiment.log);
}
