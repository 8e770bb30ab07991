/* SPDX-License-Identifier: Apache-2.0 */
/* The report for programs. What is not a number is left out: JSON has neither NaN nor infinity. */
#include "analysis/regress/output_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/regress/output.h"

void reg_json_number(json_t *object, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_new(object, key, json_real(value));
}

void reg_json_text(json_t *object, const char *key, const char *text)
{
    json_t *const string = json_string(text); /* NULL for what is not UTF-8 */
    json_object_set_new(object, key, string ? string : json_stringn_nocheck("?", 1));
}

static json_t *case_json(const struct reg_case *c)
{
    json_t *const object = json_object();
    reg_json_text(object, "name", c->name);
    reg_json_text(object, "verdict", reg_verdict_name[c->verdict]);
    reg_json_number(object, "base_ns", c->base_ns);
    reg_json_number(object, "head_ns", c->head_ns);
    reg_json_number(object, "ratio", c->ratio);
    reg_json_number(object, "ratio_low", c->low);
    reg_json_number(object, "ratio_high", c->high);
    reg_json_number(object, "p", c->p);
    reg_json_number(object, "p_adjusted", c->adjusted);
    reg_json_number(object, "visible_ratio", c->visible);
    json_object_set_new(object, "base_samples", json_integer((json_int_t)c->base_n));
    json_object_set_new(object, "head_samples", json_integer((json_int_t)c->head_n));
    if (*c->note)
        reg_json_text(object, "note", c->note);
    return object;
}

json_t *reg_report_json(const struct reg_report *report)
{
    json_t *const object = json_object(), *const cases = json_array();
    json_t *const remarks = json_array(), *const properties = json_object();
    json_object_set_new(object, "schema", json_integer(REG_SCHEMA));
    reg_json_text(object, "command", report->what);
    reg_json_text(object, "base", report->base);
    reg_json_text(object, "head", report->head);
    json_object_set_new(object, "status", json_integer(report->status));
    json_object_set_new(object, "gated", json_boolean(!report->noisy));
    reg_json_text(object, "samples_are", report->unit);
    reg_json_number(object, "geomean_ratio", reg_geomean(report));
    for (size_t i = 0; i < report->property_count; i++)
        reg_json_text(properties, report->properties[i].key, report->properties[i].value);
    for (size_t i = 0; i < report->remark_count; i++)
        json_array_append_new(remarks, json_string(report->remarks[i]));
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(cases, case_json(&report->cases[i]));
    json_object_set_new(object, "properties", properties);
    json_object_set_new(object, "remarks", remarks);
    json_object_set_new(object, "cases", cases);
    return object;
}

int reg_json_dump(json_t *object, FILE *out)
{
    const int failed = json_dumpf(object, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    json_decref(object);
    return failed || fputc('\n', out) == EOF ? -EIO : 0;
}

int reg_write_json(const struct reg_report *report, FILE *out)
{
    return reg_json_dump(reg_report_json(report), out);
}
