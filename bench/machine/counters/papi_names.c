/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PAPI calls events. Its tables are those of libpfm and hold whole generations of CPUs; a name
 * that is in them may still be one this machine cannot count, and one that reads 0 without a word.
 */
#include "bench/machine/counters/papi_names.h"

#include "bench/machine/sysfile.h"

#include <papi.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
/* PAPI 7.0 forgets the text of every native event it looked up; nothing of ours is behind it. */
const char *__lsan_default_suppressions(void), *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void)
{
    return "leak:libpapi\n";
}
#endif

int papi_of_threads(void)
{
    return PAPI_get_component_index("perf_event");
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

bool papi_find(const char *root, struct counter_event *event)
{
    if (of_kernel_mode(event->name))
        return false;
    if (PAPI_event_name_to_code(event->name, &event->code) != PAPI_OK)
        return of_another_cpu(event);
    event->meaning = meaning_of(event->name);
    event->hardware = !of_software(event->name);
    if ((event->code & PAPI_NATIVE_MASK) &&
        PAPI_get_event_component(event->code) != papi_of_threads())
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

void papi_offer(const char *root, struct ana_nearest *near)
{
    (void)root;
    offer_kind((int)PAPI_PRESET_MASK, near);
    offer_kind((int)PAPI_NATIVE_MASK, near);
}
