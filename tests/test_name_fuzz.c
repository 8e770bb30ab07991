/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds the fuzz target of names with kept inputs and with names that are right or almost: a small
 * problem's keys in their order, each with a value that may be hostile, then a few bytes replaced.
 */
#include "tests/fuzz_name.h"

#include <glob.h>

#include "tests/test.h"

struct key {
    const char *key;
    const char *values[12];
    unsigned odds; /* one name in so many has it; 0: all */
};

static const struct key keys[] = {
    {"kv",
     {"f32", "f16", "bf16", "i8", "i4c+i4", "f16+f32", "e4m3", "i4", "i8c+e5m2", "i8c", "f99", ""},
     0},
    {"batch", {"1", "1", "2", "3", "0", "4294967296"}, 0},
    {"heads", {"1", "2", "6", "8", "12", "16", "30", "-1"}, 0},
    {"kv_heads", {"1", "2", "2", "1", "3", "7"}, 0},
    {"dim", {"8", "16", "16", "24", "7", "40+16", "16+40", "33"}, 0},
    {"context", {"1", "2", "15", "48", "49", "97", "130", "18446744073709551615"}, 0},
    {"q_len", {"1", "2", "5", "64", "131"}, 4},
    {"layout",
     {"paged16", "paged1", "paged7", "token_major", "ring", "paged0", "moon", "transposed"},
     2},
    {"window", {"1", "5", "17", "64", "4096"}, 4},
    {"chunk", {"1", "8", "33"}, 6},
    {"mask", {"full", "tree", "causal", "none"}, 6},
    {"head_map", {"cyclic", "block"}, 8},
    {"ragged", {"50", "99", "100"}, 6},
    {"sinks", {"1", "0", "on"}, 6},
    {"alibi", {"1", "2"}, 8},
    {"rel_bias", {"1", "0"}, 6},
    {"v_is_k_prefix", {"1", "0"}, 8},
    {"softcap", {"30", "0.5", "nan", "-1", "1e40"}, 8},
    {"scale", {"1", "0.125", "inf"}, 10},
    {"prefix", {"16", "32", "1", "7", "48", "4294967295"}, 3},
};

/* Of a layer, of a model, of generating. */
static const struct key layer_keys[] = {
    {"form", {"llama", "gpt2", "t5", "bert"}, 0},
    {"weights", {"f16", "f32", "i8", "i4"}, 0},
    {"width", {"64", "32", "0"}, 0},
    {"ffn", {"128", "1", "-1"}, 0},
    {"cross", {"48", "0"}, 8},
    {"projection", {"gemv", "gemm", "auto"}, 4},
};

static const struct key model_keys[] = {
    {"layers", {"2", "3", "0"}, 0},
    {"layers_run", {"1", "2", "3"}, 0},
    {"vocab", {"100", "1", "-1"}, 0},
    {"mix", {"1w16+1", "1", "1k1+1s", "1w5", "5w"}, 2},
};

static const struct key generate_keys[] = {
    {"prompt", {"8", "1", "0"}, 2},
    {"trace", {"0123abcd", "1"}, 2},
};

/* Of how it is run. */
static const struct key run_keys[] = {
    {"splits", {"1", "2", "9", "4000000000"}, 4}, {"tile", {"8", "24", "256"}, 12},
    {"prefetch", {"none", "1", "4", "off"}, 12},  {"pages", {"4k", "thp", "17k"}, 12},
    {"placement", {"scatter", "compact"}, 12},    {"cache", {"hot", "cold"}, 4},
};

static const char *const kernels[] = {"split", "split.avx2", "ref", "tiled.avx512", "", "a*b"};

/* A phase, and how many of the tables of layers its names have. */
static const struct {
    const char *name;
    int tables;
} phases[] = {{"decode", 0}, {"decode", 0}, {"decode", 0},   {"decode", 0}, {"prefill", 0},
              {"layer", 1},  {"model", 2},  {"generate", 3}, {"sleep", 0}};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Some keys of a table in their order, mostly with the first, tamest values. */
static size_t add_keys(char *text, size_t n, size_t room, const struct key *table, size_t count,
                       uint64_t *random)
{
    for (size_t i = 0; i < count; i++) {
        size_t values = 0;
        while (values < COUNT(table->values) && table[i].values[values])
            values++;
        if (table[i].odds && test_random(random) % table[i].odds)
            continue;
        const size_t value = test_random(random) % values % (1 + test_random(random) % values);
        n += (size_t)snprintf(text + n, room - n, "/%s:%s", table[i].key, table[i].values[value]);
    }
    return n;
}

static size_t make_name(char *text, size_t room, uint64_t *random)
{
    const uint64_t which = test_random(random);
    const size_t phase = which % COUNT(phases), kernel = which / 64 % COUNT(kernels);
    const int tables = phases[phase].tables;
    size_t n = (size_t)snprintf(text, room, "%s/%s", phases[phase].name, kernels[kernel]);
    n = add_keys(text, n, room, keys, COUNT(keys), random);
    if (tables > 0)
        n = add_keys(text, n, room, layer_keys, COUNT(layer_keys), random);
    if (tables > 1)
        n = add_keys(text, n, room, model_keys, COUNT(model_keys), random);
    if (tables > 2)
        n = add_keys(text, n, room, generate_keys, COUNT(generate_keys), random);
    n = add_keys(text, n, room, run_keys, COUNT(run_keys), random);
    if (test_random(random) % 3)
        n += (size_t)snprintf(text + n, room - n, "/real_time/threads:%u",
                              1 + (unsigned)(which % 2));
    return n;
}

static void spoil(char *text, size_t size, uint64_t *random)
{
    static const char special[] = "/:+0919.-_xK \xff";
    text[test_random(random) % size] = special[test_random(random) % (sizeof(special) - 1)];
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
    uint64_t random = test_seed();
    char text[1024];
    glob_t kept;
    CHECK(glob(CORPUS "/name/*", 0, NULL, &kept) == 0, "no inputs in %s", CORPUS);
    for (size_t i = 0; i < kept.gl_pathc; i++)
        replay(kept.gl_pathv[i]);
    globfree(&kept);
    for (int i = 0; i < 6000; i++) {
        const size_t size = make_name(text, sizeof(text), &random);
        for (uint64_t n = test_random(&random) % 4; n > 1; n--)
            spoil(text, size, &random);
        CHECK(LLVMFuzzerTestOneInput((const uint8_t *)text, size) == 0, "input %d", i);
    }
    return test_exit();
}
