/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sweeps to cases: an odometer over the axes of each block. Names decide what is equal, so
 * the search tree below holds names, and a case that is already there is only counted.
 */
#include "bench/cases/case.h"

#include "bench/cases/shape.h"
#include "bench/cases/words.h"
#include "kernels/registry.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES_MAX = 100000 };

/* A name in one of the two search trees, and which case or group has it. */
struct known {
    char *text;
    size_t index;
};

struct expansion {
    struct attn_cases *cases;
    void *case_tree, *group_tree;
    struct attn_message *why;
};

static int compare_known(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->text, ((const struct known *)b)->text);
}

static void free_known(void *known)
{
    free(((struct known *)known)->text);
    free(known);
}

/* The index under which `text` is known; `next` after noting it down if it was not. */
static int look_up(void **tree, const char *text, size_t next, size_t *index)
{
    struct known key = {.text = (char *)(uintptr_t)text, .index = next};
    void *const found = tfind(&key, tree, compare_known);
    if (found) {
        *index = (*(struct known *const *)found)->index;
        return 0;
    }
    struct known *const added = malloc(sizeof(*added));
    if (!added)
        return -ENOMEM;
    *added = (struct known){.text = strdup(text), .index = next};
    if (!added->text || !tsearch(added, tree, compare_known)) {
        free_known(added);
        return -ENOMEM;
    }
    *index = next;
    return 0;
}

/* Room for one more element; arrays grow at powers of two. */
static void *grow(void *array, size_t n, size_t size)
{
    if (n & (n - 1))
        return array;
    return realloc(array, (n ? 2 * n : 1) * size);
}

/* Adds a model's name to a label that does not have it yet. */
static int extend_label(char **label, const char *name)
{
    if (!*name)
        return 0;
    if (!**label) {
        free(*label);
        *label = strdup(name);
        return *label ? 0 : -ENOMEM;
    }
    for (const char *at = *label; (at = strstr(at, name)); at++) {
        const char after = at[strlen(name)];
        if ((at == *label || at[-1] == ' ') && (!after || after == ','))
            return 0;
    }
    char *longer;
    if (asprintf(&longer, "%s, %s", *label, name) < 0)
        return -ENOMEM;
    free(*label);
    *label = longer;
    return 0;
}

static int find_group(struct expansion *x, const struct attn_name *name, const char *label,
                      size_t *group)
{
    struct attn_cases *const c = x->cases;
    char text[ATTN_NAME_MAX];
    /* Everything but how it is run. */
    const struct attn_name key = {.problem = name->problem, .layer = name->layer};
    attn_name_format(&key, text, sizeof(text));
    if (look_up(&x->group_tree, text, c->groups, group))
        return -ENOMEM;
    if (*group == c->groups) {
        struct attn_group *const grown = grow(c->group, c->groups, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        c->group = grown;
        c->group[c->groups] = (struct attn_group){.problem = name->problem, .label = strdup("")};
        if (!c->group[c->groups++].label)
            return -ENOMEM;
    }
    return extend_label(&c->group[*group].label, label);
}

/* Adds the case unless it is there already. */
static int add_case(struct expansion *x, const struct attn_name *name, const char *label,
                    const struct attn_kernel *kernel, const char *skip)
{
    struct attn_cases *const c = x->cases;
    char text[ATTN_NAME_MAX];
    size_t index, group;
    attn_name_format(name, text, sizeof(text));
    if (find_group(x, name, label, &group) || look_up(&x->case_tree, text, c->n, &index))
        return attn_refuse(x->why, -ENOMEM, "out of memory");
    if (index < c->n) {
        c->repeated++;
        return 0;
    }
    if (c->n == CASES_MAX)
        return attn_refuse(x->why, -EINVAL,
                           "the sweep has more than %d cases; make its lists shorter", CASES_MAX);
    struct attn_case *const grown = grow(c->item, c->n, sizeof(*grown));
    if (!grown)
        return attn_refuse(x->why, -ENOMEM, "out of memory");
    c->item = grown;
    struct attn_case *const added = &c->item[c->n++];
    *added = (struct attn_case){
        .name = *name,
        .text = strdup(text),
        .kernel = skip ? NULL : kernel,
        .skip = skip ? strdup(skip) : NULL,
        .group = group,
    };
    if (!added->text || (skip && !added->skip))
        return attn_refuse(x->why, -ENOMEM, "out of memory");
    return 0;
}

static int add_named(struct expansion *x, struct attn_name *name, const char *label,
                     const char *word)
{
    snprintf(name->kernel, sizeof(name->kernel), "%s", word);
    return add_case(x, name, label, NULL,
                    strcmp(word, "best") ? attn_kernel_absent(word)
                                         : "no kernel of this build can run this problem");
}

/* What a kernel is asked: of whole layers, the attention of the first. */
static struct attn_problem attention_of(const struct attn_name *name)
{
    struct layer_kind kind;
    if (!attn_phase_has_layers(name->problem.phase))
        return name->problem;
    layer_config_kind(&name->layer, &name->problem, 0, &kind);
    return kind.problem;
}

/* NULL if the kernel does what the name will say it was told, else why not. */
static const char *unheeded(const struct attn_kernel *k, const struct attn_name *name, char *buf,
                            size_t size)
{
    char own[64];
    attn_kernel_name(k, own, sizeof(own));
    if (name->tile > k->tile_most && k->tile_most)
        snprintf(buf, size, "%s takes at most %u tokens at a time", own, k->tile_most);
    else if (name->tile && !k->tile_most)
        snprintf(buf, size, "%s lets nobody choose its tile", own);
    else if (name->prefetch && !k->prefetch_most)
        snprintf(buf, size, "%s lets nobody choose what it prefetches", own);
    else if (name->prefetch > (int32_t)k->prefetch_most)
        snprintf(buf, size, "%s asks for memory at most %u tiles ahead", own, k->prefetch_most);
    else if (name->splits && !k->splits_most)
        snprintf(buf, size, "%s lets nobody choose its splits", own);
    else if (name->splits > k->splits_most)
        snprintf(buf, size, "%s cuts a KV head into at most %u chunks", own, k->splits_most);
    else
        return NULL;
    return buf;
}

/* The kernels one item of --kernel selects. */
static int add_kernels(struct expansion *x, struct attn_name *name, const char *label,
                       const char *item)
{
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    const struct attn_problem asked = attention_of(name);
    const struct attn_kernel *const best =
        strcmp(item, "best") == 0 ? attn_kernel_best(&asked) : NULL;
    if ((strcmp(item, "best") == 0 && !best) || attn_kernel_absent(item))
        return add_named(x, name, label, item);
    const bool glob = strpbrk(item, "*?[");
    int error = 0;
    for (size_t i = 0; !error && i < count; i++) {
        if (best ? all[i] != best : !attn_kernel_selected(all[i], item))
            continue;
        char reason[256];
        const char *unfit = attn_kernel_unsupported(all[i], &asked, reason, sizeof(reason));
        if (!unfit)
            unfit = unheeded(all[i], name, reason, sizeof(reason));
        if (unfit && glob) {
            if (x->cases->unfit++ == 0)
                attn_refuse(&x->cases->unfit_first, 0, "%s", unfit);
            continue;
        }
        attn_kernel_name(all[i], name->kernel, sizeof(name->kernel));
        error = add_case(x, name, label, all[i], unfit);
    }
    return error;
}

static int add_combination(struct expansion *x, const struct attn_values *values, bool count)
{
    struct attn_name name;
    struct attn_message sentence;
    char label[256];
    const int error = attn_shape(values, &name, label, sizeof(label), &sentence);
    if (error == -EDOM) {
        if (count && x->cases->dropped++ == 0)
            x->cases->dropped_first = sentence;
        return 0;
    }
    if (error) {
        *x->why = sentence;
        return error;
    }
    return add_kernels(x, &name, label, values->text[ATTN_OPT_KERNEL]);
}

static int expand_block(struct expansion *x, const struct attn_block *block, const char *threads)
{
    struct attn_list list[ATTN_AXES] = {{0}};
    size_t at[ATTN_AXES] = {0};
    struct attn_values values;
    double total = 1;
    int error = 0;
    for (int i = 0; !error && i < ATTN_AXES; i++) {
        error = attn_option_values(&block->settings, (enum attn_option_id)i, &list[i], x->why);
        values.given[i] = block->settings.text[i];
        total *= list[i].n ? (double)list[i].n : 1;
    }
    if (!error && total > 10.0 * CASES_MAX)
        error = attn_refuse(x->why, -EINVAL,
                            "the sweep multiplies to %.3g combinations; make its "
                            "lists shorter",
                            total);
    for (int axis = 0; !error && axis >= 0;) {
        bool count = true; /* a problem, not each way it is run */
        for (int i = 0; i < ATTN_AXES; i++) {
            values.text[i] = list[i].n ? list[i].item[at[i]] : NULL;
            count = count && (i < ATTN_OPT_THREADS || at[i] == 0);
        }
        if (!values.text[ATTN_OPT_THREADS])
            values.text[ATTN_OPT_THREADS] = threads;
        error = add_combination(x, &values, count);
        for (axis = ATTN_AXES - 1; axis >= 0 && ++at[axis] >= list[axis].n; axis--)
            at[axis] = 0;
    }
    for (int i = 0; i < ATTN_AXES; i++)
        attn_list_free(&list[i]);
    return error;
}

/* Cases in the order of their groups, and within a group as they came. */
static int sort_cases(struct attn_cases *c)
{
    struct attn_case *const sorted = calloc(c->n, sizeof(*sorted));
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < c->n; i++)
        c->group[c->item[i].group].n++;
    for (size_t g = 0, first = 0; g < c->groups; first += c->group[g++].n)
        c->group[g].first = first;
    for (size_t g = 0; g < c->groups; g++)
        c->group[g].n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct attn_group *const g = &c->group[c->item[i].group];
        sorted[g->first + g->n++] = c->item[i];
    }
    free(c->item);
    c->item = sorted;
    return 0;
}

int attn_cases_expand(const struct attn_sweep *sweep, uint32_t threads, struct attn_cases *cases,
                      struct attn_message *why)
{
    struct expansion x = {.cases = cases, .why = why};
    char team[16];
    snprintf(team, sizeof(team), "%u", threads);
    *cases = (struct attn_cases){0};
    int error = 0;
    for (size_t i = 0; !error && i < sweep->n; i++) {
        error = expand_block(&x, &sweep->block[i], team);
        if (error && *sweep->block[i].name)
            attn_refuse_at(why, error, "%s, block %s", sweep->name, sweep->block[i].name);
    }
    tdestroy(x.case_tree, free_known);
    tdestroy(x.group_tree, free_known);
    if (!error && !cases->n && cases->dropped)
        error =
            attn_refuse(why, -EINVAL, "no combination can be run: %s%s", cases->dropped_first.text,
                        cases->dropped > 1 ? " (the first of them)" : "");
    else if (!error && !cases->n)
        error = attn_refuse(why, -EINVAL,
                            "no kernel selected can run any of these problems; --list_kernels "
                            "says what each takes");
    else if (!error && sort_cases(cases))
        error = attn_refuse(why, -ENOMEM, "out of memory");
    if (error)
        attn_cases_free(cases);
    return error;
}

void attn_cases_free(struct attn_cases *cases)
{
    for (size_t i = 0; i < cases->n; i++) {
        free(cases->item[i].text);
        free(cases->item[i].skip);
    }
    for (size_t i = 0; i < cases->groups; i++)
        free(cases->group[i].label);
    free(cases->item);
    free(cases->group);
    *cases = (struct attn_cases){0};
}
