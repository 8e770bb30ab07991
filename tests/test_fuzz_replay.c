/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds a fuzz target with the inputs that are kept for it, each as it is, cut off anywhere, and
 * with bytes changed. The folder is the only argument.
 */
#include "tests/fuzz_replay.h"

#include "tests/test.h"

#include <glob.h>

enum { INPUT_MAX = 1 << 14, VARIANTS = 300 };

static void replay(const char *path, uint64_t *seed)
{
    static uint8_t input[INPUT_MAX], changed[INPUT_MAX];
    FILE *const file = fopen(path, "rb");
    const size_t size = file ? fread(input, 1, sizeof(input), file) : 0;
    CHECK(file && size && LLVMFuzzerTestOneInput(input, size) == 0, "%s", path);
    for (size_t i = 0; size && i < VARIANTS; i++) {
        const size_t cut = i % 4 ? size : test_random(seed) % size;
        memcpy(changed, input, size);
        for (size_t k = 0; k < 1 + i % 5; k++)
            changed[test_random(seed) % size] =
                i % 2 ? (uint8_t)test_random(seed)
                      : (uint8_t) "0123456789-{}[]\",:e.ntf"[test_random(seed) % 23];
        CHECK(LLVMFuzzerTestOneInput(changed, cut) == 0, "%s, variant %zu", path, i);
    }
    if (file)
        fclose(file);
}

int main(int argc, char **argv)
{
    uint64_t seed = test_seed();
    char pattern[4096];
    glob_t kept = {0};
    snprintf(pattern, sizeof(pattern), "%s/*", argc > 1 ? argv[1] : ".");
    CHECK(glob(pattern, 0, NULL, &kept) == 0, "no inputs in %s", pattern);
    for (size_t i = 0; i < kept.gl_pathc; i++)
        replay(kept.gl_pathv[i], &seed);
    globfree(&kept);
    return test_exit();
}
