/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds the harness's fuzz target with the inputs that are kept in tests/corpus/harness, and with
 * lines made of pieces that mean something and of noise.
 */
#include "tests/fuzz_harness.h"

#include "tests/test.h"

#include <glob.h>

static const char *const pieces[] = {
    "--benchmark_",
    "color=",
    "percentiles=",
    "50,99",
    "time_unit=",
    "us",
    "v=",
    "context=",
    "a=b",
    "-",
    "(",
    ")",
    "[",
    "]",
    "*",
    "a{1,3}",
    "^",
    "$",
    "|",
    ".*",
    "\\",
    "\"",
    "/",
    "kv:f16",
    "threads:2",
    "real_time",
    "DISABLED_",
    "nan",
    "inf",
    "1e308",
    "-1",
    "0",
    "\xc3\xa9",
    "\xff",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xe2\x82",
    "\x01",
    "\t",
    "%s%n",
    "warnings",
    "name",
    "date",
    "\n",
};

static size_t make_input(char *input, size_t room, uint64_t *random)
{
    const size_t count = test_random(random) % 24;
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t choice = test_random(random);
        char noise[2] = {(char)(1 + choice / 64 % 255), '\0'};
        const char *const piece = choice % 4 == 0 ? noise
                                  : choice % 4 == 1
                                      ? "\n"
                                      : pieces[choice / 64 % (sizeof(pieces) / sizeof(*pieces))];
        const size_t length = strlen(piece);
        if (size + length > room)
            break;
        memcpy(input + size, piece, length);
        size += length;
    }
    return size;
}

static void replay(const char *path)
{
    uint8_t input[4096];
    FILE *const file = fopen(path, "rb");
    const size_t size = file ? fread(input, 1, sizeof(input), file) : 0;
    CHECK(file && LLVMFuzzerTestOneInput(input, size) == 0, "%s", path);
    if (file)
        fclose(file);
}

static void replay_corpus(void)
{
    glob_t kept;
    CHECK(glob(CORPUS "/harness/*", 0, NULL, &kept) == 0, "no inputs in %s", CORPUS);
    for (size_t i = 0; i < kept.gl_pathc; i++)
        replay(kept.gl_pathv[i]);
    globfree(&kept);
}

int main(void)
{
    replay_corpus();
    uint64_t random = test_seed();
    char input[512];
    for (int i = 0; i < 1500; i++) {
        const size_t size = make_input(input, sizeof(input), &random);
        CHECK(LLVMFuzzerTestOneInput((const uint8_t *)input, size) == 0, "input %d", i);
    }
    return test_exit();
}
