/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row names. Parsing is strict: a name that does not print back to itself is not one of ours, so
 * a foreign benchmark can never be mistaken for an attention row.
 */
#include "kernels/name.h"

#include "kernels/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a kernel was asked for beside the problem. */
static void format_knobs(const struct attn_name *name, char *buf, size_t size)
{
    int n = 0;
    if (name->splits)
        n += snprintf(buf, size, "/splits:%u", name->splits);
    if (name->tile)
        n += snprintf(buf + n, size - (size_t)n, "/tile:%u", name->tile);
    if (name->prefetch > 0)
        snprintf(buf + n, size - (size_t)n, "/prefetch:%d", name->prefetch);
    else if (name->prefetch)
        snprintf(buf + n, size - (size_t)n, "/prefetch:none");
}

int attn_name_format(const struct attn_name *name, char *buf, size_t size)
{
    char problem[ATTN_NAME_MAX], layer[ATTN_NAME_MAX] = "";
    char knobs[80] = "", pages[32] = "", tail[48] = "";
    attn_problem_name(&name->problem, problem, sizeof(problem));
    if (attn_phase_has_layers(name->problem.phase)) {
        *layer = '/';
        layer_config_name(&name->layer, name->problem.phase, layer + 1, sizeof(layer) - 1);
    }
    format_knobs(name, knobs, sizeof(knobs));
    if (name->pages[0])
        snprintf(pages, sizeof(pages), "/pages:%s", name->pages);
    if (name->threads)
        snprintf(tail, sizeof(tail), "/real_time/threads:%u", name->threads);
    return snprintf(buf, size, "%s/%s/%s%s%s%s%s%s%s", attn_phase_name(name->problem.phase),
                    name->kernel, problem, layer, knobs, pages,
                    name->scatter ? "/placement:scatter" : "", name->hot ? "/cache:hot" : "", tail);
}

const char *attn_name_invalid(const struct attn_name *name, char *buf, size_t size)
{
    struct attn_problem p = name->problem;
    const char *wrong;
    if (!attn_phase_has_layers(p.phase))
        return attn_problem_invalid(&p, buf, size);
    if (p.layout == ATTN_RING && !p.window && *name->layer.mix)
        p.layout = ATTN_CONTIGUOUS;
    wrong = attn_problem_invalid(&p, buf, size);
    return wrong ? wrong : layer_config_invalid(&name->layer, &name->problem, buf, size);
}

static int set_run_part(struct attn_name *name, const char *part, size_t len)
{
    char text[48];
    if (len >= sizeof(text))
        return -EINVAL;
    memcpy(text, part, len);
    text[len] = '\0';
    if (strcmp(text, "real_time") == 0)
        return 0;
    if (strcmp(text, "cache:hot") == 0) {
        name->hot = true;
        return 0;
    }
    if (strcmp(text, "placement:scatter") == 0) {
        name->scatter = true;
        return 0;
    }
    if (strcmp(text, "prefetch:none") == 0) {
        name->prefetch = ATTN_PREFETCH_NONE;
        return 0;
    }
    if (strncmp(text, "prefetch:", 9) == 0) {
        name->prefetch = (int32_t)strtol(text + 9, NULL, 10);
        return 0;
    }
    if (strncmp(text, "tile:", 5) == 0) {
        name->tile = (uint32_t)strtoul(text + 5, NULL, 10);
        return 0;
    }
    if (strncmp(text, "pages:", 6) == 0 && strlen(text + 6) < sizeof(name->pages)) {
        strcpy(name->pages, text + 6);
        return 0;
    }
    if (strncmp(text, "threads:", 8) == 0) {
        name->threads = (uint32_t)strtoul(text + 8, NULL, 10);
        return 0;
    }
    if (strncmp(text, "splits:", 7) == 0) {
        name->splits = (uint32_t)strtoul(text + 7, NULL, 10);
        return 0;
    }
    return -EINVAL;
}

int attn_name_parse(const char *text, struct attn_name *name)
{
    struct attn_name n = {.problem = attn_problem_default()};
    char again[ATTN_NAME_MAX], why[256];
    const char *part = text;
    if (strlen(text) >= ATTN_NAME_MAX)
        return -EINVAL;
    for (int index = 0; *part; index++) {
        const size_t len = strcspn(part, "/");
        if (index == 0) {
            if (attn_phase_parse(part, len, &n.problem.phase))
                return -EINVAL;
        } else if (index == 1) {
            if (!len || len >= sizeof(n.kernel))
                return -EINVAL;
            memcpy(n.kernel, part, len);
        } else {
            int ours = attn_problem_set(&n.problem, part, len);
            if (ours == 0 && attn_phase_has_layers(n.problem.phase))
                ours = layer_config_set(&n.layer, part, len);
            if (ours < 0 || (ours == 0 && set_run_part(&n, part, len)))
                return -EINVAL;
        }
        part += len;
        part += *part == '/';
    }
    if (attn_name_invalid(&n, why, sizeof(why)))
        return -EINVAL;
    attn_name_format(&n, again, sizeof(again));
    if (strcmp(again, text))
        return -EINVAL;
    *name = n;
    return 0;
}
