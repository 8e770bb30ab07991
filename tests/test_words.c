/* SPDX-License-Identifier: Apache-2.0 */
/* What people type: numbers with suffixes, and words that are nearly right. */
#include "tests/test.h"

#include <errno.h>
#include <stdint.h>

#include "analysis/nearest.h"
#include "analysis/number.h"

static void check_counts(void)
{
    static const struct {
        const char *text;
        int status;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"32", 0, 32},
        {"8K", 0, 8192},
        {"1m", 0, 1 << 20},
        {"2G", 0, UINT64_C(2) << 30},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", -ERANGE, 7},
        {"99999999999999999999999", -ERANGE, 7},
        {"18446744073709551615K", -ERANGE, 7},
        {"", -EINVAL, 7},
        {"-1", -EINVAL, 7},
        {"+1", -EINVAL, 7},
        {" 1", -EINVAL, 7},
        {"1 ", -EINVAL, 7},
        {"K", -EINVAL, 7},
        {"1KK", -EINVAL, 7},
        {"1.5K", -EINVAL, 7},
        {"0x10", -EINVAL, 7},
        {"ten", -EINVAL, 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 7;
        const int status =
            ana_parse_count(cases[i].text, strlen(cases[i].text), UINT64_MAX, &value);
        CHECK(status == cases[i].status && value == cases[i].value, "\"%s\": %d, %llu",
              cases[i].text, status, (unsigned long long)value);
    }
    uint64_t value = 7;
    CHECK(ana_parse_count("1025", 4, 1024, &value) == -ERANGE && value == 7, "range");
    CHECK(ana_parse_count("1024,", 4, 1024, &value) == 0 && value == 1024, "bounded");
}

static void check_bytes(void)
{
    static const struct {
        const char *text;
        int status;
        uint64_t value;
    } cases[] = {
        {"16GiB", 0, UINT64_C(16) << 30},
        {"16GB", 0, UINT64_C(16000000000)},
        {"1.5gib", 0, UINT64_C(3) << 29},
        {"512M", 0, 512 << 20},
        {"1024", 0, 1024},
        {"1024B", 0, 1024},
        {"1.5.5G", -EINVAL, 7},
        {"GiB", -EINVAL, 7},
        {"", -EINVAL, 7},
        {"-1G", -EINVAL, 7},
        {"1X", -EINVAL, 7},
        {"99999999T", -ERANGE, 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 7;
        const int status = ana_parse_bytes(cases[i].text, strlen(cases[i].text), &value);
        CHECK(status == cases[i].status && value == cases[i].value, "\"%s\": %d, %llu",
              cases[i].text, status, (unsigned long long)value);
    }
}

static void check_reals(void)
{
    static const char *const bad[] = {"", "nan", "inf", "0x1", "1e", "1.2.3", "--1", "1 "};
    double value = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(ana_parse_real(bad[i], strlen(bad[i]), &value) == -EINVAL && value == 7, "\"%s\"",
              bad[i]);
    CHECK(ana_parse_real("1e999", 5, &value) == -ERANGE && value == 7, "range");
    CHECK(ana_parse_real("-2.5e-1", 7, &value) == 0 && value == -0.25, "real");
}

static void check_nearest(void)
{
    CHECK(ana_edit_distance("", "abc") == 3, "insertions");
    CHECK(ana_edit_distance("kitten", "sitting") == 3, "mixed");
    CHECK(ana_edit_distance("kv_heads", "kv-heads") == 0, "dashes");
    CHECK(ana_edit_distance("batch", "bacth") == 1, "swap");
    char endless[200];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    CHECK(ana_edit_distance(endless, "x") == 62, "long");

    static const char *const words[] = {"decode", "prefill", "generate", "layer"};
    struct ana_nearest near = {.word = "decdoe"}, far = {.word = "zebra"}, empty = {.word = ""};
    CHECK(!ana_nearest_best(&near), "before an offer");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        ana_nearest_offer(&near, words[i]);
        ana_nearest_offer(&far, words[i]);
        ana_nearest_offer(&empty, words[i]);
    }
    CHECK(ana_nearest_best(&near) && strcmp(ana_nearest_best(&near), "decode") == 0, "near");
    CHECK(!ana_nearest_best(&far), "far");
    CHECK(!ana_nearest_best(&empty), "empty");
    CHECK(ana_word_equal("kv-type", "kv_type") && !ana_word_equal("kv_type", "kv_types"), "words");
}

int main(void)
{
    check_counts();
    check_bytes();
    check_reals();
    check_nearest();
    return test_exit();
}
