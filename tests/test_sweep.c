/* SPDX-License-Identifier: Apache-2.0 */
/* Suite files: their grammar, the line each refusal names, and what the command line overrides. */
#include "tests/test.h"

#include "bench/cases/sweep.h"

#include <errno.h>
#include <unistd.h>

static void test_grammar(void)
{
    struct attn_sweep s;
    struct attn_message why;
    const char *const text = "# a comment\n"
                             "about = what it is # and a remark\r\n"
                             "benchmark_min_time = 0.1s\n"
                             "kv_type = f16\n"
                             "\n"
                             "[ one ]\n"
                             "  kv-heads = 32, 8\n"
                             "[two]\n"
                             "kv_type=f32\n"
                             "context = 512-2048*2";
    CHECK(attn_sweep_parse("x", text, &s, &why) == 0, "%s", why.text);
    CHECK(s.n == 2 && s.flags == 1, "%zu blocks, %zu flags", s.n, s.flags);
    CHECK_STR(s.about, "what it is");
    CHECK_STR(s.flag[0], "--benchmark_min_time=0.1s");
    CHECK_STR(s.block[0].name, "one");
    CHECK_STR(s.block[0].settings.text[ATTN_OPT_KV_TYPE], "f16");
    CHECK_STR(s.block[0].settings.text[ATTN_OPT_KV_HEADS], "32, 8");
    CHECK(!s.block[0].settings.text[ATTN_OPT_CONTEXT], "a key of the other block");
    CHECK_STR(s.block[1].settings.text[ATTN_OPT_KV_TYPE], "f32");
    CHECK(!s.block[1].settings.text[ATTN_OPT_KV_HEADS], "a key of the other block");
    attn_sweep_free(&s);
}

static void test_refusals(void)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "x: the suite has no [block]"},
        {"# nothing\n", "x: the suite has no [block]"},
        {"[a]\nheads\n", "x:2: \"heads\" is neither [block] nor key = value"},
        {"[a\n", "x:1: \"[a\" lacks its closing ]"},
        {"[ ]\n", "x:1: a block needs a name: [name]"},
        {"[a]\nheds = 8\n", "x:2: unknown key heds; did you mean heads?"},
        {"[a]\nzzzzzzz = 8\n", "x:2: unknown key zzzzzzz; --help lists them"},
        {"[a]\n\nheads = 0\n", "x:3: heads: 0 is too small, the smallest is 1"},
        {"[a]\nheads =\n", "x:2: heads: the value is empty"},
        {"[a]\nheads = 8\nheads = 9\n", "x:3: heads is set twice"},
        {"heads = 8\nheads = 9\n[a]\n", "x:2: heads is set twice"},
        {"[a]\nresume = r.json\n", "x:2: resume belongs on the command line, not in a suite"},
        {"benchmark_min_tim = 1s\n[a]\n",
         "x:1: unknown key benchmark_min_tim; did you mean benchmark_min_time?"},
        {"[a]\nbenchmark_min_time = 1s\n",
         "x:2: benchmark_min_time holds for the whole suite; put it before the first [block]"},
    };
    struct attn_sweep s;
    struct attn_message why;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(attn_sweep_parse("x", bad[i].text, &s, &why) == -EINVAL, "%s", bad[i].text);
        CHECK_STR(why.text, bad[i].message);
    }
}

static void test_override(void)
{
    struct attn_sweep s;
    struct attn_message why;
    struct attn_settings typed = {.text = {[ATTN_OPT_CONTEXT] = "64", [ATTN_OPT_MODEL] = "m"}};
    CHECK(attn_sweep_parse("x", "heads = 4\n[a]\ncontext = 512\n[b]\nbatch = 2\n", &s, &why) == 0,
          "%s", why.text);
    attn_sweep_override(&s, &typed);
    for (size_t b = 0; b < s.n; b++) {
        CHECK_STR(s.block[b].settings.text[ATTN_OPT_CONTEXT], "64");
        CHECK_STR(s.block[b].settings.text[ATTN_OPT_MODEL], "m");
        CHECK(!s.block[b].settings.text[ATTN_OPT_HEADS], "the model's heads were asked for");
    }
    CHECK_STR(s.block[1].settings.text[ATTN_OPT_BATCH], "2");
    attn_sweep_free(&s);
}

/* Every suite that is compiled in reads, and says what it is. */
static void test_built_in(void)
{
    struct attn_sweep s;
    struct attn_message why;
    CHECK(attn_suite_count >= 3, "%zu suites", attn_suite_count);
    for (size_t i = 0; i < attn_suite_count; i++) {
        const int error = attn_sweep_open(attn_suites[i].name, &s, &why);
        CHECK(error == 0, "%s", why.text);
        if (error)
            continue;
        CHECK(*s.about, "%s says not what it is about", attn_suites[i].name);
        attn_sweep_free(&s);
    }
    CHECK(attn_sweep_open("quik", &s, &why) == -EINVAL, "quik");
    CHECK(strstr(why.text, "no suite is called \"quik\"; did you mean quick?"), "%s", why.text);
}

static void test_files(void)
{
    char path[] = "/tmp/attn_sweep_XXXXXX.sweep";
    struct attn_sweep s;
    struct attn_message why;
    const int fd = mkstemps(path, 6);
    CHECK(fd >= 0, "no temporary file");
    FILE *const file = fdopen(fd, "w");
    fputs("[only]\nheads = 8\n", file);
    fclose(file);
    CHECK(attn_sweep_open(path, &s, &why) == 0, "%s", why.text);
    attn_sweep_free(&s);
    CHECK(truncate(path, 64) == 0, "truncate"); /* pads with NUL bytes */
    CHECK(attn_sweep_open(path, &s, &why) == -EINVAL, "NUL bytes");
    CHECK(strstr(why.text, "is not a suite: it is not a text file"), "%s", why.text);
    unlink(path);
    CHECK(attn_sweep_open(path, &s, &why) == -ENOENT, "a missing file");
    CHECK(strstr(why.text, "No such file"), "%s", why.text);
    CHECK(attn_sweep_open("/", &s, &why) < 0, "a directory");
}

int main(void)
{
    test_grammar();
    test_refusals();
    test_override();
    test_built_in();
    test_files();
    return test_exit();
}
