/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which source of bytes is believed. The sources are made up, since no machine at hand has a real
 * one: each counts what the work says it moved, times an error of its own.
 */
#include "bench/machine/counters/bytes.h"

#include "bench/machine/counters/traffic.h"
#include "tests/pmu_tree.h"
#include "tests/test.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct team *team;

/* ---- work of a known size, and sources that see a share of it */

static struct {
    double read, write; /* moved so far */
    double at_rest;     /* bytes a nanosecond by somebody else */
} moved;

static struct fake {
    enum counter_state missing;
    double factor;     /* of what it should count */
    bool splits, both; /* directions told apart, or not; neither: reads only */
    int passes;
    double swapped;  /* takes reads for writes */
    int fails_after; /* starts; 0: never */
    double late;     /* the factor after `late_after` starts */
    int late_after;
    int starts, opened, closed;
    double read, write;
    uint64_t ns;
} fake[BYTES_SOURCES];

static void work(void *self, enum byte_kernel kernel)
{
    const double bytes = *(const double *)self;
    moved.read += kernel == BYTES_STREAM ? 0 : bytes;
    moved.write += kernel == BYTES_READ ? 0 : bytes;
}

static double known = 1e8;
static int prepares, no_memory;

static int prepare(void *user, struct byte_work *w)
{
    (void)user;
    prepares++;
    if (no_memory)
        return -ENOMEM;
    *w = (struct byte_work){.self = &known, .bytes = known, .run = work};
    return 0;
}

static enum counter_state fake_start(void *self, int pass, struct team *with,
                                     struct counter_trouble *trouble)
{
    struct fake *const f = self;
    (void)pass, (void)with;
    f->starts++;
    if (f->fails_after && f->starts > f->fails_after)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "the counter is gone");
    f->read = moved.read;
    f->write = moved.write;
    f->ns = machine_clock.wall_ns();
    return COUNTER_OK;
}

static enum counter_state fake_stop(void *self, int pass, struct byte_count *count, double *ns,
                                    struct counter_trouble *trouble)
{
    struct fake *const f = self;
    (void)pass, (void)trouble;
    *ns = (double)(machine_clock.wall_ns() - f->ns);
    const double factor = (f->late_after && f->starts > f->late_after ? f->late : f->factor) /
                          (f->passes ? f->passes : 1);
    const double rest = moved.at_rest * *ns / (f->passes ? f->passes : 1);
    double read = factor * (moved.read - f->read) + rest / 2;
    double write = factor * (moved.write - f->write) + rest / 2;
    if (f->swapped > 0) {
        const double kept = read;
        read = write;
        write = kept;
    }
    if (f->both) {
        count->both += read + write;
    } else {
        count->read += read;
        count->write += f->splits ? write : 0;
    }
    return COUNTER_OK;
}

static void fake_close(void *self)
{
    struct fake *const f = self;
    f->closed++;
}

static enum counter_state fake_open(enum byte_source_id id, struct byte_meter *meter,
                                    struct counter_trouble *trouble)
{
    struct fake *const f = &fake[id];
    if (f->missing)
        return counter_trouble_set(trouble, f->missing, "source %d is not here", id);
    f->opened++;
    *meter = (struct byte_meter){.passes = f->passes ? f->passes : 1,
                                 .event = -1,
                                 .self = f,
                                 .start = fake_start,
                                 .stop = fake_stop,
                                 .close = fake_close};
    return COUNTER_OK;
}

#define OPENER(name, id)                                                                       \
    static enum counter_state name(struct byte_meter *meter, const char *root,                 \
                                   struct counters *counters, struct counter_trouble *trouble) \
    {                                                                                          \
        (void)root, (void)counters;                                                            \
        return fake_open(id, meter, trouble);                                                  \
    }
OPENER(open_cas, BYTES_MC_CAS)
OPENER(open_fabric, BYTES_MC_FABRIC)
OPENER(open_mbm, BYTES_LLC_MBM)
OPENER(open_l3, BYTES_LLC_MISS)
OPENER(open_fill, BYTES_CORE_FILL)
OPENER(open_miss, BYTES_CORE_MISS)

static byte_open_fn *const fakes[BYTES_SOURCES] = {NULL,    open_cas,  open_fabric, open_mbm,
                                                   open_l3, open_fill, open_miss,   NULL};

static void reset(void)
{
    memset(fake, 0, sizeof(fake));
    memset(&moved, 0, sizeof(moved));
    for (int id = 0; id < BYTES_SOURCES; id++) {
        fake[id].missing = COUNTER_ABSENT;
        fake[id].factor = 1;
    }
    fake[BYTES_MC_CAS].splits = true;
    fake[BYTES_MC_FABRIC].both = fake[BYTES_LLC_MBM].both = true;
    fake[BYTES_MC_FABRIC].passes = 2;
}

static void open_bytes(struct bytes *b)
{
    const struct bytes_options options = {.root = "/nonexistent",
                                          .team = team,
                                          .prepare = prepare,
                                          .open = fakes,
                                          .rest_seconds = 1e-3};
    bytes_open(b, &options);
    b->bytes_per_second = 0; /* made-up work takes no time, and a busy machine's rate is any */
}

static const char *described(const struct bytes *b)
{
    static char text[2048];
    bytes_describe(b, text, sizeof(text));
    return text;
}

/* ---- tests */

/* In order of trust, and why not for each that is not used. */
static void choice(void)
{
    struct bytes b;
    reset();
    open_bytes(&b);
    CHECK(b.id == BYTES_MODELLED && b.meter.passes == 0, "nothing there: %d", b.id);
    CHECK(prepares == 0, "nothing to prepare for");
    CHECK(strncmp(described(&b), "1 mc.cas: absent, source 1 is not here; 2 mc.fabric: absent, ",
                  60) == 0,
          "%s", described(&b));
    CHECK(strstr(described(&b), "; 7 modelled: used"), "%s", described(&b));
    bytes_close(&b);

    reset();
    fake[BYTES_MC_CAS].missing = COUNTER_FORBIDDEN;
    fake[BYTES_MC_FABRIC].missing = COUNTER_OK;
    fake[BYTES_MC_FABRIC].factor = 0.5;
    fake[BYTES_CORE_FILL].missing = fake[BYTES_CORE_MISS].missing = COUNTER_OK;
    fake[BYTES_CORE_FILL].factor = 0.97;
    open_bytes(&b);
    CHECK(b.id == BYTES_CORE_FILL, "%d", b.id);
    CHECK(strstr(described(&b), "1 mc.cas: forbidden, source 1 is not here; 2 mc.fabric: "
                                "implausible, counts 0.50 of the bytes of a known read, 0.85 to "
                                "1.15 would do (read 0.50, write 1.00, stream 0.50)"),
          "%s", described(&b));
    CHECK(strstr(described(&b), "5 core.fill: used, our threads, lines read (read 0.97, write "
                                "0.97, stream 0.00); 6 core.miss: not needed; 7 modelled: always"),
          "%s", described(&b));
    CHECK(fake[BYTES_MC_FABRIC].opened == 1 && fake[BYTES_MC_FABRIC].closed == 1,
          "what was refused is closed");
    CHECK(fake[BYTES_CORE_MISS].opened == 0, "the worse one is left alone");
    bytes_close(&b);
    CHECK(fake[BYTES_CORE_FILL].closed == 1, "closed");
}

static void without_memory(void)
{
    struct bytes b;
    reset();
    fake[BYTES_CORE_FILL].missing = COUNTER_OK;
    no_memory = 1;
    open_bytes(&b);
    CHECK(b.id == BYTES_MODELLED && fake[BYTES_CORE_FILL].closed == 1 &&
              strstr(described(&b), "5 core.fill: broken, no memory to calibrate with"),
          "%s", described(&b));
    no_memory = 0;
    bytes_close(&b);
}

static void bands(void)
{
    static const struct {
        int id;
        double factor;
        bool accepted;
    } cases[] = {
        {BYTES_MC_CAS, 0.94, false},    {BYTES_MC_CAS, 0.96, true},
        {BYTES_MC_CAS, 1.09, true},     {BYTES_MC_CAS, 1.12, false},
        {BYTES_MC_FABRIC, 0.86, true},  {BYTES_LLC_MBM, 1.14, true},
        {BYTES_LLC_MBM, 1.2, false},    {BYTES_CORE_FILL, 0.88, false},
        {BYTES_CORE_FILL, 1.05, true},  {BYTES_CORE_MISS, 0.55, true},
        {BYTES_CORE_MISS, 0.04, false}, {BYTES_LLC_MISS, 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct bytes b;
        reset();
        fake[cases[i].id].missing = COUNTER_OK;
        fake[cases[i].id].factor = cases[i].factor;
        open_bytes(&b);
        CHECK((int)b.id == (cases[i].accepted ? cases[i].id : BYTES_MODELLED), "%s at %g: %s",
              byte_sources[cases[i].id].id, cases[i].factor, described(&b));
        bytes_close(&b);
    }
    struct bytes b;
    reset();
    fake[BYTES_MC_CAS].missing = COUNTER_OK;
    fake[BYTES_MC_CAS].swapped = 1;
    open_bytes(&b);
    CHECK(b.id == BYTES_MODELLED && strstr(described(&b), "takes reads for writes"), "%s",
          described(&b));
    bytes_close(&b);
}

/* Whatever flows at rest is taken off what a socket counts, in every pass its share. */
static void neighbours(void)
{
    for (int id = BYTES_MC_CAS; id <= BYTES_MC_FABRIC; id++) {
        struct bytes b;
        struct byte_count count = {.both = 0};
        struct counter_trouble trouble;
        reset();
        fake[id].missing = COUNTER_OK;
        moved.at_rest = 0.5;
        open_bytes(&b);
        CHECK((int)b.id == id && b.rest_bytes_per_ns > 0.45 && b.rest_bytes_per_ns < 0.55,
              "%s, %g bytes a ns at rest", described(&b), b.rest_bytes_per_ns);
        for (int pass = 0; pass < b.meter.passes; pass++) {
            CHECK(bytes_start(&b, pass, team, &trouble) == COUNTER_OK, "start");
            work(&known, BYTES_READ);
            CHECK(bytes_stop(&b, pass, &count, &trouble) == COUNTER_OK, "%s", trouble.reason);
        }
        CHECK(byte_count_total(&count) > 0.99 * known && byte_count_total(&count) < 1.01 * known,
              "%g of %g bytes", byte_count_total(&count), known);
        bytes_close(&b);
    }
}

/* Good at first and not later: given up, with the reason, and closed. */
static void half_way(void)
{
    struct bytes b;
    reset();
    fake[BYTES_CORE_FILL].missing = COUNTER_OK;
    open_bytes(&b);
    CHECK(b.id == BYTES_CORE_FILL && bytes_recheck(&b) && !*b.lost, "it is good: %s", b.lost);
    fake[BYTES_CORE_FILL].late = 0.4;
    fake[BYTES_CORE_FILL].late_after = fake[BYTES_CORE_FILL].starts;
    CHECK(!bytes_recheck(&b) && b.id == BYTES_MODELLED, "still believed");
    CHECK_STR(b.lost, "core.fill: counts 0.40 of the bytes of a known read");
    CHECK(fake[BYTES_CORE_FILL].closed == 1 && !bytes_recheck(&b), "closed once");
    bytes_close(&b);
    CHECK(fake[BYTES_CORE_FILL].closed == 1, "and not again");

    reset();
    fake[BYTES_MC_CAS].missing = COUNTER_OK;
    open_bytes(&b);
    CHECK(bytes_recheck(&b), "%s", b.lost);
    fake[BYTES_MC_CAS].fails_after = fake[BYTES_MC_CAS].starts;
    CHECK(!bytes_recheck(&b), "a counter that went away");
    CHECK_STR(b.lost, "mc.cas: the counter is gone");
    bytes_close(&b);

    /* Fails in the middle of the calibration. */
    reset();
    fake[BYTES_MC_CAS].missing = COUNTER_OK;
    fake[BYTES_MC_CAS].fails_after = 2;
    open_bytes(&b);
    CHECK(b.id == BYTES_MODELLED && strstr(described(&b), "1 mc.cas: broken, the counter is gone;"),
          "%s", described(&b));
    bytes_close(&b);
}

/* More than memory can deliver is thrown away, one reading at a time. */
static void impossible(void)
{
    struct bytes b;
    struct byte_count count = {.both = 0};
    struct counter_trouble trouble = {.reason = ""};
    reset();
    fake[BYTES_CORE_FILL].missing = COUNTER_OK;
    open_bytes(&b);
    b.bytes_per_second = 1;
    CHECK(bytes_start(&b, 0, team, &trouble) == COUNTER_OK, "start");
    work(&known, BYTES_READ);
    CHECK(bytes_stop(&b, 0, &count, &trouble) == COUNTER_IMPLAUSIBLE &&
              strstr(trouble.reason, "more than twice what this memory delivers"),
          "%s", trouble.reason);
    bytes_close(&b);
}

/* ---- resctrl, as files */

static void resctrl(void)
{
    char root[TREE_MAX], group[128], path[TREE_MAX + 256];
    struct byte_meter meter;
    struct byte_count count = {.both = 0};
    struct counter_trouble trouble;
    double ns;
    tree_make(root);
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) == COUNTER_ABSENT &&
              strstr(trouble.reason, "mount -t resctrl"),
          "%s", trouble.reason);
    tree_write(root, "/sys/fs/resctrl/info/L3_MON/mon_features", "llc_occupancy\n");
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) == COUNTER_ABSENT &&
              strstr(trouble.reason, "counts no bytes"),
          "%s", trouble.reason);
    tree_write(root, "/sys/fs/resctrl/info/L3_MON/mon_features",
               "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) != COUNTER_OK, "no groups at all");
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    snprintf(path, sizeof(path), "%s/sys/fs/resctrl/mon_groups/attnbench-%d", root, (int)child);
    tree_write(root, "/sys/fs/resctrl/mon_groups/other/tasks", "");
    CHECK(mkdir(path, 0755) == 0, "%s", path);
    snprintf(group, sizeof(group), "/sys/fs/resctrl/mon_groups/attnbench-%d", (int)getpid());
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) == COUNTER_BROKEN && access(path, F_OK),
          "what a killed run left behind");
    snprintf(path, sizeof(path), "%s%s", root, group);
    CHECK(access(path, F_OK), "and what this one could not use");
    snprintf(path, sizeof(path), "%s/sys/fs/resctrl/mon_groups/other", root);
    CHECK(access(path, F_OK) == 0, "others are left alone");
    snprintf(path, sizeof(path), "%s/tasks", group);
    tree_write(root, path, "");
    snprintf(path, sizeof(path), "%s/mon_data/mon_L3_00/mbm_total_bytes", group);
    tree_write(root, path, "Unavailable\n");
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) == COUNTER_BROKEN, "no figure");
    tree_write(root, path, "1000\n");
    snprintf(path, sizeof(path), "%s/mon_data/mon_L3_01/mbm_total_bytes", group);
    tree_write(root, path, "50\n");
    CHECK(bytes_open_mbm(&meter, root, NULL, &trouble) == COUNTER_OK, "%s", trouble.reason);
    CHECK(meter.start(meter.self, 0, team, &trouble) == COUNTER_OK, "%s", trouble.reason);
    tree_write(root, path, "250\n");
    CHECK(meter.stop(meter.self, 0, &count, &ns, &trouble) == COUNTER_OK && count.both == 200,
          "%g bytes", count.both);
    CHECK(meter.start(meter.self, 0, team, &trouble) == COUNTER_OK, "%s", trouble.reason);
    tree_write(root, path, "10\n");
    CHECK(meter.stop(meter.self, 0, &count, &ns, &trouble) == COUNTER_IMPLAUSIBLE, "backwards");
    meter.close(meter.self);
    tree_remove(root);
}

/* Descriptors of a whole CPU are opened, started and read, with a software clock as a memory
 * controller: the one event every kernel counts that way. */
static void whole_cpu(void)
{
    char root[TREE_MAX];
    struct byte_meter meter;
    struct byte_count count = {.both = 0};
    struct counter_trouble trouble = {.reason = ""};
    double ns;
    tree_make(root);
    tree_write(root, PMU_DEVICES "/uncore_imc_0/type", "1\n");
    tree_write(root, PMU_DEVICES "/uncore_imc_0/cpumask", "0\n");
    tree_write(root, PMU_DEVICES "/uncore_imc_0/format/event", "config:0-7\n");
    tree_write(root, PMU_DEVICES "/uncore_imc_0/events/cas_count_read", "event=0\n");
    tree_write(root, PMU_DEVICES "/uncore_imc_0/events/cas_count_write", "event=7\n");
    tree_write(root, "/proc/sys/kernel/perf_event_paranoid", "2\n");
    if (bytes_open_cas(&meter, root, NULL, &trouble)) {
        printf("whole CPUs: %s\n", trouble.reason);
        CHECK(trouble.state == COUNTER_FORBIDDEN || trouble.state == COUNTER_OFF, "%d",
              trouble.state);
        CHECK(*trouble.reason, "a reason");
    } else {
        CHECK(meter.start(meter.self, 0, team, &trouble) == COUNTER_OK, "%s", trouble.reason);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        CHECK(meter.stop(meter.self, 0, &count, &ns, &trouble) == COUNTER_OK, "%s", trouble.reason);
        CHECK(count.read >= 64 * 4e6 && count.read <= 64 * 1.01 * ns && count.write == 0,
              "%g lines of a nanosecond in %g ns", count.read / 64, ns);
        meter.close(meter.self);
    }
    tree_remove(root);
}

/* The real kernels touch all they say and nothing else. */
static void traffic(void)
{
    struct traffic t;
    CHECK(traffic_open(&t, team, UINT64_MAX / 2) != 0, "more memory than there is");
    CHECK(traffic_open(&t, team, 1 << 20) == 0, "4 MiB");
    CHECK(t.work.bytes == 4 << 20, "%g", t.work.bytes);
    static const uint64_t expected[BYTES_KERNELS] = {1, 1, 2};
    for (int k = 0; k < BYTES_KERNELS; k++) {
        const uint64_t *const at = (const uint64_t *)(void *)t.arena.base;
        size_t wrong = 0;
        t.work.run(t.work.self, (enum byte_kernel)k);
        for (size_t i = 0; i < (4u << 20) / sizeof(*at); i++)
            wrong += at[i] != expected[k];
        CHECK(wrong == 0, "kernel %d: %zu words", k, wrong);
    }
    traffic_close(&t);
}

int main(void)
{
    const struct team_options options = {.ranks = 2};
    if (team_create(&team, &options)) {
        puts("no team of two threads");
        return TEST_SKIP;
    }
    choice();
    without_memory();
    bands();
    neighbours();
    half_way();
    impossible();
    resctrl();
    whole_cpu();
    traffic();
    team_destroy(team);
    return test_exit();
}
