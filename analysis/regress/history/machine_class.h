/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be equal before two results belong into one series. Times depend on the machine and
 * on how the program was built; simulated counts on the build and the simulator alone, so they go
 * on where times must begin anew. The class is a text people can read; equal text, equal class.
 */
#ifndef REG_HISTORY_MACHINE_CLASS_H
#define REG_HISTORY_MACHINE_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/record.h"

enum { REG_CLASS_MAX = 1024 };

/* The figures that are kept of a case, and whether they are free of noise. */
struct reg_metric {
    const char *name; /* column or "real_ns" */
    bool exact;
};

enum { REG_METRICS = 3 };
extern const struct reg_metric reg_metrics[REG_METRICS];

/* NULL if it is none of them. */
const struct reg_metric *reg_metric_find(const char *name);

/* "cpu_model=..., cores=2, compiler=gcc 12.2.0": what is not known is left out. */
void reg_class_text(const struct ana_result *result, bool exact, char text[REG_CLASS_MAX]);

/* Keys of the context that make the class, by index; NULL past the last. */
const char *reg_class_key(size_t index, bool exact);

/* Do two results differ in class? Then in what: "compiler is gcc 12.2.0 and was clang 14.0.6". */
bool reg_class_difference(const struct ana_result *was, const struct ana_result *is, bool exact,
                          char *text, size_t size);

#endif
