/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAPI: presets (PAPI_TOT_INS), native names of this CPU ("amd64_fam19h_zen3::...") and raw ones
 * ("perf_raw::r01c0"). What its tables and queries say of an event is not what the kernel says;
 * only adding it asks the kernel, and only counting proves it. Each thread has an event set of its
 * own, made, started, stopped and destroyed on that thread: PAPI's inheritance does not reach
 * threads that run already, and a team's do. Nothing is multiplexed.
 */
#include "bench/machine/counters/papi_names.h"
#include "bench/machine/counters/perf_open.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <papi.h>
#include <unistd.h>

static unsigned long thread_id(void)
{
    return (unsigned long)gettid();
}

/* The component that counts for threads is off as a whole under some settings of the kernel. The
 * library is never shut down: started once more, PAPI 7.0 may die of what the first time left. */
static enum counter_state begin(const char *root, struct counter_trouble *trouble)
{
    const int version = PAPI_library_init(PAPI_VER_CURRENT);
    if (version != PAPI_VER_CURRENT)
        return counter_trouble_set(trouble, COUNTER_OFF,
                                   version > 0 ? "the installed PAPI is not the one built against"
                                               : "PAPI does not start: %s",
                                   PAPI_strerror(version));
    PAPI_thread_init(thread_id);
    const int index = papi_of_threads();
    const PAPI_component_info_t *const info = index < 0 ? NULL : PAPI_get_component_info(index);
    if (!info)
        return counter_trouble_set(trouble, COUNTER_OFF, "this PAPI lacks its part perf_event");
    if (!info->disabled || info->disabled == PAPI_EDELAY_INIT)
        return COUNTER_OK;
    const int paranoid = perf_paranoid(root);
    return counter_trouble_set(trouble, COUNTER_OFF, "PAPI: %.200s%s", info->disabled_reason,
                               paranoid > 2 && paranoid < 100
                                   ? "; sudo sysctl kernel.perf_event_paranoid=2 turns it on"
                                   : "");
}

static enum counter_state explain(int error, const char *what, struct counter_trouble *trouble)
{
    static const struct perf_request harmless[] = {
        {.type = PERF_TYPE_SOFTWARE, .config = {PERF_COUNT_SW_TASK_CLOCK}, .cpu = -1},
        {.type = PERF_TYPE_HARDWARE, .config = {PERF_COUNT_HW_CPU_CYCLES}, .cpu = -1},
    };
    if (error == PAPI_ECMP_DISABLED)
        return counter_trouble_set(trouble, COUNTER_OFF, "PAPI: its part for %s is switched off",
                                   what);
    if (error == PAPI_ENOEVNT)
        return perf_explain("", -ENOENT, harmless, trouble);
    if (error == PAPI_EPERM)
        return perf_explain("", -EPERM, harmless, trouble);
    /* PAPI keeps the system's own reason to itself; the most harmless events have the same one. */
    for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
        const int fd = perf_open(&harmless[i]);
        if (fd < 0)
            return perf_explain("", fd, &harmless[i], trouble);
        close(fd);
    }
    return counter_trouble_set(trouble, COUNTER_BROKEN, "%s: PAPI: %s", what, PAPI_strerror(error));
}

/* The first thread is PAPI's own; the others come and go with their teams. */
static void forget_thread(void)
{
    if (gettid() != getpid())
        PAPI_unregister_thread();
}

static void close_set(struct counter_live *live)
{
    int state;
    /* PAPI keeps a set that runs, and lets no other run beside it. */
    if (PAPI_state(live->at.set, &state) == PAPI_OK && (state & PAPI_RUNNING))
        PAPI_stop(live->at.set, NULL);
    PAPI_cleanup_eventset(live->at.set);
    PAPI_destroy_eventset(&live->at.set);
    forget_thread();
    live->n = 0;
}

static enum counter_state open_set(struct counter_live *live, struct counter_trouble *trouble)
{
    int rc = PAPI_register_thread();
    live->at.set = PAPI_NULL;
    if (rc == PAPI_OK)
        rc = PAPI_create_eventset(&live->at.set);
    if (rc != PAPI_OK) {
        const enum counter_state state = explain(rc, "an event set", trouble);
        close_set(live);
        return state;
    }
    for (size_t i = 0; i < live->n; i++) {
        rc = PAPI_add_named_event(live->at.set, live->event[i]->name);
        if (rc != PAPI_OK) {
            const enum counter_state state = explain(rc, live->event[i]->name, trouble);
            close_set(live);
            return state;
        }
    }
    return COUNTER_OK;
}

static enum counter_state start(struct counter_live *live, struct counter_trouble *trouble)
{
    const int rc = PAPI_start(live->at.set);
    return rc == PAPI_OK ? COUNTER_OK : explain(rc, live->event[0]->name, trouble);
}

static enum counter_state stop(struct counter_live *live, int64_t value[COUNTER_SET_MOST],
                               struct counter_trouble *trouble)
{
    long long values[COUNTER_SET_MOST] = {0};
    const int rc = PAPI_stop(live->at.set, values);
    if (rc != PAPI_OK)
        return explain(rc, live->event[0]->name, trouble);
    for (size_t i = 0; i < live->n; i++)
        value[i] = values[i];
    return COUNTER_OK;
}

const struct counter_backend counter_papi = {
    .name = "PAPI",
    .begin = begin,
    .find = papi_find,
    .offer = papi_offer,
    .open = open_set,
    .start = start,
    .stop = stop,
    .close = close_set,
};
