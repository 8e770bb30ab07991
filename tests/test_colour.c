/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can everybody see the report? Every colour of a series against the white page, by the contrast
 * ratio of WCAG 2.2, and every colour the page's style sheet gives to text.
 */
#include "tests/test.h"

#include "analysis/report/colour.h"
#include "analysis/report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double graphics = 3, text = 4.5; /* criteria 1.4.11 and 1.4.3 */

/* https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
static double luminance(unsigned rgb)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const double x = (double)(rgb >> (16 - 8 * i) & 255) / 255;
        sum += weight[i] * (x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(unsigned a, unsigned b)
{
    const double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

static void check(struct rep_colour colour, const char *what, size_t index)
{
    CHECK(contrast(colour.mark, 0xffffff) >= graphics, "%s %zu: mark %06x has %.2f", what, index,
          colour.mark, contrast(colour.mark, 0xffffff));
    CHECK(contrast(colour.ink, 0xffffff) >= text, "%s %zu: ink %06x has %.2f", what, index,
          colour.ink, contrast(colour.ink, 0xffffff));
}

static void test_series(void)
{
    struct attn_name name = {.problem = attn_problem_default()};
    const struct rep_point point = {.name = &name};
    CHECK(fabs(contrast(0, 0xffffff) - 21) < 1e-9 &&
              fabs(contrast(0x777777, 0xffffff) - 4.48) < .01,
          "the ratio itself: %g", contrast(0x777777, 0xffffff));
    for (size_t i = 0; i < 12; i++) {
        check(rep_colour(REP_BY_KERNEL, &point, i, 12), "kernel", i);
        check(rep_colour(REP_BY_CONTEXT, &point, i, 12), "context", i);
        check(rep_colour(REP_BY_BATCH, &point, 0, i + 1), "the first batch of", i + 1);
    }
    name.problem.heads = 64;
    for (uint32_t kv_heads = 1; kv_heads <= 64; kv_heads *= 2) {
        name.problem.kv_heads = kv_heads;
        check(rep_colour(REP_BY_ATTENTION, &point, 0, 1), "KV heads", kv_heads);
    }
}

/* The number behind `key` in the style sheet. */
static unsigned css(const char *key)
{
    const char *const at = strstr(rep_page_css, key);
    CHECK(at, "no %s in the style sheet", key);
    return at ? (unsigned)strtoul(at + strlen(key), NULL, 16) : 0xffffff;
}

static void test_page(void)
{
    static const char *const inks[] = {"--ink:#", "--soft:#", "--link:#",
                                       ".flag{font-weight:600;color:#"};
    const unsigned tint = css("--tint:#");
    for (size_t i = 0; i < sizeof(inks) / sizeof(*inks); i++) {
        const double on_page = contrast(css(inks[i]), 0xffffff);
        const double on_tint = contrast(css(inks[i]), tint);
        CHECK(on_page >= text && on_tint >= text, "%s has %.2f, on a tint %.2f", inks[i], on_page,
              on_tint);
    }
    CHECK(contrast(css("outline:3px solid #"), 0xffffff) >= graphics, "the focus cannot be seen");
}

int main(void)
{
    test_series();
    test_page();
    return test_exit();
}
