/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a row go through one table; a number under a key that is not in it is a counter. Files
 * of Google Benchmark before 1.5 say less (no run_type, no run_name), and what they leave out is
 * read off the name.
 */
#include "analysis/record_row.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static double to_ns(const char *unit)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ps", 1e-3}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, unit) == 0)
            return units[i].ns;
    return NAN;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

enum kind { TEXT, REAL, WHOLE, FLAG, IGNORED };

static const struct {
    const char *key;
    enum kind kind;
    size_t offset;
} fields[] = {
    {"name", TEXT, offsetof(struct ana_row, name)},
    {"run_name", TEXT, offsetof(struct ana_row, run_name)},
    {"aggregate_name", TEXT, offsetof(struct ana_row, aggregate_name)},
    {"label", TEXT, offsetof(struct ana_row, label)},
    {"time_unit", TEXT, offsetof(struct ana_row, time_unit)},
    {"error_message", TEXT, offsetof(struct ana_row, message)},
    {"skip_message", TEXT, offsetof(struct ana_row, message)},
    {"error_occurred", FLAG, offsetof(struct ana_row, error)},
    {"skipped", FLAG, offsetof(struct ana_row, skipped)},
    {"repetitions", WHOLE, offsetof(struct ana_row, repetitions)},
    {"repetition_index", WHOLE, offsetof(struct ana_row, repetition_index)},
    {"threads", WHOLE, offsetof(struct ana_row, threads)},
    {"iterations", REAL, offsetof(struct ana_row, iterations)},
    {"real_time", REAL, offsetof(struct ana_row, real_time)},
    {"cpu_time", REAL, offsetof(struct ana_row, cpu_time)},
    {"family_index", IGNORED, 0},
    {"per_family_instance_index", IGNORED, 0},
};

/* One key of a row into its field. -ENOENT if it has none, -ENOMEM. */
static int set_field(struct ana_arena *arena, struct ana_row *row, const char *key,
                     const json_t *value)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].key[0] != key[0] || strcmp(fields[i].key, key) != 0)
            continue;
        char *const at = (char *)row + fields[i].offset;
        const double number = json_is_real(value) ? json_real_value(value) : NAN;
        if (fields[i].kind == TEXT && json_is_string(value)) {
            const char *const text = ana_arena_copy(arena, json_string_value(value));
            if (!text)
                return -ENOMEM;
            memcpy(at, &text, sizeof(text));
        } else if (fields[i].kind == REAL) {
            memcpy(at, &number, sizeof(number));
        } else if (fields[i].kind == WHOLE && fabs(number) < 0x1p53) {
            const int64_t whole = (int64_t)number;
            memcpy(at, &whole, sizeof(whole));
        } else if (fields[i].kind == FLAG) {
            const bool flag = json_is_true(value);
            memcpy(at, &flag, sizeof(flag));
        }
        return 0;
    }
    return -ENOENT;
}

/* What a row means once all its keys are in. */
static int finish_row(struct ana_arena *arena, const struct ana_row *before, struct ana_row *row,
                      const char *run_type)
{
    static const char *const old_suffixes[] = {"_mean", "_median", "_stddev", "_BigO", "_RMS"};
    row->aggregate = strcmp(run_type, "aggregate") == 0 || *row->aggregate_name;
    for (size_t i = 0; !*run_type && i < sizeof(old_suffixes) / sizeof(old_suffixes[0]); i++) {
        if (row->aggregate || !ends_in(row->name, old_suffixes[i]))
            continue;
        row->aggregate = true; /* files of before 1.5 have neither run_type nor run_name */
        row->aggregate_name = old_suffixes[i] + 1;
        char *const run = ana_arena_copy(arena, row->name);
        if (!run)
            return -ENOMEM;
        run[strlen(run) - strlen(old_suffixes[i])] = '\0';
        row->run_name = *row->run_name ? row->run_name : run;
    }
    if (!*row->run_name)
        row->run_name = row->name;
    const double ns = row->error || row->skipped || row->percentage ? NAN : to_ns(row->time_unit);
    row->real_ns = row->real_time * ns;
    row->cpu_ns = row->cpu_time * ns;

    /* Repetitions and aggregates of a case follow each other: parse their name once. */
    if (before && strcmp(before->run_name, row->run_name) == 0) {
        row->run_name = before->run_name;
        row->attn = before->attn;
        return 0;
    }
    struct attn_name name;
    if (attn_name_parse(row->run_name, &name))
        return 0;
    struct attn_name *const kept = ana_arena_alloc(arena, sizeof(*kept));
    if (!kept)
        return -ENOMEM;
    *kept = name;
    row->attn = kept;
    return 0;
}

int ana_row_read(struct ana_arena *arena, const json_t *object, const struct ana_row *before,
                 struct ana_row *row)
{
    const char *key, *run_type = "";
    json_t *value;
    size_t wanted = 0;
    *row = (struct ana_row){
        .name = "",
        .run_name = "",
        .aggregate_name = "",
        .label = "",
        .time_unit = "",
        .message = "",
        .repetition_index = -1,
        .threads = 1,
        .iterations = NAN,
        .real_time = NAN,
        .cpu_time = NAN,
    };
    json_object_foreach((json_t *)object, key, value) wanted += json_is_real(value);
    row->counters = ana_arena_alloc(arena, wanted * sizeof(*row->counters));
    if (!row->counters)
        return -ENOMEM;
    json_object_foreach((json_t *)object, key, value)
    {
        const int status = set_field(arena, row, key, value);
        if (status == -ENOMEM)
            return status;
        if (status == 0)
            continue;
        if (strcmp(key, "run_type") == 0 && json_is_string(value))
            run_type = json_string_value(value);
        if (strcmp(key, "aggregate_unit") == 0 && json_is_string(value))
            row->percentage = strcmp(json_string_value(value), "percentage") == 0;
        if (!json_is_real(value))
            continue;
        const struct ana_counter counter = {ana_arena_intern(arena, key), json_real_value(value)};
        if (!counter.name)
            return -ENOMEM;
        row->counters[row->counter_count++] = counter;
    }
    if (!*row->name)
        return -EINVAL;
    return finish_row(arena, before, row, run_type);
}
