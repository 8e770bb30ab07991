/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of callgrind's files, on text as callgrind writes it and on text it never would, and
 * what simulated caches may be. Whether the counts are right is asked of the program as a whole,
 * in sim.sh.
 */
#include "tests/test.h"
#include "tests/tree.h"

#include "analysis/callgrind.h"
#include "bench/machine/callgrind.h"

#include <errno.h>

static const char head[] = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\n";
static const char list[] = "events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw ILdmr DLdmr DLdmw\n";

static char root[TREE_MAX];

static int read_text(const char *text, const char *name, struct ana_callgrind *counts, char *why)
{
    char path[TREE_MAX + 16];
    tree_write(root, "/out.cg", text);
    snprintf(path, sizeof(path), "%s/out.cg", root);
    return ana_callgrind_read(path, name, counts, why, 256);
}

static int read_part(const char *trigger, const char *totals, struct ana_callgrind *counts)
{
    char text[2048], why[256];
    snprintf(text, sizeof(text), "%spart: 1\ndesc: Trigger: %s\n%ssummary: 9 9 9\nfn=a\n4 7\n%s\n",
             head, trigger, list, totals);
    return read_text(text, "decode/split b:1", counts, why);
}

static void test_totals(void)
{
    static const char named[] = "Client Request: decode/split b:1";
    struct ana_callgrind c;
    CHECK(!read_part(named, "totals: 100 50 40 3 2 1 10 20 30 4 5 6", &c), "in full");
    CHECK(c.instructions == 100 && c.lines_read == 60 && c.lines_written == 15, "sums");
    CHECK(!read_part(named, "totals: 100 50 40 3 2 1 10 20", &c), "cut short");
    CHECK(c.lines_read == 30 && c.lines_written == 0, "zeros at the end are left out");
    CHECK(!read_part(named, "totals: 0", &c) && c.instructions == 0, "nothing happened");

    static const char *const bad[] = {
        "totals:",
        "totals: ",
        "totals: -3",
        "totals: 1 x",
        "totals: 18446744073709551616",
        "totals: 1 2 3 4 5 6 7 8 9 10 11 12 13",
        "totals: 1 0 0 0 0 0 18446744073709551615 1",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(read_part(named, bad[i], &c) == -EBADMSG && !c.instructions, "%s", bad[i]);
    CHECK(read_part(named, "", &c) == -ENOENT, "no totals");
    CHECK(read_part("Client Request: decode/split b:2", "totals: 1", &c) == -ENOENT, "another's");
    CHECK(read_part("Program termination", "totals: 1", &c) == -ENOENT, "nobody's");
}

static void test_parts(void)
{
    struct ana_callgrind c;
    char text[4096], why[256];
    snprintf(text, sizeof(text),
             "%spart: 1\ndesc: Trigger: Client Request: a\n%stotals: 1\n"
             "part: 2\ndesc: Trigger: Client Request: b\nevents: DLmr Ir Odd\ntotals: 8 2 1\n"
             "part: 3\ndesc: Trigger: Program termination\n%ssummary: 18446744073709158381\n"
             "totals: 0\n",
             head, list, list);
    CHECK(!read_text(text, "b", &c, why), "%s", why);
    CHECK(c.instructions == 2 && c.lines_read == 8, "a part has a list of events of its own");
    CHECK(!read_text(text, NULL, &c, why) && c.instructions == 1, "the first");
    CHECK(read_text(text, "c", &c, why) == -ENOENT && strstr(why, "holds no counts of c"), "%s",
          why);
    CHECK(read_text("", NULL, &c, why) == -ENOENT, "empty");
    CHECK(read_text("part: 1\ndesc: Trigger: Client Request: a\ntotals: 5\n", "a", &c, why) ==
              -EBADMSG,
          "totals before any list of events");
    CHECK(strstr(why, "out.cg:3: not a line of callgrind"), "%s", why);
    CHECK(read_text("events:\n", "a", &c, why) == -EBADMSG, "no events");
    for (char *t = stpcpy(text, "events:"); t < text + 600;)
        t = stpcpy(t, " Ir");
    CHECK(read_text(text, "a", &c, why) == -EBADMSG, "more events than there are");
    CHECK(ana_callgrind_read("/nonexistent/x.cg", "a", &c, why, sizeof(why)) == -ENOENT, "no file");
}

static void test_caches(void)
{
    static const struct {
        uint64_t l1, ll;
        bool good;
    } sizes[] = {
        {32768, 8 << 20, true},
        {4096, 4096, true},
        {512, 1024, true},
        {32768, 0, false},
        {0, 8 << 20, false},
        {32769, 8 << 20, false},
        {256, 8 << 20, false},
        {512, 512, false},
        {8 << 20, 32768, false},
        {49152, 8 << 20, false},
        {32768, UINT64_C(2) << 30, false},
        {32768, UINT64_MAX, false},
    };
    char why[128];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        const struct callgrind_caches c = {.l1_bytes = sizes[i].l1, .ll_bytes = sizes[i].ll};
        CHECK(!callgrind_caches_check(&c, why, sizeof(why)) == sizes[i].good, "%llu+%llu",
              (unsigned long long)c.l1_bytes, (unsigned long long)c.ll_bytes);
    }
}

static void add_one(void *arg)
{
    ++*(int *)arg;
}

/* Outside of callgrind a region is its call, twice when warm. */
static void test_region(void)
{
    int calls = 0;
    callgrind_region("cold", false, add_one, &calls);
    CHECK(calls == 1, "%d", calls);
    callgrind_region("warm", true, add_one, &calls);
    CHECK(calls == 3, "%d", calls);
}

int main(void)
{
    tree_make(root);
    test_totals();
    test_parts();
    test_caches();
    test_region();
    tree_remove(root);
    return test_exit();
}
