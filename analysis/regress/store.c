/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. A round is an array, because there are thousands; `round_columns` names its members.
 */
#include "analysis/regress/store.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/regress/output_json.h"

enum column {
    STAGE,
    LAUNCH,
    ITEM,
    ROUND,
    CONTROL,
    HEAD_FIRST,
    BASE_NS,
    HEAD_NS,
    SWITCHES,
    SECONDS,
    STEAL,
    YARDSTICK,
    RATIO,
    TURNS,
    COLUMNS,
};
/* Rounds of one turn have only those. */
static const size_t columns_before_turns = RATIO;

static const char *const column_name[COLUMNS] = {
    [STAGE] = "stage",     [LAUNCH] = "launch",       [ITEM] = "item",
    [ROUND] = "round",     [CONTROL] = "control",     [HEAD_FIRST] = "head_first",
    [BASE_NS] = "base_ns", [HEAD_NS] = "head_ns",     [SWITCHES] = "switches",
    [SECONDS] = "seconds", [STEAL] = "steal_seconds", [YARDSTICK] = "yardstick_ns",
    [RATIO] = "ratio",     [TURNS] = "turns",
};

static json_t *round_json(const struct reg_round *r)
{
    const double value[COLUMNS] = {
        [STAGE] = r->stage,
        [LAUNCH] = r->launch,
        [ITEM] = r->item,
        [ROUND] = r->round,
        [CONTROL] = r->control,
        [HEAD_FIRST] = r->head_first,
        [BASE_NS] = r->base_ns,
        [HEAD_NS] = r->head_ns,
        [SWITCHES] = r->switches,
        [SECONDS] = r->disturbance.seconds,
        [STEAL] = r->disturbance.steal,
        [YARDSTICK] = r->disturbance.yardstick,
        [RATIO] = r->ratio,
        [TURNS] = r->turns,
    };
    json_t *const array = json_array();
    for (size_t i = 0; i < COLUMNS; i++)
        json_array_append_new(array, i < BASE_NS || i == TURNS ? json_integer((json_int_t)value[i])
                                                               : json_real(value[i]));
    return array;
}

static json_t *entry_json(const struct reg_run *run, const struct reg_entry *entry)
{
    const struct reg_subject *const s = &run->experiment.subjects[entry->subject];
    json_t *const object = json_object();
    reg_json_text(object, "name", entry->name);
    reg_json_text(object, "presence", reg_presence_name[entry->presence]);
    if (entry->presence == REG_IN_BOTH) {
        json_object_set_new(object, "base", json_integer(s->base));
        json_object_set_new(object, "head", json_integer(s->head));
        reg_json_text(object, "trouble", s->trouble ? s->trouble : "");
        reg_json_number(object, "screen_iterations", s->iterations[REG_SCREEN]);
        reg_json_number(object, "confirm_iterations", s->iterations[REG_CONFIRM]);
    }
    return object;
}

static json_t *run_json(const struct reg_run *run)
{
    const struct reg_experiment *const e = &run->experiment;
    json_t *const object = json_object(), *const entries = json_array();
    json_t *const rounds = json_array(), *const columns = json_array();
    reg_json_text(object, "arguments", run->arguments);
    reg_json_text(object, "profile", run->profile.name);
    reg_json_number(object, "effect", run->profile.effect);
    reg_json_number(object, "q", run->profile.q);
    json_object_set_new(object, "sign", json_boolean(run->profile.sign));
    json_object_set_new(object, "keep_disturbed", json_boolean(e->log.keep_disturbed));
    json_object_set_new(object, "serves", json_boolean(run->serves));
    json_object_set_new(object, "attempt", json_integer(run->attempt));
    json_object_set_new(object, "seed", json_integer((json_int_t)e->plan.seed));
    reg_json_number(object, "budget", e->plan.budget);
    json_object_set_new(object, "first_look", json_integer((json_int_t)e->looks.first));
    json_object_set_new(object, "screened", json_integer((json_int_t)e->launches[REG_SCREEN]));
    json_object_set_new(object, "confirmed", json_integer((json_int_t)e->launches[REG_CONFIRM]));
    json_object_set_new(object, "controls", json_integer((json_int_t)e->controls));
    json_object_set_new(object, "short_of_time", json_boolean(e->short_of_time));
    reg_json_number(object, "seconds", e->seconds);
    for (size_t i = 0; i < run->count; i++)
        json_array_append_new(entries, entry_json(run, &run->entries[i]));
    for (size_t i = 0; i < COLUMNS; i++)
        json_array_append_new(columns, json_string(column_name[i]));
    for (size_t i = 0; i < e->log.count; i++)
        json_array_append_new(rounds, round_json(&e->log.rounds[i]));
    json_object_set_new(object, "entries", entries);
    json_object_set_new(object, "round_columns", columns);
    json_object_set_new(object, "rounds", rounds);
    return object;
}

int reg_store_write(const struct reg_stored *stored, FILE *out)
{
    json_t *const object = reg_report_json(stored->report);
    json_object_set_new(object, "run", run_json(stored->run));
    const int failed = json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    return failed || fputc('\n', out) == EOF ? -EIO : 0;
}

static const char *text_of(const json_t *object, const char *key, struct ana_arena *arena)
{
    const char *const text = json_string_value(json_object_get(object, key));
    const char *const copy = ana_arena_copy(arena, text ? text : "");
    return copy ? copy : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static size_t count_of(const json_t *object, const char *key)
{
    const json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 ? (size_t)n : 0;
}

static bool read_round(const json_t *array, const struct reg_experiment *e, struct reg_round *r)
{
    double value[COLUMNS] = {0};
    const size_t columns = json_array_size(array);
    if (columns != COLUMNS && columns != columns_before_turns)
        return false;
    for (size_t i = 0; i < columns; i++) {
        const json_t *const cell = json_array_get(array, i);
        if (!json_is_number(cell) || !isfinite(value[i] = json_number_value(cell)) || value[i] < 0)
            return false;
    }
    if (columns == columns_before_turns) {
        value[RATIO] = value[HEAD_NS] / value[BASE_NS];
        value[TURNS] = 1;
    }
    *r = (struct reg_round){
        .stage = value[STAGE] > 0 ? REG_CONFIRM : REG_SCREEN,
        .launch = (uint32_t)fmin(value[LAUNCH], 1e6),
        .item = (uint32_t)fmin(value[ITEM], 1e9),
        .round = (uint32_t)fmin(value[ROUND], 1e6),
        .control = value[CONTROL] > 0,
        .head_first = value[HEAD_FIRST] > 0,
        .base_ns = value[BASE_NS],
        .head_ns = value[HEAD_NS],
        .switches = value[SWITCHES],
        .disturbance = {value[SECONDS], value[STEAL], value[YARDSTICK]},
        .ratio = value[RATIO],
        .turns = (uint32_t)fmin(value[TURNS], 1e6),
    };
    return r->base_ns > 0 && r->head_ns > 0 && r->ratio > 0 && isfinite(r->ratio) &&
           r->item < (r->control ? e->controls : e->count);
}

static int read_entries(const json_t *object, struct ana_arena *arena, struct reg_run *run)
{
    const json_t *const entries = json_object_get(object, "entries");
    const size_t n = json_array_size(entries);
    run->entries = ana_arena_alloc(arena, (n + 1) * sizeof(*run->entries));
    run->experiment.subjects = ana_arena_alloc(arena, (n + 1) * sizeof(struct reg_subject));
    if (!run->entries || !run->experiment.subjects)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *const entry = json_array_get(entries, i);
        const char *const presence = text_of(entry, "presence", arena);
        struct reg_entry *const to = &run->entries[run->count++];
        size_t p = 0;
        while (p < REG_PRESENCES && strcmp(presence, reg_presence_name[p]) != 0)
            p++;
        if (p == REG_PRESENCES)
            return -EBADMSG;
        *to = (struct reg_entry){text_of(entry, "name", arena), (enum reg_presence)p,
                                 run->experiment.count};
        if (p == REG_IN_BOTH)
            run->experiment.subjects[run->experiment.count++] = (struct reg_subject){
                .name = to->name,
                .base = (int)count_of(entry, "base"),
                .head = (int)count_of(entry, "head"),
                .trouble = text_of(entry, "trouble", arena),
            };
    }
    return 0;
}

static int read_run(const json_t *object, struct ana_arena *arena, struct reg_run *run)
{
    struct reg_experiment *const e = &run->experiment;
    const json_t *const rounds = json_object_get(object, "rounds");
    struct reg_round round;
    run->arguments = text_of(object, "arguments", arena);
    run->profile = (struct reg_profile){
        .name = text_of(object, "profile", arena),
        .effect = number_of(object, "effect"),
        .q = number_of(object, "q"),
        .sign = json_is_true(json_object_get(object, "sign")),
    };
    e->log.keep_disturbed = json_is_true(json_object_get(object, "keep_disturbed"));
    run->serves = json_is_true(json_object_get(object, "serves"));
    run->attempt = (unsigned)count_of(object, "attempt");
    e->plan.seed = count_of(object, "seed");
    e->plan.budget = number_of(object, "budget");
    e->looks.first = count_of(object, "first_look");
    e->launches[REG_SCREEN] = count_of(object, "screened");
    e->launches[REG_CONFIRM] = count_of(object, "confirmed");
    e->controls = count_of(object, "controls");
    e->short_of_time = json_is_true(json_object_get(object, "short_of_time"));
    e->seconds = number_of(object, "seconds");
    if (!(run->profile.q > 0 && run->profile.q < 1 && run->profile.effect >= 0) ||
        e->controls > REG_CONTROLS_MAX || !json_is_array(rounds))
        return -EBADMSG;
    int status = read_entries(object, arena, run);
    for (size_t i = 0; !status && i < json_array_size(rounds); i++)
        status = read_round(json_array_get(rounds, i), e, &round) ? reg_log_add(&e->log, &round)
                                                                  : -EBADMSG;
    return status ? status : reg_log_close(&e->log);
}

int reg_store_read(const char *path, struct ana_arena *arena, struct reg_run *run, char *message,
                   size_t size)
{
    json_error_t error;
    errno = 0;
    json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    *run = (struct reg_run){0};
    if (!root) {
        const int status = error.line < 0 && errno ? -errno : -EBADMSG;
        if (status == -EBADMSG)
            snprintf(message, size, "%s: line %d: %s", path, error.line, error.text);
        else
            snprintf(message, size, "%s: %s", path, strerror(-status));
        return status;
    }
    const json_t *const object = json_object_get(root, "run");
    const json_int_t schema = json_integer_value(json_object_get(root, "schema"));
    int status = 0;
    if (!json_is_object(object)) {
        snprintf(message, size, "%s is no run stored by regress ab --json", path);
        status = -EBADMSG;
    } else if (schema != REG_SCHEMA) {
        snprintf(message, size, "%s has schema %lld; this program reads %d", path,
                 (long long)schema, REG_SCHEMA);
        status = -EBADMSG;
    } else {
        run->base = text_of(root, "base", arena);
        run->head = text_of(root, "head", arena);
        status = read_run(object, arena, run);
        if (status)
            snprintf(message, size,
                     status == -EBADMSG ? "%s: its run is incomplete or malformed"
                                        : "%s: not enough memory",
                     path);
    }
    json_decref(root);
    if (status)
        reg_run_close(run);
    return status;
}
