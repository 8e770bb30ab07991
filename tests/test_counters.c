/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting over a team: software events come out exactly, through every back end that can count
 * them here; a back end of the test's own tells every lie that counters were seen to tell, and each
 * has to be rejected in words; names nobody knows, of other CPUs, or too many are refused.
 */
#include "bench/machine/counters/counters.h"

#include "bench/machine/counters/plausible.h"
#include "bench/machine/counters/roles.h"
#include "tests/pmu_tree.h"
#include "tests/test.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 300, RANKS = 2 };

static struct team *team;
static char why[COUNTER_REASON];

static struct counters *open_counters(const struct counter_backend *const *backends,
                                      const struct machine_clock *clock)
{
    const struct counters_options options = {.root = "", .backends = backends, .clock = clock};
    struct counters *c = NULL;
    CHECK(counters_open(&c, &options) == 0, "open");
    return c;
}

/* ---- what the kernel counts */

static void touch_pages(void *arg, int rank, int ranks)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)rank, (void)ranks;
    char *const at = *(char **)arg + (size_t)rank * PAGES * page;
    for (size_t i = 0; i < PAGES; i++)
        at[i * page] = 1;
}

/* The fewest of a few readings: what the C library touches for the first time is none of ours. */
static double count_faults(struct counters *c, int event)
{
    const size_t bytes = (size_t)RANKS * PAGES * (size_t)sysconf(_SC_PAGESIZE);
    double least = -1;
    for (int i = 0; i < 5; i++) {
        struct counter_reading reading;
        struct counter_trouble trouble;
        char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        madvise(at, bytes, MADV_NOHUGEPAGE);
        if (counters_start(c, counters_set_of(c, event), team, &trouble)) {
            printf("%s\n", trouble.reason);
        } else {
            team_run(team, touch_pages, &at);
            counters_stop(c, &reading);
            if (reading.known[event] && (least < 0 || reading.value[event] < least))
                least = reading.value[event];
            if (*reading.why)
                printf("%s\n", reading.why);
        }
        munmap(at, bytes);
    }
    return least;
}

static void page_faults(const struct counter_backend *backend, const char *name)
{
    const struct counter_backend *const only[] = {backend, NULL};
    struct counters *const c = open_counters(only, NULL);
    const int event = counters_add(c, name, why);
    CHECK(event == 0, "%s of %s: %s", name, backend->name, why);
    counters_prove(c);
    const struct counter_event *const e = counters_event(c, event);
    if (e->trouble.state == COUNTER_OK) {
        const double faults = count_faults(c, event);
        /* A sanitizer's shadow of the pages is touched with them. */
        CHECK(TEST_SANITIZED ? faults >= RANKS * PAGES : faults == RANKS * PAGES,
              "%s of %s: %.0f instead of %d", name, backend->name, faults, RANKS * PAGES);
    } else {
        printf("%s of %s: %s, %s\n", name, backend->name, counter_state_name[e->trouble.state],
               e->trouble.reason);
        CHECK(backend != &counter_usage, "getrusage always counts");
        CHECK(*e->trouble.reason, "a state has its reason");
    }
    counters_close(c);
}

static uint64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* No less than the CPU time read inside the region, no more than the wall time read outside it:
 * what a hypervisor takes away in between counts as one thing or the other. */
static void task_clock(const struct counter_backend *backend, const char *name)
{
    const struct counter_backend *const only[] = {backend, NULL};
    const struct team_options alone = {.ranks = 1};
    struct counters *const c = open_counters(only, NULL);
    struct counter_reading reading;
    struct counter_trouble trouble;
    struct team *one;
    CHECK(team_create(&one, &alone) == 0, "a team of one");
    const int event = counters_add(c, name, why);
    counters_prove(c);
    if (event < 0 || counters_event(c, event)->trouble.state) {
        printf("%s of %s is not counted here\n", name, backend->name);
    } else {
        const uint64_t before = machine_clock.wall_ns();
        CHECK(counters_start(c, counters_set_of(c, event), one, &trouble) == 0, "%s",
              trouble.reason);
        const uint64_t start = thread_ns();
        while (thread_ns() - start < 5000000)
            ;
        const uint64_t end = thread_ns();
        counters_stop(c, &reading);
        const uint64_t after = machine_clock.wall_ns();
        const double inside = (double)(end - start), outside = (double)(after - before);
        CHECK(reading.known[event] && reading.value[event] >= 0.99 * inside &&
                  reading.value[event] <= 1.01 * outside,
              "%s of %s: %.0f, between %.0f and %.0f %s", name, backend->name, reading.value[event],
              inside, outside, reading.why);
    }
    counters_close(c);
    team_destroy(one);
}

static void switches(void)
{
    struct counters *const c = open_counters(NULL, NULL);
    struct counter_reading reading;
    struct counter_trouble trouble;
    const int event = counters_add(c, "perf::CONTEXT-SWITCHES", why);
    CHECK(event == 0 && counters_event(c, event)->backend == &counter_usage,
          "PAPI would say 0 and mean nothing: %s", why);
    counters_prove(c);
    CHECK(counters_start(c, counters_set_of(c, event), team, &trouble) == 0, "%s", trouble.reason);
    for (int i = 0; i < 20; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    counters_stop(c, &reading);
    CHECK(reading.known[event] && reading.value[event] >= 20, "20 sleeps, %.0f switches %s",
          reading.value[event], reading.why);
    counters_close(c);
}

/* ---- a back end that lies */

static struct {
    int64_t value[COUNTERS_MOST]; /* by code */
    enum counter_state open[COUNTERS_MOST];
    int fails_to_start, fails_to_stop; /* rank counted from 1; 0: none */
    int opened, closed, widest;
    bool canary_last;
} fake;

static _Thread_local int my_rank;

enum { L2_MISS = 50, L2_HIT_L3, L2_MISS_L3 };

/* Of a Zen 3, all that comes into L2. */
static bool fake_l2(struct counter_event *event)
{
    static const char *const names[] = {"CORE_TO_L2_CACHEABLE_REQUEST_ACCESS_STATUS:LS_RD_BLK_C",
                                        "L2_PREFETCH_HIT_L3:L2_HW_PREFETCHER",
                                        "L2_PREFETCH_MISS_L3:L2_HW_PREFETCHER"};
    const char *const colons = strstr(event->name, "zen3::");
    for (size_t i = 0; colons && i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(colons + 6, names[i]) != 0)
            continue;
        event->hardware = true;
        event->code = L2_MISS + (int)i;
        return true;
    }
    return false;
}

static bool fake_find(const char *root, struct counter_event *event)
{
    (void)root;
    if (fake_l2(event))
        return true;
    if (strncmp(event->name, "fake", 4) && strcmp(event->name, "ins") &&
        strcmp(event->name, "cyc") && strcmp(event->name, "soft"))
        return false;
    event->hardware = strcmp(event->name, "soft") != 0;
    event->meaning = strcmp(event->name, "ins") == 0   ? COUNTER_INSTRUCTIONS
                     : strcmp(event->name, "cyc") == 0 ? COUNTER_CYCLES
                                                       : COUNTER_PLAIN;
    event->code = event->meaning == COUNTER_INSTRUCTIONS ? 60
                  : event->meaning == COUNTER_CYCLES     ? 61
                                                         : atoi(event->name + 4);
    return true;
}

static void fake_offer(const char *root, struct ana_nearest *near)
{
    (void)root;
    ana_nearest_offer(near, "soft");
}

static enum counter_state fake_open(struct counter_live *live, struct counter_trouble *trouble)
{
    for (size_t i = 0; i < live->n; i++)
        if (fake.open[live->event[i]->code]) {
            live->n = 0;
            return counter_trouble_set(trouble, fake.open[live->event[i]->code], "not today");
        }
    __atomic_fetch_add(&fake.opened, 1, __ATOMIC_RELAXED);
    if ((int)live->n > fake.widest)
        fake.widest = (int)live->n;
    return COUNTER_OK;
}

static enum counter_state fake_start(struct counter_live *live, struct counter_trouble *trouble)
{
    (void)live;
    return fake.fails_to_start == my_rank + 1
               ? counter_trouble_set(trouble, COUNTER_BROKEN, "rank %d will not", my_rank)
               : COUNTER_OK;
}

static enum counter_state fake_stop(struct counter_live *live, int64_t value[COUNTER_SET_MOST],
                                    struct counter_trouble *trouble)
{
    if (fake.fails_to_stop == my_rank + 1)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "rank %d is lost", my_rank);
    for (size_t i = 0; i < live->n; i++)
        value[i] = fake.value[live->event[i]->code];
    return COUNTER_OK;
}

static void fake_close(struct counter_live *live)
{
    if (live->n)
        __atomic_fetch_add(&fake.closed, 1, __ATOMIC_RELAXED);
    live->n = 0;
}

static const struct counter_backend liar = {
    .name = "fake",
    .find = fake_find,
    .offer = fake_offer,
    .open = fake_open,
    .start = fake_start,
    .stop = fake_stop,
    .close = fake_close,
};

static const struct counter_backend *const liars[] = {&liar, NULL};

static uint64_t fake_ns, fake_step = 1000;

static uint64_t fake_wall(void)
{
    return fake_ns += fake_step;
}

static const struct machine_clock fake_clock = {.wall_ns = fake_wall};

static void learn_rank(void *arg, int rank, int ranks)
{
    (void)arg, (void)ranks;
    my_rank = rank;
}

static void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    for (int i = 0; i < COUNTERS_MOST; i++)
        fake.value[i] = 1000 + i;
    fake.value[60] = 4000000; /* what the known loop has */
    fake.value[61] = 5000;
    fake_step = 1000;
}

/* Few core events a set, cycles last in each, software events by themselves. */
static void sets(void)
{
    fake_reset();
    struct counters *const c = open_counters(liars, &fake_clock);
    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof(name), "fake%d", i);
        CHECK(counters_add(c, name, why) == i, "%s", why);
    }
    CHECK(counters_add(c, "fake3", why) == 3, "the same name is the same event");
    const int cycles = counters_add(c, "cyc", why), soft = counters_add(c, "soft", why);
    const char *const pair[] = {"fake1", "fake7"};
    int index[2];
    CHECK(counters_add_together(c, pair, 2, index, why) == 0, "%s", why);
    CHECK(counters_add_together(c, (const char *[]){"a", "b", "c", "d"}, 4, index, why) == -E2BIG,
          "four in one set");
    fake_step = 100000;
    counters_prove(c);
    CHECK(counters_sets(c) == 3 + 1 + 1, "%d sets", counters_sets(c));
    CHECK(counters_set_of(c, 0) == counters_set_of(c, 2) &&
              counters_set_of(c, 2) != counters_set_of(c, 3),
          "three a set");
    CHECK(counters_set_of(c, index[0]) == counters_set_of(c, index[1]) &&
              counters_set_of(c, index[0]) != counters_set_of(c, 1),
          "what belongs together, once more by itself");
    CHECK(counters_set_of(c, soft) != counters_set_of(c, 0),
          "no core counter is taken by software");
    CHECK(counters_set_of(c, cycles) == 0, "cycles are counted along");
    CHECK(fake.widest == COUNTERS_CORE_SET + 1, "%d events in a set", fake.widest);
    counters_drop(c, index[0]);
    counters_drop(c, index[1]);
    counters_prove(c);
    CHECK(counters_sets(c) == 4, "dropped: %d sets", counters_sets(c));
    CHECK(fake.opened == fake.closed, "%d opened, %d closed", fake.opened, fake.closed);
    counters_close(c);
}

static void one_reading(struct counters *c, int event, double value, const char *expected)
{
    struct counter_reading reading;
    struct counter_trouble trouble;
    if (counters_start(c, counters_set_of(c, event), team, &trouble)) {
        CHECK(expected && strstr(trouble.reason, expected), "\"%s\", not \"%s\"", trouble.reason,
              expected ? expected : "");
        return;
    }
    fake_ns += 50000000;
    counters_stop(c, &reading);
    if (expected)
        CHECK(!reading.known[event] && strstr(reading.why, expected), "\"%s\", not \"%s\"",
              reading.why, expected);
    else
        CHECK(reading.known[event] && reading.value[event] == value, "%g: %s", reading.value[event],
              reading.why);
}

static void lies(void)
{
    fake_reset();
    struct counters *const c = open_counters(liars, &fake_clock);
    const int plain = counters_add(c, "fake5", why), ins = counters_add(c, "ins", why);
    counters_add(c, "cyc", why);
    counters_prove(c);
    for (int i = 0; i < counters_count(c); i++)
        CHECK(counters_event(c, i)->trouble.state == COUNTER_OK, "%s: %s",
              counters_event(c, i)->name, counters_event(c, i)->trouble.reason);
    CHECK(counters_overhead_ns(c, 0) > 0, "counting costs something");
    fake.value[60] = 20000; /* four a cycle */
    one_reading(c, plain, RANKS * 1005, NULL);
    one_reading(c, ins, RANKS * 20000, NULL);
    fake.value[5] = -3;
    one_reading(c, plain, 0, "fake5 of thread 0 is negative: -3");
    fake.value[5] = INT64_C(1) << 47;
    one_reading(c, plain, 0, "is 2^46 or more");
    fake.value[5] = 0;
    one_reading(c, plain, 0, NULL);
    fake.value[61] = 0;
    one_reading(c, plain, 0, "more events than there are counters");
    fake.value[61] = 500000000;
    one_reading(c, plain, 0, "more than this CPU's clock can give");
    fake.value[61] = 1000;
    one_reading(c, ins, 0, "more than eight a cycle");
    fake.value[61] = 5000;
    fake.fails_to_start = 2;
    one_reading(c, plain, 0, "rank 1 will not");
    fake.fails_to_start = 0;
    fake.fails_to_stop = 2;
    one_reading(c, plain, 0, "rank 1 is lost");
    fake.fails_to_stop = 0;
    one_reading(c, plain, 0, NULL);
    fake_step = 1000000; /* starting and stopping seem to take a millisecond */
    counters_prove(c);
    one_reading(c, plain, 0, "too short: counting itself takes");
    CHECK(fake.opened == fake.closed, "%d opened, %d closed", fake.opened, fake.closed);
    counters_close(c);
}

/* An event is proved before it is believed. */
static void proofs(void)
{
    static const struct {
        int code;
        int64_t value;
        const char *name, *reason;
    } cases[] = {
        {60, 0, "ins", "is 0"},
        {60, 4300000, "ins", "counted 4300000 instructions of a loop that has 4000000"},
        {61, 0, "cyc", "is 0"},
        {9, -1, "fake9", "is negative"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        fake_reset();
        fake.value[cases[i].code] = cases[i].value;
        struct counters *const c = open_counters(liars, &fake_clock);
        const int event = counters_add(c, cases[i].name, why);
        counters_prove(c);
        const struct counter_trouble *const t = &counters_event(c, event)->trouble;
        CHECK(t->state == COUNTER_IMPLAUSIBLE && strstr(t->reason, cases[i].reason), "%s: %d %s",
              cases[i].name, t->state, t->reason);
        CHECK(counters_set_of(c, event) < 0 && counters_sets(c) == 0, "it is not counted");
        counters_close(c);
    }
    fake_reset();
    fake.open[4] = COUNTER_FORBIDDEN;
    struct counters *const c = open_counters(liars, &fake_clock);
    const int event = counters_add(c, "fake4", why);
    CHECK(counters_event(c, event)->trouble.state == COUNTER_FORBIDDEN, "state");
    CHECK_STR(counters_event(c, event)->trouble.reason, "not today");
    counters_close(c);
}

/* A role is a sum of events of one set, and none of them alone. */
static void roles(void)
{
    for (int bad = 0; bad < 3; bad++) {
        struct counter_sum fills, walks;
        fake_reset();
        if (bad == 1)
            fake.value[L2_MISS_L3] = -1;
        if (bad == 2)
            fake.open[L2_HIT_L3] = COUNTER_FORBIDDEN;
        struct counters *const c = open_counters(liars, &fake_clock);
        counters_add_role(c, ROLE_L2_FILLS, &fills);
        counters_add_role(c, ROLE_PAGE_WALKS, &walks);
        counters_prove(c);
        counters_settle_role(c, &fills);
        counters_settle_role(c, &walks);
        counters_prove(c);
        CHECK(walks.n == 0 && walks.trouble.state == COUNTER_ABSENT && *walks.trouble.reason,
              "nobody has it: %s", walks.trouble.reason);
        CHECK(fills.n == (bad ? 0 : 3) && counters_sets(c) == !bad, "%d: %d events in %d sets", bad,
              fills.n, counters_sets(c));
        for (int i = 0; i < fills.n; i++)
            CHECK(counters_event(c, fills.index[i])->code == L2_MISS + i &&
                      counters_set_of(c, fills.index[i]) == 0,
                  "event %d", i);
        CHECK(bad != 1 || strstr(fills.trouble.reason, "is negative"), "%s", fills.trouble.reason);
        CHECK(bad != 2 || fills.trouble.state == COUNTER_FORBIDDEN, "%s", fills.trouble.reason);
        counters_close(c);
    }
}

/* A clock that is known bounds cycles, unless its driver leaves the boost out. */
static void fastest_clock(void)
{
    static const char cpufreq[] = "/sys/devices/system/cpu/";
    char root[TREE_MAX], path[128];
    tree_make(root);
    for (int boost = 0; boost < 2; boost++) {
        struct counters *c = NULL;
        fake_reset(); /* 5 GHz */
        snprintf(path, sizeof(path), "%s%s", cpufreq,
                 boost ? "cpufreq/boost" : "cpu0/cpufreq/cpuinfo_max_freq");
        tree_write(root, path, boost ? "1\n" : "2450000\n");
        const struct counters_options options = {.root = root,
                                                 .backends = liars,
                                                 .clock = &fake_clock};
        CHECK(counters_open(&c, &options) == 0, "open");
        const int cycles = counters_add(c, "cyc", why);
        counters_prove(c);
        const struct counter_trouble *const t = &counters_event(c, cycles)->trouble;
        CHECK(t->state == (boost ? COUNTER_OK : COUNTER_IMPLAUSIBLE), "boost %d: %s", boost,
              t->reason);
        counters_close(c);
    }
    tree_remove(root);
}

/* ---- names */

static void names(void)
{
    struct counters *c = open_counters(NULL, NULL);
    struct counter_trouble trouble = {.reason = ""};
    CHECK(counters_add(c, "page-fautls", why) == -EINVAL, "taken");
    CHECK_STR(why, "no event is called \"page-fautls\"; did you mean page-faults?");
    if (counters_can(c, "PAPI_L1_DCM", &trouble) != COUNTER_OFF) {
        CHECK(counters_add(c, "PAPI_TOT_INZ", why) == -EINVAL, "taken");
        CHECK_STR(why, "no event is called \"PAPI_TOT_INZ\"; did you mean PAPI_TOT_INS?");
#if defined(__x86_64__)
        const int other = counters_add(c, "arm_n1::LL_CACHE_MISS_RD", why);
#else
        const int other = counters_add(c, "skx_unc_imc0::UNC_M_CAS_COUNT:RD", why);
#endif
        CHECK(other >= 0 && counters_event(c, other)->trouble.state == COUNTER_ABSENT, "%s", why);
        CHECK(strncmp(counters_event(c, other)->trouble.reason, "an event of another CPU: ", 25) ==
                  0,
              "%s", counters_event(c, other)->trouble.reason);
    } else {
        printf("PAPI: %s\n", trouble.reason);
        CHECK(*trouble.reason, "a reason");
    }
    CHECK(counters_add(c, "", why) == -EINVAL, "no name");
    CHECK(counters_add(c, "no such thing at all, whatever one does", why) == -EINVAL &&
              strstr(why, "papi_native_avail"),
          "%s", why);
    char longest[400];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    CHECK(counters_add(c, longest, why) == -EINVAL && strstr(why, "too long"), "%s", why);
    const int raw = counters_add(c, "r01c0", why);
    CHECK(raw >= 0 && counters_event(c, raw)->hardware, "raw: %s", why);
    const int none = counters_add(c, "nosuchpmu/event=1/", why);
    CHECK(none >= 0 && counters_event(c, none)->trouble.state == COUNTER_ABSENT, "%s", why);
    CHECK_STR(counters_event(c, none)->trouble.reason, "this machine has no PMU nosuchpmu");
    counters_close(c);

    fake_reset();
    c = open_counters(liars, &fake_clock);
    for (int i = 0; i < COUNTERS_MOST; i++) {
        char name[24];
        snprintf(name, sizeof(name), "fake0%d", i);
        CHECK(counters_add(c, name, why) == i, "%s", why);
    }
    CHECK(counters_add(c, "fake1", why) == -E2BIG, "one too many");
    CHECK_STR(why, "fake1 is one event too many; 64 can be counted in a run");
    counters_close(c);
}

/* What happens in kernel mode alone reads 0 in user mode, and PAPI does not mind. */
static void kernel_mode(void)
{
    static const char *const events[] = {"perf::CPU-MIGRATIONS", "cpu-migrations",
                                         "perf::CGROUP-SWITCHES"};
    struct counters *const c = open_counters(NULL, NULL);
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        const int index = counters_add(c, events[i], why);
        CHECK(index >= 0, "%s: %s", events[i], why);
        const struct counter_event *const e = counters_event(c, index);
        CHECK(e->trouble.state || (e->backend == &counter_perf && e->kernel), "%s by %s", events[i],
              e->backend->name);
        CHECK(!e->trouble.state || *e->trouble.reason, "%s: a reason", events[i]);
    }
    counters_close(c);
}

/* A PMU and an event of it that are not there may be misspelt, or of another machine. */
static void near_pmu(void)
{
    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"core/cycels/", "core: events of this PMU have no term \"cycels\"; did you mean cycles?"},
        {"cor/cycles/", "this machine has no PMU cor; did you mean core?"},
        {"core/event=0x1ff/", "core: 0x1ff is too large for event, which has 8 bits"},
        {"elsewhere/cycles/", "this machine has no PMU elsewhere"},
    };
    static const struct counter_backend *const only[] = {&counter_perf, NULL};
    char root[TREE_MAX];
    struct counters *c = NULL;
    tree_make(root);
    pmu_dir(root, "core", 4, NULL);
    pmu_file(root, "core", "format/event", "config:0-7");
    pmu_lines(root, "core", "cycles", "event=0x3c");
    const struct counters_options options = {.root = root, .backends = only};
    CHECK(counters_open(&c, &options) == 0, "open");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const int index = counters_add(c, cases[i].name, why);
        CHECK(index >= 0 && counters_event(c, index)->trouble.state == COUNTER_ABSENT, "%s", why);
        CHECK_STR(counters_event(c, index)->trouble.reason, cases[i].reason);
    }
    counters_close(c);
    tree_remove(root);
}

static void under_valgrind(void)
{
    const char *const old = getenv("LD_PRELOAD");
    char *const kept = old ? strdup(old) : NULL;
    setenv("LD_PRELOAD", "/usr/libexec/valgrind/vgpreload_core-amd64-linux.so", 1);
    struct counters *const c = open_counters(NULL, NULL);
    const int ins = counters_add(c, "PAPI_TOT_INS", why),
              faults = counters_add(c, "page-faults", why), cycles = counters_add(c, "cycles", why);
    CHECK(cycles >= 0 && counters_event(c, cycles)->trouble.state == COUNTER_OFF, "%s", why);
    CHECK(counters_add(c, "cycels", why) == -EINVAL && strstr(why, "did you mean cycles?"), "%s",
          why);
    CHECK(ins >= 0 && counters_event(c, ins)->trouble.state == COUNTER_OFF &&
              strstr(counters_event(c, ins)->trouble.reason, "valgrind"),
          "%s", why);
    CHECK(faults >= 0 && counters_event(c, faults)->backend == &counter_usage, "faults go on");
    counters_close(c);
    if (kept)
        setenv("LD_PRELOAD", kept, 1);
    else
        unsetenv("LD_PRELOAD");
    free(kept);
}

int main(void)
{
    const struct team_options options = {.ranks = RANKS};
    if (team_create(&team, &options)) {
        puts("no team of two threads");
        return TEST_SKIP;
    }
    team_run(team, learn_rank, NULL);
    page_faults(&counter_usage, "page-faults");
    page_faults(&counter_perf, "page-faults");
    page_faults(&counter_perf, "perf::MINOR-FAULTS");
    page_faults(&counter_papi, "perf::PAGE-FAULTS");
    task_clock(&counter_perf, "task-clock");
    task_clock(&counter_papi, "perf::TASK-CLOCK");
    switches();
    sets();
    lies();
    proofs();
    roles();
    fastest_clock();
    names();
    kernel_mode();
    near_pmu();
    under_valgrind();
    team_destroy(team);
    return test_exit();
}
