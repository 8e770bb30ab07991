/* SPDX-License-Identifier: Apache-2.0 */
/* Are two executables the same code? Asked of this one, and of copies with a few bytes changed. */
#include "tests/test.h"

#include <stdbool.h>
#include <unistd.h>

#include "analysis/regress/same_code.h"

__attribute__((section(".build_identity"), used)) static const char build[] = "build of mOnday";
/* Volatile, or the compiler keeps no text to look for. */
static const volatile char loaded[] = "loaded like cOde";

static char *bytes;
static size_t size;

static void read_self(void)
{
    FILE *const file = fopen("/proc/self/exe", "rb");
    CHECK(file, "cannot read myself");
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(size);
    CHECK(bytes && fread(bytes, 1, size, file) == size, "short");
    fclose(file);
}

static bool same_with(const char *path, size_t length)
{
    FILE *const file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, length, file) == length, "cannot write %s", path);
    fclose(file);
    return reg_same_code("/proc/self/exe", path) && reg_same_code(path, "/proc/self/exe");
}

/* Turns the capital O of a text into another letter, wherever the file has the text. */
static void change(const char *text)
{
    const size_t n = strlen(text), at = (size_t)(strchr(text, 'O') - text);
    size_t found = 0;
    for (size_t i = 0; i + n <= size; i++)
        if (memcmp(bytes + i, text, n) == 0) {
            bytes[i + at] = 'x';
            found++;
        }
    CHECK(found, "\"%s\" is not in the file", text);
}

static void check_hostile(const char *path, uint64_t *random)
{
    for (size_t length = 0; length < 200; length += 7)
        CHECK(!same_with(path, length), "%zu bytes", length);
    /* Headers of nonsense must be survived; what they say does not matter. */
    for (int round = 0; round < 300; round++) {
        char kept[64];
        memcpy(kept, bytes, sizeof(kept));
        for (int i = 0; i < 4; i++)
            bytes[16 + test_random(random) % 48] = (char)test_random(random);
        same_with(path, size);
        memcpy(bytes, kept, sizeof(kept));
    }
}

int main(void)
{
    char path[] = "/tmp/test_same_code.XXXXXX";
    uint64_t random = test_seed();
    const int made = mkstemp(path);
    CHECK(made >= 0 && build[0] == 'b' && loaded[0] == 'l', "a file of our own");
    close(made);
    read_self();
    CHECK(same_with(path, size), "a copy");
    change(build);
    CHECK(same_with(path, size), "another name of the build");
    check_hostile(path, &random);
    char text[sizeof(loaded)];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = loaded[i];
    change(text);
    CHECK(!same_with(path, size), "another constant");
    CHECK(!reg_same_code(path, "/nowhere") && !reg_same_code("/etc/passwd", "/etc/passwd"),
          "no programs");
    unlink(path);
    free(bytes);
    return test_exit();
}
