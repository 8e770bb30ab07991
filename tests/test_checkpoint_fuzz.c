/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds the fuzz target of the checkpoint reader with kept inputs and with headers that are
 * almost right: tensors in sequence, then a few bytes replaced by what is special to the format.
 */
#include "tests/fuzz_checkpoint.h"

#include "tests/test.h"

#include <glob.h>

static const char *const pieces[] = {
    "9223372036854775807",
    "18446744073709551616",
    "-1",
    "0",
    "1e3",
    "4294967296",
    "null",
    "\"F32\"",
    "\"BF16\"",
    "\"F4\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\n",
    "\"w\"",
    "\"__metadata__\"",
    "\"model.layers.0.self_attn.k_proj.weight\"",
    "\xff",
    "\x01",
};
enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static size_t make_header(char *input, size_t room, uint64_t *random)
{
    static const char *const dtypes[] = {"F32", "F16", "BF16", "U8", "F64"};
    static const unsigned bytes[] = {4, 2, 2, 1, 8};
    const unsigned count = (unsigned)(test_random(random) % 4);
    unsigned at = 0;
    size_t size = 1 + (size_t)snprintf(input + 1, room - 1, "{");
    for (unsigned i = 0; i < count; i++) {
        const unsigned type = (unsigned)(test_random(random) % 5);
        const unsigned n = (unsigned)(test_random(random) % 4), end = at + n * 2 * bytes[type];
        size += (size_t)snprintf(input + size, room - size,
                                 "%s\"h.%u.attn.c_attn.weight\":{\"dtype\":\"%s\",\"shape\":[%u,2],"
                                 "\"data_offsets\":[%u,%u]}",
                                 i ? "," : "", i, dtypes[type], n, at, end);
        at = end;
    }
    input[0] = (char)at;
    return size + (size_t)snprintf(input + size, room - size, "}");
}

static size_t spoil(char *input, size_t size, size_t room, uint64_t *random)
{
    const char *const piece = pieces[test_random(random) % PIECES];
    const size_t length = strlen(piece), at = 1 + test_random(random) % (size - 1);
    const size_t gone = test_random(random) % 3 ? test_random(random) % 6 : 0;
    const size_t rest = at + gone < size ? size - at - gone : 0;
    if (at + length + rest > room)
        return size;
    memmove(input + at + length, input + size - rest, rest);
    memcpy(input + at, piece, length);
    return at + length + rest;
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

int main(void)
{
    glob_t kept;
    CHECK(glob(CORPUS "/checkpoint/*", 0, NULL, &kept) == 0, "no inputs in %s", CORPUS);
    for (size_t i = 0; i < kept.gl_pathc; i++)
        replay(kept.gl_pathv[i]);
    globfree(&kept);
    uint64_t random = test_seed();
    char input[1024];
    for (int i = 0; i < 5000; i++) {
        size_t size = make_header(input, sizeof(input), &random);
        for (uint64_t n = test_random(&random) % 3; n; n--)
            size = spoil(input, size, sizeof(input), &random);
        CHECK(LLVMFuzzerTestOneInput((const uint8_t *)input, size) == 0, "input %d", i);
    }
    return test_exit();
}
