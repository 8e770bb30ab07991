/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, one key a line in Google Benchmark's order and indents: readers exist that match lines.
 * Every number is finite, every string is escaped, so any strict parser takes it; bytes that are
 * not UTF-8 are written as the replacement character.
 */
#include "bench/harness/human.h"
#include "bench/harness/reporter.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Length of the UTF-8 sequence at s, 0 if it is none. */
static size_t utf8_length(const unsigned char *s)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = s[0] < 0x80   ? 1
                          : s[0] < 0xc2 ? 0
                          : s[0] < 0xe0 ? 2
                          : s[0] < 0xf0 ? 3
                          : s[0] < 0xf5 ? 4
                                        : 0;
    if (length < 2)
        return length;
    uint32_t code = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    return code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0
                                                                                           : length;
}

static void put_string(FILE *out, const char *text)
{
    static const char plain[] = "\b\f\n\r\t\\\"", letter[] = "bfnrt\\\"";
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        const char *const special = strchr(plain, *s);
        const size_t length = utf8_length(s);
        if (special)
            fprintf(out, "\\%c", letter[special - plain]);
        else if (*s < 0x20)
            fprintf(out, "\\u%04x", *s);
        else if (length)
            fwrite(s, 1, length, out);
        else
            fputs("\\ufffd", out);
        s += length ? length : 1;
    }
    fputc('"', out);
}

/* Keys of one object, each on its line with the comma of the one before. */
struct object {
    FILE *out;
    const char *indent;
    bool begun;
};

static void put_key(struct object *o, const char *key)
{
    fprintf(o->out, "%s%s", o->begun ? ",\n" : "", o->indent);
    o->begun = true;
    put_string(o->out, key);
    fputs(": ", o->out);
}

static void key_string(struct object *o, const char *key, const char *value)
{
    put_key(o, key);
    put_string(o->out, value);
}

static void key_integer(struct object *o, const char *key, int64_t value)
{
    put_key(o, key);
    fprintf(o->out, "%" PRId64, value);
}

static void key_double(struct object *o, const char *key, double value)
{
    if (!isfinite(value))
        return;
    put_key(o, key);
    fprintf(o->out, "%.16e", value);
}

static void key_bool(struct object *o, const char *key, bool value)
{
    put_key(o, key);
    fputs(value ? "true" : "false", o->out);
}

static void put_caches(struct object *o, const struct context *context)
{
    put_key(o, "caches");
    fputs("[\n", o->out);
    for (size_t i = 0; i < context->cache_count; i++) {
        const struct cache_level *const c = &context->caches[i];
        struct object cache = {.out = o->out, .indent = "        "};
        fputs("      {\n", o->out);
        key_string(&cache, "type", c->type);
        key_integer(&cache, "level", c->level);
        key_integer(&cache, "size", c->size_bytes);
        key_integer(&cache, "num_sharing", c->num_sharing);
        fprintf(o->out, "\n      }%s\n", i + 1 < context->cache_count ? "," : "");
    }
    fputs("    ]", o->out);
}

static void put_warnings(struct object *o, const struct benchmark_runner *runner)
{
    char key[32];
    if (!runner->warnings.count)
        return;
    snprintf(key, sizeof(key), "%zu", runner->warnings.count);
    key_string(o, "warnings", key);
    for (size_t i = 0; i < runner->warnings.count; i++) {
        snprintf(key, sizeof(key), "warning_%zu", i + 1);
        key_string(o, key, runner->warnings.items[i]);
    }
}

static void begin(struct reporter *reporter)
{
    const struct context *const context = reporter->context;
    const struct benchmark_runner *const runner = reporter->runner;
    struct object o = {.out = reporter->out, .indent = "    "};
    fputs("{\n  \"context\": {\n", o.out);
    key_string(&o, "date", context->date);
    key_string(&o, "host_name", context->host_name);
    if (runner->program)
        key_string(&o, "executable", runner->program);
    key_integer(&o, "num_cpus", context->num_cpus);
    key_integer(&o, "mhz_per_cpu", llround(context->cycles_per_second / 1e6));
    if (context->cpu_scaling != UNKNOWN)
        key_bool(&o, "cpu_scaling_enabled", context->cpu_scaling == YES);
    if (context->aslr != UNKNOWN)
        key_bool(&o, "aslr_enabled", context->aslr == YES);
    put_caches(&o, context);
    put_key(&o, "load_avg");
    for (int i = 0; i < context->load_count; i++)
        fprintf(o.out, "%s%g", i ? "," : "[", context->load[i]);
    fputs(context->load_count ? "]" : "[]", o.out);
    key_string(&o, "library_version", BM_LIBRARY_VERSION);
#ifdef NDEBUG
    key_string(&o, "library_build_type", "release");
#else
    key_string(&o, "library_build_type", "debug");
#endif
    key_integer(&o, "json_schema_version", 1);
    for (size_t i = 0; i < runner->context.count; i++) {
        const struct key_value *const item = bm_context_item(runner, i);
        key_string(&o, item->key, item->value);
    }
    put_warnings(&o, runner);
    fputs("\n  },\n  \"benchmarks\": [\n", o.out);
    for (size_t i = 0; i < runner->finished_rows.count; i++)
        fprintf(o.out, "%s    %s", reporter->rows_written++ ? ",\n" : "",
                runner->finished_rows.items[i]);
}

static void put_kind(struct object *o, const struct benchmark_row *row)
{
    const bool iteration = row->kind == BENCHMARK_ROW_ITERATION;
    key_string(o, "run_type", iteration ? "iteration" : "aggregate");
    key_integer(o, "repetitions", row->repetitions);
    if (iteration)
        key_integer(o, "repetition_index", row->repetition_index);
    key_integer(o, "threads", row->threads);
    if (!iteration) {
        key_string(o, "aggregate_name", row->aggregate_name);
        key_string(o, "aggregate_unit", row->percentage ? "percentage" : "time");
    }
    if (row->status == BENCHMARK_ROW_ERROR) {
        key_bool(o, "error_occurred", true);
        key_string(o, "error_message", row->message);
    } else if (row->status == BENCHMARK_ROW_SKIPPED) {
        key_bool(o, "skipped", true);
        key_string(o, "skip_message", row->message);
    }
}

static void put_times(struct object *o, const struct benchmark_row *row)
{
    const double scale = row->percentage ? 1 : bm_unit_scale(row->unit);
    if (row->kind == BENCHMARK_ROW_RMS) {
        key_double(o, "rms", row->cpu_time);
        return;
    }
    if (row->kind == BENCHMARK_ROW_BIG_O) {
        key_double(o, "cpu_coefficient", row->cpu_time * scale);
        key_double(o, "real_coefficient", row->real_time * scale);
        key_string(o, "big_o", row->big_o);
    } else {
        key_integer(o, "iterations", row->iterations);
        key_double(o, "real_time", row->real_time * scale);
        key_double(o, "cpu_time", row->cpu_time * scale);
    }
    key_string(o, "time_unit", bm_unit_name(row->unit));
}

static void put_memory(struct object *o, const struct benchmark_row *row)
{
    if (!row->has_memory)
        return;
    key_double(o, "allocs_per_iter", row->allocs_per_iter);
    key_integer(o, "max_bytes_used", row->memory.max_bytes_used);
    if (row->memory.total_allocated_bytes != BENCHMARK_MEMORY_UNKNOWN)
        key_integer(o, "total_allocated_bytes", row->memory.total_allocated_bytes);
    if (row->memory.net_heap_growth != BENCHMARK_MEMORY_UNKNOWN)
        key_integer(o, "net_heap_growth", row->memory.net_heap_growth);
}

static void put_row(struct reporter *reporter, const struct benchmark_row *row)
{
    struct object o = {.out = reporter->out, .indent = "      "};
    fprintf(o.out, "%s    {\n", reporter->rows_written++ ? ",\n" : "");
    key_string(&o, "name", row->name);
    key_integer(&o, "family_index", row->family_index);
    key_integer(&o, "per_family_instance_index", row->instance_index);
    key_string(&o, "run_name", row->run_name);
    put_kind(&o, row);
    put_times(&o, row);
    for (size_t i = 0; i < row->counter_count; i++)
        key_double(&o, row->counters[i].name, row->counters[i].value);
    put_memory(&o, row);
    if (row->label && *row->label)
        key_string(&o, "label", row->label);
    fputs("\n    }", o.out);
}

static void end(struct reporter *reporter)
{
    fputs("\n  ]\n}\n", reporter->out);
}

static void list(struct reporter *reporter, const struct instances *instances)
{
    fputs("{\n  \"benchmarks\": [\n", reporter->out);
    for (size_t i = 0; i < instances->count; i++) {
        fputs(i ? ",\n    {\n      \"name\": " : "    {\n      \"name\": ", reporter->out);
        put_string(reporter->out, instances->items[i].name);
        fputs("\n    }", reporter->out);
    }
    fputs("\n  ]\n}\n", reporter->out);
}

const struct reporter_kind bm_json_reporter = {
    .begin = begin, .row = put_row, .end = end, .list = list};
