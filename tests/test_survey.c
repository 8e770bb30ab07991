/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a survey of the machine is made of, without a clock: working sets for machines of every
 * sort and for descriptions of none, the chase through every line, the loops that read, and the
 * file the ceilings are kept in, as we write it and as somebody else might.
 */
#include "tests/test.h"
#include "tests/tree.h"

#include "bench/cases/survey.h"
#include "bench/cases/survey_file.h"
#include "bench/machine/chase.h"
#include "bench/machine/read_loop.h"
#include "kernels/cpu.h"

#include <errno.h>
#include <inttypes.h>

static const uint64_t KiB = 1024, MiB = 1024 * 1024, GiB = 1024 * 1024 * 1024;

static struct machine_topology machine(uint64_t l1, uint64_t l2, uint64_t l3, uint32_t share)
{
    return (struct machine_topology){
        .cores = 8,
        .pus = 16,
        .cache = {{.size = l1, .pus = 2}, {.size = l2, .pus = 2}, {.size = l3, .pus = share}},
        .llc_bytes = l3 ? l3 : l2,
    };
}

static void test_levels(void)
{
    struct machine_level level[MACHINE_LEVELS];
    struct machine_topology t = machine(32 * KiB, 1 * MiB, 32 * MiB, 16);
    CHECK(machine_levels(&t, 1, 64 * GiB, level) == 4, "three caches and memory");
    CHECK(level[0].bytes == 16 * KiB && level[1].bytes == 512 * KiB && level[2].bytes == 16 * MiB,
          "half of each: %" PRIu64 " %" PRIu64 " %" PRIu64, level[0].bytes, level[1].bytes,
          level[2].bytes);
    CHECK(level[3].bytes == 128 * MiB, "four times the last: %" PRIu64, level[3].bytes);
    CHECK_STR(level[0].name, "L1");
    CHECK_STR(level[3].name, "memory");

    CHECK(machine_levels(&t, 8, 64 * GiB, level) == 4, "eight threads");
    CHECK(level[2].bytes == 2 * MiB && !*level[2].why_not, "half of an eighth: %" PRIu64,
          level[2].bytes);
    machine_levels(&t, 16, 64 * GiB, level);
    CHECK(level[2].bytes == 3 * MiB / 2, "three quarters, where half is little: %" PRIu64,
          level[2].bytes);
    t.cache[2].size = 16 * MiB;
    machine_levels(&t, 16, 64 * GiB, level);
    CHECK(level[2].bytes == 0 && strstr(level[2].why_not, "too small to be told"), "%s",
          level[2].why_not);
    CHECK(level[3].bytes == 8 * MiB, "memory is cut among 16: %" PRIu64, level[3].bytes);

    machine_levels(&t, 1, 100 * MiB, level);
    CHECK(level[3].bytes == 0 && strstr(level[3].why_not, "half of what is free is 50 MiB"), "%s",
          level[3].why_not);
    machine_levels(&t, 1, 0, level);
    CHECK(level[3].bytes == 0, "no memory at all");

    t = machine(32 * KiB, 0, 0, 0);
    t.llc_bytes = 0;
    CHECK(machine_levels(&t, 1, UINT64_MAX, level) == 2, "one cache");
    CHECK(level[1].bytes == 512 * MiB, "as if the last cache were large: %" PRIu64, level[1].bytes);
}

/* Whatever a description says, sizes stay in range and levels apart. */
static void test_hostile_levels(void)
{
    static const uint64_t sizes[] = {0, 1, 64, 4095, 1 << 15, UINT64_C(1) << 34, UINT64_MAX};
    static const uint32_t shares[] = {0, 1, 3, UINT32_MAX};
    enum { N = sizeof(sizes) / sizeof(*sizes) };
    struct machine_level level[MACHINE_LEVELS];
    for (int i = 0; i < N * N * N; i++) {
        for (int k = 0; k < 4; k++) {
            struct machine_topology t =
                machine(sizes[i % N], sizes[i / N % N], sizes[i / N / N], shares[k]);
            const uint32_t ranks = k % 2 ? 1 : 1024;
            const int n = machine_levels(&t, ranks, 8 * GiB, level);
            CHECK(n >= 1 && n <= MACHINE_LEVELS, "%d levels", n);
            for (int l = 0; l < n; l++)
                CHECK(level[l].bytes % 4096 == 0 && level[l].bytes <= 16 * GiB &&
                          !level[l].bytes == !!*level[l].why_not,
                      "%s: %" PRIu64 " bytes, \"%s\"", level[l].name, level[l].bytes,
                      level[l].why_not);
        }
    }
}

static void test_chase(uint64_t seed)
{
    static const size_t sizes[] = {2, 3, 64, 1000, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        const size_t lines = sizes[i];
        char *const base = aligned_alloc(CHASE_LINE, lines * CHASE_LINE);
        char *const seen = calloc(lines, 1);
        chase_link(base, lines * CHASE_LINE, seed);
        const char *at = base;
        for (size_t step = 0; step < lines; step++) {
            const size_t line = (size_t)(at - base) / CHASE_LINE;
            CHECK(line < lines && !seen[line], "line %zu of %zu again", line, lines);
            seen[line % lines] = 1;
            at = chase_follow(at, 1);
        }
        CHECK(at == base && chase_follow(base, lines) == base, "a cycle of %zu lines", lines);
        free(seen);
        free(base);
    }
}

static void test_read_loops(uint64_t seed)
{
    enum { BYTES = 8 * READ_LOOP_BLOCK * 3 };
    uint64_t *const data = aligned_alloc(64, BYTES);
    uint64_t fold = 0;
    for (size_t i = 0; i < BYTES / sizeof(*data); i++)
        fold ^= data[i] = test_random(&seed);
    for (int masked = 0; masked < 3; masked++) {
        attn_cpu_set_mask(masked == 0 ? UINT64_MAX : masked == 1 ? ATTN_CPU_AVX2 : 0);
        const struct read_loops *const loops = read_loops_best();
        printf("read loops: %s\n", loops->name);
        CHECK(loops->one(data, BYTES, 1) == fold, "%s, one stream", loops->name);
        CHECK(loops->eight(data, BYTES, 1) == fold, "%s, eight streams", loops->name);
        CHECK(loops->one(data, BYTES, 4) == 0 && loops->eight(data, BYTES, 3) == fold,
              "%s, repeated", loops->name);
    }
    attn_cpu_set_mask(UINT64_MAX);
    free(data);
}

static void test_best(void)
{
    struct attn_survey s = {.readings = 1};
    struct attn_reading r = {.survey = &s, .kind = ATTN_SURVEY_READ, .what = "L2", .threads = 2};
    double spread;
    char text[96];
    s.reading = &r;
    CHECK(attn_reading_best(&r, &spread) == 0, "nothing was measured");
    const double rates[] = {90, 100, 97, 60, 98};
    memcpy(r.value, rates, sizeof(rates));
    r.values = 5;
    CHECK(attn_reading_best(&r, &spread) == 100 && spread > 0.029 && spread < 0.031, "%g", spread);
    r.kind = ATTN_SURVEY_LATENCY;
    CHECK(attn_reading_best(&r, &spread) == 60 && spread > ATTN_SURVEY_STABLE, "%g", spread);
    CHECK(attn_reading_is_unstable(&r, text, sizeof(text)), "half are far from the best");
    r.values = 1;
    CHECK(attn_reading_best(&r, &spread) == 90 && spread == 0, "one alone: %g", spread);
    attn_reading_key(&r, text, sizeof(text));
    CHECK_STR(text, "ceiling.latency_l2_ns.threads_2");
    attn_reading_words(&r, text, sizeof(text));
    CHECK_STR(text, "L2 latency of 2 threads");
}

static void test_unstable(void)
{
    struct attn_survey s = {.readings = 3};
    struct attn_reading r[3] = {
        {.survey = &s, .kind = ATTN_SURVEY_READ, .what = "L3", .threads = 1, .values = 1},
        {.survey = &s, .kind = ATTN_SURVEY_READ, .what = "memory", .threads = 1, .values = 1},
        {.survey = &s, .kind = ATTN_SURVEY_READ, .what = "L1", .threads = 2, .values = 1},
    };
    char why[64] = "";
    s.reading = r;
    r[0].value[0] = 20, r[1].value[0] = 10, r[2].value[0] = 100;
    CHECK(!attn_reading_is_unstable(&r[0], why, sizeof(why)), "%s", why);
    r[1].value[0] = 22;
    CHECK(attn_reading_is_unstable(&r[0], why, sizeof(why)), "memory faster than a cache");
    CHECK_STR(why, "memory was better");
    CHECK(!attn_reading_is_unstable(&r[1], why, sizeof(why)), "other threads do not count");
    r[0].kind = r[1].kind = ATTN_SURVEY_LATENCY;
    CHECK(!attn_reading_is_unstable(&r[0], why, sizeof(why)), "less is better: %s", why);
    r[1].value[0] = 10;
    CHECK(attn_reading_is_unstable(&r[0], why, sizeof(why)), "a load from memory in less time");
}

static struct attn_survey_file file;
static char root[TREE_MAX];

/* What becomes of a file with this text; the sentence in `said`. */
static int read_text(const char *text, char said[768])
{
    struct machine_context c = {0};
    struct attn_message why = {.text = ""};
    uint64_t age = 0;
    tree_write("", file.path, text);
    const int error = attn_survey_file_read(&file, &c, &age, &why);
    CHECK(!error == (c.items > 0), "%zu keys after %d", c.items, error);
    memcpy(said, why.text, sizeof(why.text));
    context_free(&c);
    return error;
}

static int read_keys(const char *identity, const char *taken, const char *more, char said[768])
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{\"context\": {\"ceiling.version\": \"1\", \"ceiling.machine\": \"%s\", "
             "\"ceiling.taken_at_seconds\": \"%s\"%s}, \"benchmarks\": []}",
             identity, taken, more);
    return read_text(text, said);
}

static void test_file(const struct machine_topology *t)
{
    struct machine_context c = {0}, back = {0};
    struct attn_message why;
    uint64_t age = 7;
    attn_survey_file_find(&file, t);
    CHECK(strstr(file.path, root) == file.path && strstr(file.path, "/attnbench/machine-"), "%s",
          file.path);
    CHECK(attn_survey_file_read(&file, &back, &age, &why) == -ENOENT, "there is none yet");
    context_set(&c, "ceiling.read_l1_bytes_per_second.threads_1", "1e11");
    context_set(&c, "ceiling.unstable", "a \"quoted\" \\ word");
    context_set(&c, "env.kernel", "not a ceiling");
    CHECK(attn_survey_file_write(&file, &c, &why) == 0, "%s", why.text);
    CHECK(attn_survey_file_read(&file, &back, &age, &why) == 0 && age <= 60, "%s", why.text);
    CHECK_STR(context_get(&back, "ceiling.read_l1_bytes_per_second.threads_1"), "1e11");
    CHECK_STR(context_get(&back, "ceiling.unstable"), "a \"quoted\" \\ word");
    CHECK_STR(context_get(&back, "ceiling.machine"), file.identity);
    CHECK(!context_get(&back, "env.kernel"), "only ceilings are kept");
    context_free(&back);
    context_free(&c);
}

static void test_bad_files(void)
{
    char said[768];
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"context\": {}}",
        "{\"context\": {}, \"benchmarks\": []}",
        "{\"context\": {\"ceiling.version\": \"2\"}, \"benchmarks\": []}",
        "\xff\xfe\x00",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        CHECK(read_text(texts[i], said) == -EINVAL && strstr(said, "it is not used"), "%s: %s",
              texts[i], said);

    CHECK(read_keys(file.identity, "1000", "", said) == 0, "%s", said);
    CHECK(read_keys("some other box", "1000", "", said) == -EINVAL &&
              strstr(said, "is of another machine (some other box)"),
          "%s", said);
    static const char *const times[] = {"", "-5", "99999999999999999999", "4102444800", "soon"};
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        CHECK(read_keys(file.identity, times[i], "", said) == -EINVAL, "taken at %s", times[i]);
    static const char *const values[] = {"-1", "nan", "inf", "1e300", "", "fast"};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        char more[128];
        snprintf(more, sizeof(more), ", \"ceiling.read_l1_bytes_per_second.threads_1\": \"%s\"",
                 values[i]);
        CHECK(read_keys(file.identity, "1000", more, said) == -EINVAL &&
                  strstr(said, "which cannot be"),
              "%s: %s", values[i], said);
    }
    unlink(file.path);
    mkdir(file.path, 0777);
    struct machine_context c = {0};
    struct attn_message why;
    uint64_t age;
    CHECK(attn_survey_file_read(&file, &c, &age, &why) == -EINVAL, "a folder");
    CHECK(attn_survey_file_write(&file, &c, &why) < 0 && strstr(why.text, "are not kept"), "%s",
          why.text);
    rmdir(file.path);
}

static void test_places(const struct machine_topology *t)
{
    struct attn_survey_file f;
    struct machine_context c = {0};
    struct attn_message why;
    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("HOME", root, 1);
    attn_survey_file_find(&f, t);
    CHECK(strstr(f.path, "/.cache/attnbench/"), "a relative folder does not count: %s", f.path);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    attn_survey_file_find(&f, t);
    CHECK_STR(f.path, "");
    CHECK(attn_survey_file_read(&f, &c, &(uint64_t){0}, &why) == -ENOENT, "nowhere");
    CHECK(attn_survey_file_write(&f, &c, &why) == -ENOENT && strstr(why.text, "HOME"), "%s",
          why.text);
    char long_home[2000];
    memset(long_home, 'x', sizeof(long_home) - 1);
    long_home[0] = '/';
    long_home[sizeof(long_home) - 1] = '\0';
    setenv("HOME", long_home, 1);
    attn_survey_file_find(&f, t);
    CHECK_STR(f.path, "");
    setenv("HOME", "/proc/nowhere", 1);
    attn_survey_file_find(&f, t);
    CHECK(attn_survey_file_write(&f, &c, &why) < 0 && strstr(why.text, "/proc/nowhere"), "%s",
          why.text);

    static const struct {
        uint64_t seconds;
        const char *text;
    } ages[] = {{0, "0 s"}, {119, "119 s"}, {120, "2 min"}, {7200, "2 h"}, {200000, "2 days"}};
    char text[32];
    for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++)
        CHECK_STR(attn_age_text(ages[i].seconds, text, sizeof(text)), ages[i].text);
}

int main(void)
{
    const uint64_t seed = test_seed();
    tree_make(root);
    setenv("XDG_CACHE_HOME", root, 1);
    struct machine_topology t = machine(32 * KiB, MiB, 32 * MiB, 16);
    snprintf(t.model, sizeof(t.model), "A \"fast\" CPU\nwith two lines");
    test_levels();
    test_hostile_levels();
    test_chase(seed);
    test_read_loops(seed);
    test_best();
    test_unstable();
    test_file(&t);
    snprintf(t.model, sizeof(t.model), "A CPU");
    attn_survey_file_find(&file, &t);
    test_bad_files();
    test_places(&t);
    tree_remove(root);
    return test_exit();
}
