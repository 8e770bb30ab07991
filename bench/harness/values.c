/* SPDX-License-Identifier: Apache-2.0 */
/* Argument lists: what BENCHMARK_RANGE and its relatives mean, written out. */
#include "bench/harness/cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct list {
    int64_t *items;
    size_t count, capacity;
    bool failed;
};

static void push(struct list *list, int64_t value)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 16;
        int64_t *const items = realloc(list->items, capacity * sizeof(*items));
        if (!items) {
            list->failed = true;
            return;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = value;
}

/* Powers of the multiplier within [low, high], both positive; negated and falling if asked. */
static void push_powers(struct list *list, int64_t low, int64_t high, int64_t multiplier,
                        bool negated)
{
    const size_t first = list->count;
    for (int64_t power = 1; power <= high; power *= multiplier) {
        if (power >= low)
            push(list, negated ? -power : power);
        if (power > INT64_MAX / multiplier)
            break;
    }
    for (size_t a = first, b = list->count; negated && a + 1 < b; a++) {
        const int64_t swapped = list->items[a];
        list->items[a] = list->items[--b];
        list->items[b] = swapped;
    }
}

static void push_range(struct list *list, int64_t low, int64_t high, int64_t multiplier)
{
    push(list, low);
    if (low == high)
        return;
    if (low + 1 == high) {
        push(list, high);
        return;
    }
    const int64_t inner_low = low + 1, inner_high = high - 1;
    if (inner_low < 0)
        push_powers(list, inner_high < -1 ? -inner_high : 1, -inner_low, multiplier, true);
    if (low < 0 && high > 0)
        push(list, 0);
    if (inner_high > 0)
        push_powers(list, inner_low > 1 ? inner_low : 1, inner_high, multiplier, false);
    push(list, high);
}

int bm_values_expand(const struct benchmark_values *values, bool threads, int64_t **expanded,
                     size_t *count)
{
    struct list list = {0};
    const int64_t step = values->step                             ? values->step
                         : values->kind == BENCHMARK_VALUES_DENSE ? 1
                         : threads                                ? 2
                                                                  : 8;
    switch (values->kind) {
    case BENCHMARK_VALUES_LIST:
        for (size_t i = 0; i < values->count; i++)
            push(&list, values->list[i]);
        break;
    case BENCHMARK_VALUES_RANGE:
        push_range(&list, values->low, values->high, step);
        break;
    case BENCHMARK_VALUES_DENSE:
        for (int64_t v = values->low; v <= values->high; v += step) {
            push(&list, v);
            if (v > INT64_MAX - step)
                break;
        }
        /* A range of thread counts is about what the machine does when full. */
        if (threads && list.count && list.items[list.count - 1] != values->high)
            push(&list, values->high);
        break;
    }
    if (list.failed) {
        free(list.items);
        return -ENOMEM;
    }
    *expanded = list.items;
    *count = list.count;
    return 0;
}
