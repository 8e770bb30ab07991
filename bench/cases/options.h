/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of attn-bench: one table, from which they are parsed, checked and explained. Those
 * that shape cases are the keys of a suite file as well, so the command line is one more block of
 * a sweep and there is one grammar for both.
 */
#ifndef ATTN_OPTIONS_H
#define ATTN_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/cases/list.h"
#include "bench/cases/message.h"

/* Axes come first, outermost loop first: an enum value below ATTN_AXES is a sweep key. */
enum attn_option_id {
    ATTN_OPT_PHASE,
    ATTN_OPT_MODEL,
    ATTN_OPT_KV_TYPE,
    ATTN_OPT_K_TYPE,
    ATTN_OPT_V_TYPE,
    ATTN_OPT_BATCH,
    ATTN_OPT_HEADS,
    ATTN_OPT_KV_HEADS,
    ATTN_OPT_DIM,
    ATTN_OPT_CONTEXT,
    ATTN_OPT_Q_LEN,
    ATTN_OPT_LAYOUT,
    ATTN_OPT_WINDOW,
    ATTN_OPT_CHUNK,
    ATTN_OPT_MASK,
    ATTN_OPT_RAGGED,
    ATTN_OPT_SINKS,
    ATTN_OPT_ALIBI,
    ATTN_OPT_REL_BIAS,
    ATTN_OPT_V_IN_K,
    ATTN_OPT_SOFTCAP,
    ATTN_OPT_SCALE,
    ATTN_OPT_HEAD_MAP,
    ATTN_OPT_PREFIX,
    ATTN_OPT_FORM,
    ATTN_OPT_WEIGHTS,
    ATTN_OPT_WIDTH,
    ATTN_OPT_FFN,
    ATTN_OPT_CROSS,
    ATTN_OPT_PROJECTION,
    ATTN_OPT_LAYERS,
    ATTN_OPT_LAYERS_RUN,
    ATTN_OPT_VOCAB,
    ATTN_OPT_MIX,
    ATTN_OPT_PROMPT,
    ATTN_OPT_TRACE,
    ATTN_OPT_THREADS,
    ATTN_OPT_KERNEL,
    ATTN_OPT_SPLITS,
    ATTN_OPT_TILE,
    ATTN_OPT_PREFETCH,
    ATTN_OPT_PAGES,
    ATTN_OPT_PLACEMENT,
    ATTN_OPT_CACHE,
    ATTN_AXES,
    ATTN_OPT_SUITE = ATTN_AXES,
    ATTN_OPT_SEED,
    ATTN_OPT_STEP_LOG,
    ATTN_OPT_RESUME,
    ATTN_OPT_COUNTERS,
    ATTN_OPT_SIM,
    ATTN_OPT_SIM_CACHE,
    ATTN_OPT_SIM_OUT,
    ATTN_OPT_LOAD,
    ATTN_OPT_LOAD_TIMEOUT,
    ATTN_OPT_CPU_MASK,
    ATTN_OPT_PLAN,
    ATTN_OPT_MACHINE,
    ATTN_OPT_LIST_KERNELS,
    ATTN_OPT_LIST_SUITES,
    ATTN_OPT_VERSION,
    ATTN_OPT_HELP,
    ATTN_OPTIONS,
};

enum attn_option_kind {
    ATTN_OPTION_NUMBERS, /* a value list of whole numbers */
    ATTN_OPTION_WORDS,   /* a list of words */
    ATTN_OPTION_TEXT,    /* one value, taken as it is */
    ATTN_OPTION_FLAG,    /* given or not */
};

struct attn_option {
    const char *name;
    const char *value; /* as --help shows it: the default, or what to put there */
    const char *help;
    enum attn_option_kind kind;
    bool unset;               /* `value` is a placeholder: there is no default */
    struct attn_bounds range; /* of numbers */
    const char *const *words; /* all there are, NULL-terminated */
    /* Where a list of words cannot say it: NULL, or 0 / -EINVAL for one item. */
    int (*check)(const char *item, struct attn_message *why);
    const char *later; /* what this build lacks, when the option is only recognised */
};

/* Indexed by enum attn_option_id. */
extern const struct attn_option attn_options[ATTN_OPTIONS];

/* Texts as given, NULL where not; they live as long as argv or the suite they came from. */
struct attn_settings {
    const char *text[ATTN_OPTIONS];
};

/*
 * Reads argv after the harness has taken its own options out of it. 0, or -EINVAL with the
 * sentence to print; every value but --kernel's has then passed attn_option_check().
 */
int attn_options_parse(int argc, char **argv, struct attn_settings *settings,
                       struct attn_message *why);

/* The rest of the check, when --load has been followed: only then are all kernels known. */
int attn_options_check_kernel(const struct attn_settings *settings, struct attn_message *why);

/* The option of that name, - and _ alike, or -1. */
int attn_option_find(const char *name, size_t len);

/* Is `text` a value of the option? 0, or -EINVAL with a sentence; the caller says which option. */
int attn_option_check(enum attn_option_id id, const char *text, struct attn_message *why);

/* The values of an axis, checked: the given text, or the default where there is one. An option
 * that has none and was not given yields an empty list. */
int attn_option_values(const struct attn_settings *settings, enum attn_option_id id,
                       struct attn_list *list, struct attn_message *why);

/* Was a sweep key given? Then the command line is a block of its own. */
bool attn_options_any_axis(const struct attn_settings *settings);

/* Was this flag given, and not as "false"? */
bool attn_option_flag(const struct attn_settings *settings, enum attn_option_id id);

void attn_options_help(FILE *out);

#endif
