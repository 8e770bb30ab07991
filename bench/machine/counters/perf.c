/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events without PAPI: the generic ones every kernel names, raw codes (r01c0) and events of a PMU
 * in the notation of perf (cpu/event=0xc0/). It steps in where PAPI was not built, or where PAPI
 * refuses although the kernel would not. Only what a thread does in user mode is counted, unless it
 * happens nowhere else: that is what an unprivileged process is allowed, and the same everywhere.
 */
#include "bench/machine/counters/backend.h"
#include "bench/machine/counters/perf_open.h"
#include "bench/machine/counters/pmu.h"

#include <ctype.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CGROUP_SWITCHES = 11 }; /* PERF_COUNT_SW_CGROUP_SWITCHES, of headers from Linux 5.13 on */

/* Names as perf spells them; PAPI's and libpfm's ("perf::PAGE-FAULTS") lead here as well. Context
 * switches are missing on purpose: getrusage() tells them without a privilege. */
static const struct generic {
    const char *name, *alias;
    uint32_t type;
    uint64_t config;
    enum counter_meaning meaning;
    bool kernel; /* happens in kernel mode alone, and would read 0 in user mode */
} generics[] = {
    {"instructions", "PAPI_TOT_INS", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS,
     COUNTER_INSTRUCTIONS},
    {"cycles", "PAPI_TOT_CYC", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, COUNTER_CYCLES},
    {"ref-cycles", "PAPI_REF_CYC", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES, COUNTER_PLAIN},
    {"cache-references", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, COUNTER_PLAIN},
    {"cache-misses", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, COUNTER_PLAIN},
    {"branches", "PAPI_BR_INS", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
     COUNTER_PLAIN},
    {"branch-misses", "PAPI_BR_MSP", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES,
     COUNTER_PLAIN},
    {"stalled-cycles-frontend", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
     COUNTER_PLAIN},
    {"stalled-cycles-backend", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND,
     COUNTER_PLAIN},
    {"page-faults", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, COUNTER_PLAIN},
    {"minor-faults", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, COUNTER_PLAIN},
    {"major-faults", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, COUNTER_PLAIN},
    {"task-clock", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, COUNTER_PLAIN},
    {"cpu-clock", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, COUNTER_PLAIN},
    {"cpu-migrations", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, COUNTER_PLAIN, true},
    {"cgroup-switches", NULL, PERF_TYPE_SOFTWARE, CGROUP_SWITCHES, COUNTER_PLAIN, true},
};
enum { GENERICS = sizeof(generics) / sizeof(*generics) };

static bool same(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b) &&
            !(strchr("-_", *a) && strchr("-_", *b)))
            return false;
    return *a == *b;
}

static bool find_generic(struct counter_event *event)
{
    const char *const name = event->name + (strncmp(event->name, "perf::", 6) == 0 ? 6 : 0);
    for (size_t i = 0; i < GENERICS; i++) {
        const struct generic *const g = &generics[i];
        if (!same(name, g->name) && !(g->alias && strcmp(name, g->alias) == 0))
            continue;
        event->type = g->type;
        event->config[0] = g->config;
        event->meaning = g->meaning;
        event->kernel = g->kernel;
        event->hardware = g->type == PERF_TYPE_HARDWARE;
        return true;
    }
    return false;
}

/* "r01c0": the code of the core's own event select register. */
static bool find_raw(struct counter_event *event)
{
    const char *const digits = event->name + 1;
    const size_t length = strspn(digits, "0123456789abcdefABCDEF");
    if (event->name[0] != 'r' || !length || digits[length] || length > 16)
        return false;
    event->type = PERF_TYPE_RAW;
    event->config[0] = strtoull(digits, NULL, 16);
    event->hardware = true;
    return true;
}

/* The nearest name so far; names are the caller's only for a moment. */
struct near_name {
    struct ana_nearest near;
    char best[PMU_NAME];
};

static int offer_name(void *user, const char *name)
{
    struct near_name *const n = user;
    ana_nearest_offer(&n->near, name);
    if (n->near.best == name) {
        snprintf(n->best, sizeof(n->best), "%s", name);
        n->near.best = n->best;
    }
    return 0;
}

/* A PMU that is not there, or an event it does not have: absent, since another machine may have it,
 * and with the nearest name, since it may be misspelt. */
static void refuse_of_pmu(const char *root, const struct pmu *pmu, const char *word,
                          const char *why, struct counter_trouble *trouble)
{
    struct near_name near = {.near = {.word = word}};
    if (!pmu)
        pmu_all(root, offer_name, &near);
    else
        pmu_events(root, pmu->name, offer_name, &near);
    const char *const best = ana_nearest_best(&near.near);
    counter_trouble_set(trouble, COUNTER_ABSENT, "%s%s%s%s", why, best ? "; did you mean " : "",
                        best ? best : "", best ? "?" : "");
}

/* "cpu/event=0xc0,umask=1/", "msr/tsc/" */
static bool find_of_pmu(const char *root, struct counter_event *event)
{
    char name[PMU_NAME], terms[COUNTER_NAME], why[PMU_WHY];
    struct pmu pmu;
    struct pmu_event code;
    const char *const slash = strchr(event->name, '/');
    const size_t length = strlen(event->name);
    if (!slash || slash == event->name || event->name[length - 1] != '/' ||
        slash == event->name + length - 1 || (size_t)(slash - event->name) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(slash - event->name), event->name);
    snprintf(terms, sizeof(terms), "%.*s", (int)(event->name + length - 2 - slash), slash + 1);
    const int missing = pmu_read(root, name, &pmu, why);
    int error = missing ? missing : pmu_named(root, &pmu, terms, &code, why);
    if (!missing && error == -ENOENT)
        error = pmu_encode(&pmu, terms, &code, why);
    if (error) {
        if (error == -EACCES || error == -EPERM)
            counter_trouble_set(&event->trouble, COUNTER_FORBIDDEN, "%s", why);
        else
            refuse_of_pmu(root, missing ? NULL : &pmu, missing ? name : terms, why,
                          &event->trouble);
        return true;
    }
    if (pmu.cpus) {
        counter_trouble_set(&event->trouble, COUNTER_ABSENT,
                            "%s counts for a whole CPU package and not for a thread; byte_sources "
                            "says whether it measures memory traffic here",
                            pmu.name);
        return true;
    }
    event->type = pmu.type;
    memcpy(event->config, code.config, sizeof(event->config));
    event->hardware = true;
    return true;
}

static bool find(const char *root, struct counter_event *event)
{
    return find_generic(event) || find_raw(event) || find_of_pmu(root, event);
}

static void offer(const char *root, struct ana_nearest *near)
{
    (void)root;
    for (size_t i = 0; i < GENERICS; i++)
        ana_nearest_offer(near, generics[i].name);
}

static void close_all(struct counter_live *live)
{
    for (size_t i = 0; i < live->n; i++)
        if (live->at.fd[i] >= 0)
            close(live->at.fd[i]);
    live->n = 0;
}

static enum counter_state open_all(struct counter_live *live, struct counter_trouble *trouble)
{
    for (size_t i = 0; i < live->n; i++)
        live->at.fd[i] = -1;
    for (size_t i = 0; i < live->n; i++) {
        const struct counter_event *const e = live->event[i];
        struct perf_request request = {.type = e->type, .cpu = -1, .kernel = e->kernel};
        memcpy(request.config, e->config, sizeof(request.config));
        live->at.fd[i] = perf_open(&request);
        if (live->at.fd[i] < 0) {
            const int error = live->at.fd[i];
            close_all(live);
            return perf_explain("", error, &request, trouble);
        }
    }
    return COUNTER_OK;
}

static enum counter_state start_all(struct counter_live *live, struct counter_trouble *trouble)
{
    for (size_t i = 0; i < live->n; i++) {
        const int error = perf_start(live->at.fd[i], &live->at.missed[i]);
        if (error)
            return counter_trouble_set(trouble, COUNTER_BROKEN, "%s cannot be started: %s",
                                       live->event[i]->name, strerror(-error));
    }
    return COUNTER_OK;
}

static enum counter_state stop_all(struct counter_live *live, int64_t value[COUNTER_SET_MOST],
                                   struct counter_trouble *trouble)
{
    int first = 0;
    for (size_t i = 0; i < live->n; i++) {
        const int error = perf_stop(live->at.fd[i], live->at.missed[i], &value[i]);
        if (error == -ERANGE && !first)
            counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE,
                                "%s had to share its counter and was counted part of the time",
                                live->event[i]->name);
        else if (error && !first)
            counter_trouble_set(trouble, COUNTER_BROKEN, "%s cannot be read: %s",
                                live->event[i]->name, strerror(-error));
        first = first ? first : error;
    }
    return first ? trouble->state : COUNTER_OK;
}

const struct counter_backend counter_perf = {
    .name = "perf_event_open",
    .find = find,
    .offer = offer,
    .open = open_all,
    .start = start_all,
    .stop = stop_all,
    .close = close_all,
};
