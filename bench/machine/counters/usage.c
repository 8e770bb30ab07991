/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page faults and context switches as getrusage() tells them: one system call that needs no
 * privilege and works in every container. PAPI answers 0 to a question for context switches in user
 * mode, where none happen, so they are always asked here.
 */
#include "bench/machine/counters/usage.h"

#include "bench/machine/counters/backend.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t first, second; /* members of struct rusage; equal: only one */
} fields[] = {
    {"page-faults", offsetof(struct rusage, ru_minflt), offsetof(struct rusage, ru_majflt)},
    {"minor-faults", offsetof(struct rusage, ru_minflt), offsetof(struct rusage, ru_minflt)},
    {"major-faults", offsetof(struct rusage, ru_majflt), offsetof(struct rusage, ru_majflt)},
    {"context-switches", offsetof(struct rusage, ru_nvcsw), offsetof(struct rusage, ru_nivcsw)},
};
enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static bool find(const char *root, struct counter_event *event)
{
    (void)root;
    const char *const name = event->name + (strncmp(event->name, "perf::", 6) == 0 ? 6 : 0);
    for (int i = 0; i < FIELDS; i++) {
        if (strcasecmp(name, fields[i].name) != 0)
            continue;
        event->code = i;
        return true;
    }
    return false;
}

static void offer(const char *root, struct ana_nearest *near)
{
    (void)root;
    for (int i = 0; i < FIELDS; i++)
        ana_nearest_offer(near, fields[i].name);
}

static enum counter_state open_usage(struct counter_live *live, struct counter_trouble *trouble)
{
    (void)live;
    (void)trouble;
    return COUNTER_OK;
}

static enum counter_state read_usage(struct rusage *usage, struct counter_trouble *trouble)
{
    return getrusage(RUSAGE_THREAD, usage)
               ? counter_trouble_set(trouble, COUNTER_BROKEN, "getrusage: %s", strerror(errno))
               : COUNTER_OK;
}

static enum counter_state start(struct counter_live *live, struct counter_trouble *trouble)
{
    return read_usage(&live->at.usage, trouble);
}

static int64_t field(const struct rusage *usage, int index)
{
    long first, second;
    memcpy(&first, (const char *)usage + fields[index].first, sizeof(first));
    memcpy(&second, (const char *)usage + fields[index].second, sizeof(second));
    return fields[index].first == fields[index].second ? first : (int64_t)first + second;
}

static enum counter_state stop(struct counter_live *live, int64_t value[COUNTER_SET_MOST],
                               struct counter_trouble *trouble)
{
    struct rusage now;
    const enum counter_state state = read_usage(&now, trouble);
    for (size_t i = 0; !state && i < live->n; i++)
        value[i] = field(&now, live->event[i]->code) - field(&live->at.usage, live->event[i]->code);
    return state;
}

static void close_usage(struct counter_live *live)
{
    live->n = 0;
}

const struct counter_backend counter_usage = {
    .name = "getrusage",
    .find = find,
    .offer = offer,
    .open = open_usage,
    .start = start,
    .stop = stop,
    .close = close_usage,
};

struct usage usage_read(void)
{
    struct rusage u = {.ru_minflt = 0};
    getrusage(RUSAGE_SELF, &u);
    return (struct usage){
        .page_faults = (int64_t)u.ru_minflt + u.ru_majflt,
        .context_switches = (int64_t)u.ru_nvcsw + u.ru_nivcsw,
    };
}
