/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the gate on counts: what callgrind's files say of functions, whole and cut off, and
 * which results may be held against each other.
 */
#include "tests/test.h"

#include <errno.h>

#include "analysis/regress/history/machine_class.h"
#include "analysis/regress/sim/functions.h"
#include "tests/tree.h"

static char root[TREE_MAX];

static const char file_of_a[] = "version: 1\ncreator: callgrind\npart: 1\n"
                                "desc: Trigger: Client Request: case/a:1\n"
                                "positions: line\nevents: Dr Ir Dw\n\n"
                                "ob=/x\nfl=f.c\nfn=run\n0 7 100 1\ncfn=scores\ncalls=2 0\n"
                                "0 1 5000 1\n0 1 11\n\nfn=scores\n0 3 4000 2\n0 1 1000\n"
                                "fn=run\n0 0 5\n\ntotals: 12 5116 4\n";

static void test_functions(void)
{
    struct reg_functions a, b;
    char text[256];
    tree_write(root, "/1.cg",
               "version: 1\ndesc: Trigger: Client Request: case/b:1\n"
               "events: Ir\nfn=run\n0 116\nfn=weigh\n0 20000\n");
    tree_write(root, "/2.cg", file_of_a);
    tree_write(root, "/3.cg.log", "not of callgrind");
    CHECK(reg_functions_read(root, "case/a:1", &a) == 0 && a.count == 2, "%zu functions", a.count);
    CHECK_STR(a.list[0].name, "run");
    CHECK(a.list[0].instructions == 116, "%llu", (unsigned long long)a.list[0].instructions);
    CHECK_STR(a.list[1].name, "scores");
    CHECK(a.list[1].instructions == 5000, "%llu", (unsigned long long)a.list[1].instructions);
    CHECK(reg_functions_read(root, "case/b:1", &b) == 0 && b.count == 2, "%zu functions", b.count);
    reg_functions_difference(&a, &b, 5, text, sizeof(text));
    CHECK_STR(text, "weigh +20 k (new), scores -5000 (-100.0%)");
    reg_functions_difference(&a, &b, 1, text, sizeof(text));
    CHECK_STR(text, "weigh +20 k (new)");
    reg_functions_difference(&a, &a, 5, text, sizeof(text));
    CHECK_STR(text, "");
    reg_functions_difference(&a, &b, 5, text, 8);
    CHECK(strlen(text) < 8, "%s", text);
    reg_functions_free(&a);
    reg_functions_free(&b);
    CHECK(reg_functions_read(root, "case/a", &a) == -ENOENT, "another case");
    CHECK(reg_functions_read("/nowhere", "case/a", &a) == -ENOENT, "no folder");
}

/* Cut off anywhere and with any byte replaced it is read or refused, and nothing else. */
static void test_damaged(void)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 300; i++) {
        char text[sizeof(file_of_a)];
        struct reg_functions found;
        memcpy(text, file_of_a, sizeof(text));
        const size_t at = 60 + test_random(&random) % (sizeof(text) - 61);
        text[at] = test_random(&random) % 2 ? (char)(1 + test_random(&random) % 255) : '\0';
        tree_write(root, "/2.cg", text);
        const int status = reg_functions_read(root, "case/a:1", &found);
        CHECK(status == 0 || status == -ENOENT || status == -EBADMSG, "%d", status);
        reg_functions_free(&found);
    }
}

static void test_classes(void)
{
    struct ana_context was[] = {{"env.compiler", "gcc 12"},
                                {"env.flags", "-DA=1 -O3"},
                                {"env.kernel", "Linux 5.4"},
                                {"host_name", "a"}};
    struct ana_context is[] = {{"env.compiler", "gcc 12"},
                               {"env.flags", "-O3 -DB -UA"},
                               {"env.kernel", "Linux 6.1"},
                               {"host_name", "b"}};
    const struct ana_result a = {.context = was, .context_count = 4};
    const struct ana_result b = {.context = is, .context_count = 4};
    char text[300];
    CHECK(!reg_class_difference(&a, &b, true, text, sizeof(text)), "%s", text);
    CHECK(reg_class_difference(&a, &b, false, text, sizeof(text)), "kernels differ");
    CHECK_STR(text, "kernel is Linux 6 and was Linux 5");
    is[0].value = "clang 14";
    is[1].value = "-O2";
    CHECK(reg_class_difference(&a, &b, true, text, sizeof(text)), "compilers differ");
    CHECK_STR(text, "compiler is clang 14 and was gcc 12, flags is -O2 and was -O3");
    is[1].value = "-DB";
    is[0].key = "x";
    CHECK(reg_class_difference(&a, &b, true, text, sizeof(text)), "one is not known");
    CHECK_STR(text, "compiler is not known and was gcc 12, flags is none and was -O3");
    for (size_t i = 0; i < 50; i++)
        if (!reg_class_key(i, true))
            CHECK(i > 3 && !reg_class_key(i + 1, true), "%zu keys", i);
}

int main(void)
{
    tree_make(root);
    test_functions();
    test_damaged();
    test_classes();
    tree_remove(root);
    return test_exit();
}
