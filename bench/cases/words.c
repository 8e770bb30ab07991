/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of words.h. The tables of the kernels' room are the authority wherever there is one.
 */
#include "bench/cases/words.h"

#include "analysis/nearest.h"
#include "analysis/number.h"
#include "bench/machine/arena.h"
#include "kernels/cpu.h"
#include "kernels/registry.h"

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PREFETCH_MAX = 4, PAGE_MAX = 1 << 16 };

/* Problems hold floats, in which a number that is too small is 0: off, or auto. */
static bool vanishes(double value)
{
    return value > 0 && (float)value < FLT_MIN;
}

/* Adds ", word" to a sentence under construction; what does not fit is left out. */
static void add(char *text, size_t size, const char *word)
{
    const size_t n = strlen(text);
    snprintf(text + n, size - n, "%s%s", n ? ", " : "", word);
}

static int refuse_word(const char *item, const char *all, const struct ana_nearest *near,
                       struct attn_message *why)
{
    const char *const best = ana_nearest_best(near);
    return attn_refuse(why, -EINVAL, "\"%s\" is none of %s%s%s%s", item, all,
                       best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

int attn_check_word(const char *const *words, const char *item, struct attn_message *why)
{
    char all[256] = "";
    struct ana_nearest near = {.word = item};
    for (; *words; words++) {
        if (strcmp(*words, item) == 0)
            return 0;
        add(all, sizeof(all), *words);
        ana_nearest_offer(&near, *words);
    }
    return refuse_word(item, all, &near, why);
}

int attn_check_phase(const char *item, struct attn_message *why)
{
    enum attn_phase phase;
    const char *words[ATTN_PHASES + 1] = {0};
    for (int i = 0; i < ATTN_PHASES; i++)
        words[i] = attn_phase_name((enum attn_phase)i);
    if (attn_phase_parse(item, strlen(item), &phase))
        return attn_check_word(words, item, why);
    return 0;
}

static int check_type(const char *item, size_t len, struct attn_message *why)
{
    char word[32], all[128] = "";
    enum attn_type type;
    if (attn_type_parse(item, len, &type) == 0)
        return 0;
    snprintf(word, sizeof(word), "%.*s", (int)len, item);
    struct ana_nearest near = {.word = word};
    for (int i = 0; i < ATTN_TYPES; i++) {
        add(all, sizeof(all), attn_types[i].name);
        ana_nearest_offer(&near, attn_types[i].name);
    }
    return refuse_word(word, all, &near, why);
}

int attn_check_type(const char *item, struct attn_message *why)
{
    return check_type(item, strlen(item), why);
}

int attn_check_kv_type(const char *item, struct attn_message *why)
{
    const size_t len = strcspn(item, "+");
    if (!len || (item[len] && !item[len + 1]))
        return attn_refuse(why, -EINVAL, "\"%s\" lacks a type beside its +; write f16+i8", item);
    const int error = check_type(item, len, why);
    return error || !item[len] ? error : attn_check_type(item + len + 1, why);
}

int attn_check_layout(const char *item, struct attn_message *why)
{
    struct attn_problem p = attn_problem_default();
    char part[64];
    const int n = snprintf(part, sizeof(part), "layout:%s", item);
    const bool paged = strncmp(item, "paged", 5) == 0;
    if ((size_t)n < sizeof(part) && attn_problem_set(&p, part, (size_t)n) == 1 &&
        (paged ? p.page >= 1 && p.page <= PAGE_MAX : p.layout != ATTN_PAGED))
        return 0;
    if (paged && item[5] && !item[5 + strspn(item + 5, "0123456789")])
        return attn_refuse(why, -EINVAL, "\"%s\": a page has from 1 to %d tokens", item, PAGE_MAX);
    if (paged)
        return attn_refuse(why, -EINVAL,
                           "\"%s\" does not say the page size; write paged16, or another number "
                           "of tokens from 1 to %d",
                           item, PAGE_MAX);
    static const char *const words[] = {"contiguous", "token_major", "paged16",
                                        "ring",       "transposed",  NULL};
    return attn_check_word(words, item, why);
}

int attn_check_real(const char *item, struct attn_message *why)
{
    double value;
    if (ana_parse_real(item, strlen(item), &value) == 0 && value >= 0 && value <= 1e6 &&
        !vanishes(value))
        return 0;
    return attn_refuse(why, -EINVAL, "\"%s\" is not a number from 0 to 1e6", item);
}

int attn_check_scale(const char *item, struct attn_message *why)
{
    double value;
    if (strcmp(item, "auto") == 0 || (ana_parse_real(item, strlen(item), &value) == 0 &&
                                      value > 0 && value <= 1e6 && !vanishes(value)))
        return 0;
    return attn_refuse(why, -EINVAL, "\"%s\" is neither auto nor a number above 0, up to 1e6",
                       item);
}

static const struct {
    const char *rung, *sentence;
} optional_rungs[] = {
    {"blas_gemv", "this build has no OpenBLAS; install libopenblas-dev and build again"},
    {"blas_gemm", "this build has no OpenBLAS; install libopenblas-dev and build again"},
};

const char *attn_kernel_absent(const char *rung)
{
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i]->rung, rung) == 0)
            return NULL;
    for (size_t i = 0; i < sizeof(optional_rungs) / sizeof(*optional_rungs); i++)
        if (strcmp(optional_rungs[i].rung, rung) == 0)
            return optional_rungs[i].sentence;
    return NULL;
}

int attn_check_kernel(const char *item, struct attn_message *why)
{
    if (strcmp(item, "best") == 0 || attn_kernel_absent(item))
        return 0;
    /* Names are offered as people write them: the rung, and the full name. */
    static char names[256][80];
    size_t count, n = 0;
    const struct attn_kernel *const *const all = attn_registry(&count);
    struct ana_nearest near = {.word = item};
    for (size_t i = 0; i < count; i++) {
        if (attn_kernel_selected(all[i], item))
            return 0;
        ana_nearest_offer(&near, all[i]->rung);
        if (n < sizeof(names) / sizeof(*names)) {
            attn_kernel_name(all[i], names[n], sizeof(names[n]));
            ana_nearest_offer(&near, names[n++]);
        }
    }
    ana_nearest_offer(&near, "best");
    const char *const best = ana_nearest_best(&near);
    if (best)
        return attn_refuse(why, -EINVAL, "no kernel is called \"%s\"; did you mean %s?", item,
                           best);
    return attn_refuse(why, -EINVAL, "no kernel matches \"%s\"; --list_kernels shows them all",
                       item);
}

int attn_check_tile(const char *item, struct attn_message *why)
{
    uint64_t tokens;
    if (strcmp(item, "auto") == 0 ||
        (ana_parse_count(item, strlen(item), ATTN_TILE_MAX, &tokens) == 0 && tokens &&
         tokens % 8 == 0))
        return 0;
    return attn_refuse(why, -EINVAL, "\"%s\" is neither auto nor a multiple of 8 from 8 to %d",
                       item, ATTN_TILE_MAX);
}

int attn_check_prefetch(const char *item, struct attn_message *why)
{
    uint64_t tiles;
    if (strcmp(item, "auto") == 0 || strcmp(item, "none") == 0 ||
        (ana_parse_count(item, strlen(item), PREFETCH_MAX, &tiles) == 0 && tiles))
        return 0;
    return attn_refuse(why, -EINVAL, "\"%s\" is neither auto nor none nor a number from 1 to %d",
                       item, PREFETCH_MAX);
}

int attn_check_pages(const char *item, struct attn_message *why)
{
    enum arena_pages pages;
    const char *words[ARENA_PAGES + 1] = {0};
    for (int i = 0; i < ARENA_PAGES; i++)
        words[i] = arena_pages_name[i];
    return arena_pages_parse(item, &pages) ? attn_check_word(words, item, why) : 0;
}

int attn_check_cpu_feature(const char *item, struct attn_message *why)
{
    char all[256] = "none";
    if (strcmp(item, "none") == 0)
        return 0;
    struct ana_nearest near = {.word = item};
    for (int bit = 0; bit < 64; bit++) {
        const char *const name = attn_cpu_feature_name(UINT64_C(1) << bit);
        if (!name || strcmp(name, "unknown") == 0)
            continue;
        if (strcmp(name, item) == 0)
            return 0;
        add(all, sizeof(all), name);
        ana_nearest_offer(&near, name);
    }
    return refuse_word(item, all, &near, why);
}
