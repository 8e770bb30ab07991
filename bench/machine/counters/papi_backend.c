/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAPI: presets (PAPI_TOT_INS), native names of this CPU ("amd64_fam19h_zen3::...") and raw ones
 * ("perf_raw::r01c0"). What its tables and queries say of an event is not what the kernel says;
 * only adding it asks the kernel, and only counting proves it. Each thread has an event set of its
 * own, made, started, stopped and destroyed on that thread: PAPI's inheritance does not reach
 * threads that run already, and a team's do. Nothing is multiplexed.
 */
#include "bench/machine/counters/backend.h"
#include "bench/machine/counters/perf_open.h"
#include "bench/machine/sysfile.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <papi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned long thread_id(void)
{
    return (unsigned long)gettid();
}

/* The component that counts for threads; the others count for packages, devices, networks. */
static int of_threads(void)
{
    return PAPI_get_component_index("perf_event");
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
    const int index = of_threads();
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

/* AMD counts them with a pair of counters, which emulated PMUs get wrong for their neighbours. */
static bool corrupts_its_neighbours(const char *root, const char *name)
{
    char text[16384];
    if (strcmp(name, "PAPI_FP_OPS") && strcmp(name, "PAPI_FP_INS") && strcmp(name, "PAPI_VEC_INS"))
        return false;
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    return strstr(text, "AuthenticAMD") && strstr(text, " hypervisor");
}

/* Is there a PMU of this name? The nearest one stands in *near. */
static bool find_pmu(const char *name, struct ana_nearest *near)
{
    for (int c = 0; c < PAPI_num_components(); c++) {
        const PAPI_component_info_t *const info = PAPI_get_component_info(c);
        for (int p = 0; info && !info->disabled && p < PAPI_PMU_MAX && info->pmu_names[p]; p++) {
            if (strcmp(info->pmu_names[p], name) == 0)
                return true;
            ana_nearest_offer(near, info->pmu_names[p]);
        }
    }
    return false;
}

/* "skx_unc_imc0::UNC_M_CAS_COUNT:RD" on anything but a Skylake-X. */
static bool of_another_cpu(struct counter_event *event)
{
    const char *const colons = strstr(event->name, "::");
    char pmu[COUNTER_NAME];
    struct ana_nearest near = {.word = pmu};
    if (!colons || colons == event->name)
        return false;
    snprintf(pmu, sizeof(pmu), "%.*s", (int)(colons - event->name), event->name);
    if (find_pmu(pmu, &near))
        return false;
    const char *const best = ana_nearest_best(&near);
    counter_trouble_set(&event->trouble, COUNTER_ABSENT,
                        "an event of another CPU: PAPI finds no PMU %s here%s%s%s", pmu,
                        best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
    return true;
}

/* The generic name behind "perf::CYCLES" and "cycles", or NULL for events of one PMU. */
static const char *generic(const char *name)
{
    const char *const bare = strncasecmp(name, "perf::", 6) == 0 ? name + 6 : name;
    return strstr(bare, "::") ? NULL : bare;
}

static bool is_any(const char *name, const char *const *names)
{
    while (name && *names && strcasecmp(name, *names))
        names++;
    return name && *names;
}

static enum counter_meaning meaning_of(const char *name)
{
    static const char *const instructions[] = {"PAPI_TOT_INS", "INSTRUCTIONS",
                                               "PERF_COUNT_HW_INSTRUCTIONS", NULL};
    static const char *const cycles[] = {"PAPI_TOT_CYC", "CYCLES", "CPU-CYCLES",
                                         "PERF_COUNT_HW_CPU_CYCLES", NULL};
    return is_any(generic(name), instructions) ? COUNTER_INSTRUCTIONS
           : is_any(generic(name), cycles)     ? COUNTER_CYCLES
                                               : COUNTER_PLAIN;
}

/* Counted by the kernel and not by a counter of the core. */
static bool of_software(const char *name)
{
    const char *const bare = generic(name);
    return bare && (strcasestr(bare, "faults") || strcasestr(bare, "switches") ||
                    strcasestr(bare, "migrations") || strcasestr(bare, "task-clock") ||
                    strcasestr(bare, "cpu-clock"));
}

/* Asked for in user mode they read 0 without a word. */
static bool of_kernel_mode(const char *name)
{
    return (strcasestr(name, "switches") || strcasestr(name, "migrations")) && !strstr(name, "k=1");
}

static bool find(const char *root, struct counter_event *event)
{
    if (of_kernel_mode(event->name))
        return false;
    if (PAPI_event_name_to_code(event->name, &event->code) != PAPI_OK)
        return of_another_cpu(event);
    event->meaning = meaning_of(event->name);
    event->hardware = !of_software(event->name);
    if ((event->code & PAPI_NATIVE_MASK) && PAPI_get_event_component(event->code) != of_threads())
        counter_trouble_set(&event->trouble, COUNTER_ABSENT,
                            "%s is not counted for a thread; byte_sources says whether memory "
                            "controllers are counted here",
                            event->name);
    else if (corrupts_its_neighbours(root, event->name))
        counter_trouble_set(&event->trouble, COUNTER_IMPLAUSIBLE,
                            "%s falsifies the events counted beside it in virtual machines on AMD",
                            event->name);
    return true;
}

/* Names are PAPI's only for a moment, so the best so far is kept. Those of the cores come without
 * their PMU, which the word asked for may have. */
static void offer_name(struct ana_nearest *near, const char *name)
{
    static char best[COUNTER_NAME + PAPI_MAX_STR_LEN];
    char full[sizeof(best)];
    const char *const colons = strstr(near->word, "::");
    const int pmu = colons && !strstr(name, "::") ? (int)(colons - near->word) + 2 : 0;
    snprintf(full, sizeof(full), "%.*s%s", pmu < COUNTER_NAME ? pmu : 0, near->word, name);
    ana_nearest_offer(near, full);
    if (near->best == full)
        near->best = strcpy(best, full);
}

/* "OCR" of "icx::OCR:READS_TO_CORE_DRAM" */
static size_t bare_event(const char *name, const char **begin)
{
    const char *const colons = strstr(name, "::");
    *begin = colons ? colons + 2 : name;
    return strcspn(*begin, ":");
}

/* The masks of one event are many, and looked at only where the event itself is right. One that
 * was asked for without a mask does not count without. */
static void offer_masks(struct ana_nearest *near, const char *name, int event)
{
    const char *asked, *offered;
    const size_t length = bare_event(near->word, &asked);
    if (bare_event(name, &offered) != length || strncmp(asked, offered, length))
        return;
    char mask[PAPI_MAX_STR_LEN];
    if (!asked[length])
        near->best = NULL;
    while ((asked[length] || !near->best) &&
           PAPI_enum_event(&event, PAPI_NTV_ENUM_UMASKS) == PAPI_OK)
        if (PAPI_event_code_to_name(event, mask) == PAPI_OK)
            offer_name(near, mask);
    if (!asked[length])
        near->distance = 0;
}

static void offer_kind(int first, struct ana_nearest *near)
{
    char name[PAPI_MAX_STR_LEN];
    int code = first;
    for (int rc = PAPI_enum_event(&code, PAPI_ENUM_FIRST); rc == PAPI_OK;
         rc = PAPI_enum_event(&code, PAPI_ENUM_EVENTS)) {
        if (PAPI_event_code_to_name(code, name) != PAPI_OK)
            continue;
        offer_name(near, name);
        offer_masks(near, name, code);
    }
}

static void offer(const char *root, struct ana_nearest *near)
{
    (void)root;
    offer_kind((int)PAPI_PRESET_MASK, near);
    offer_kind((int)PAPI_NATIVE_MASK, near);
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
    .find = find,
    .offer = offer,
    .open = open_set,
    .start = start,
    .stop = stop,
    .close = close_set,
};
