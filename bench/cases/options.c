/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table and what is read out of it. The table is long because it is also the manual:
 * --help prints its lines as they stand, so a default that is shown is the default in force.
 */
#include "bench/cases/options.h"

#include "analysis/nearest.h"
#include "bench/cases/layer_shape.h"
#include "bench/cases/model.h"
#include "bench/cases/sim.h"
#include "bench/cases/words.h"
#include "bench/harness/benchmark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const booleans[] = {"off", "on", NULL};
static const char *const caches[] = {"cold", "hot", NULL};
static const char *const placements[] = {"compact", "scatter", NULL};
static const char *const masks[] = {"causal", "full", "tree", NULL};
static const char *const head_maps[] = {"block", "cyclic", NULL};
static const char *const weight_types[] = {"f32", "f16", "bf16", "i8", NULL};
static const char *const projections[] = {"auto", "gemv", "gemm", NULL};
static const char *const counters[] = {"auto", "off", "require", NULL};

#define NUMBERS(low, high) .kind = ATTN_OPTION_NUMBERS, .range = {.min = low, .max = high}
#define NUMBERS_OR(low, high, extra) \
    .kind = ATTN_OPTION_NUMBERS, .range = {.min = low, .max = high, .word = extra}
#define WORDS(list) .kind = ATTN_OPTION_WORDS, .words = list
#define CHECKED(function) .kind = ATTN_OPTION_WORDS, .check = function
#define TEXT(shown) .value = shown, .unset = true, .kind = ATTN_OPTION_TEXT
#define FLAG .kind = ATTN_OPTION_FLAG

const struct attn_option attn_options[ATTN_OPTIONS] = {
    [ATTN_OPT_PHASE] = {"phase", "decode",
                        "decode (few query tokens), prefill (q_len = context), layer, model,\n     "
                        "                          or generate (tokens from prompt to context)",
                        CHECKED(attn_check_phase)},
    [ATTN_OPT_MODEL] = {"model", "NAME|FILE",
                        "shape of a model: a name of attn-stat models, config.json, GGUF",
                        CHECKED(attn_check_model), .unset = true},
    [ATTN_OPT_KV_TYPE] = {"kv_type", "f16",
                          "f32, f16, bf16, i8, i4, e4m3, e5m2, for K i8c, i4c; K+V if unequal",
                          CHECKED(attn_check_kv_type)},
    [ATTN_OPT_K_TYPE] = {"k_type", "TYPE", "type of K alone", CHECKED(attn_check_type),
                         .unset = true},
    [ATTN_OPT_V_TYPE] = {"v_type", "TYPE", "type of V alone", CHECKED(attn_check_type),
                         .unset = true},
    [ATTN_OPT_BATCH] = {"batch", "1", "sequences decoded together", NUMBERS(1, 1u << 16)},
    [ATTN_OPT_HEADS] = {"heads", "32", "query heads", NUMBERS(1, 4096)},
    [ATTN_OPT_KV_HEADS] = {"kv_heads", "8", "KV heads; must divide heads. The word heads is MHA",
                           NUMBERS_OR(1, 4096, "heads")},
    [ATTN_OPT_DIM] = {"dim", "128", "head dim; K+V if unequal, as 192+128",
                      .kind = ATTN_OPTION_NUMBERS, .range = {.min = 1, .max = 1024, .pairs = true}},
    [ATTN_OPT_CONTEXT] = {"context", "4096", "tokens in the cache, the newest included",
                          NUMBERS(1, 1u << 26)},
    [ATTN_OPT_Q_LEN] = {"q_len", "1", "query tokens a sequence; the word context is a whole prompt",
                        NUMBERS_OR(1, 1u << 20, "context")},
    [ATTN_OPT_LAYOUT] = {"layout", "contiguous",
                         "contiguous, token_major, paged16 (any size), ring, transposed",
                         CHECKED(attn_check_layout)},
    [ATTN_OPT_WINDOW] = {"window", "0", "sliding window in tokens; 0 sees all",
                         NUMBERS(0, 1u << 26)},
    [ATTN_OPT_CHUNK] = {"chunk", "0", "chunked attention in tokens; 0 is off",
                        NUMBERS(0, 1u << 26)},
    [ATTN_OPT_MASK] = {"mask", "causal", "causal, full (cross attention) or tree", WORDS(masks)},
    [ATTN_OPT_RAGGED] = {"ragged", "0", "percent by which the shortest sequence is shorter",
                         NUMBERS(0, 99)},
    [ATTN_OPT_SINKS] = {"sinks", "off", "one more logit per head in the denominator",
                        WORDS(booleans)},
    [ATTN_OPT_ALIBI] = {"alibi", "off", "linear position bias per head", WORDS(booleans)},
    [ATTN_OPT_REL_BIAS] = {"rel_bias", "off", "learned bias per head by distance, as in T5",
                           WORDS(booleans)},
    [ATTN_OPT_V_IN_K] = {"v_in_k", "off", "V is the beginning of K's row, as in a latent (MLA)",
                         WORDS(booleans)},
    [ATTN_OPT_SOFTCAP] = {"softcap", "0", "cap * tanh(logit / cap); 0 is off",
                          CHECKED(attn_check_real)},
    [ATTN_OPT_SCALE] = {"scale", "auto", "factor of the logits; auto is 1/sqrt(dim)",
                        CHECKED(attn_check_scale)},
    [ATTN_OPT_HEAD_MAP] = {"head_map", "block", "block (h / group) or cyclic (h % kv_heads)",
                           WORDS(head_maps)},
    [ATTN_OPT_PREFIX] = {"prefix", "0", "tokens that all sequences share, in whole pages",
                         NUMBERS(0, 1u << 26)},
    [ATTN_OPT_FORM] = {"form", "llama", "of a layer: what stands around its attention",
                       CHECKED(attn_check_form), .unset = true},
    [ATTN_OPT_WEIGHTS] = {"weights", "bf16", "type of a layer's weights: f32, f16, bf16, i8",
                          WORDS(weight_types), .unset = true},
    [ATTN_OPT_WIDTH] = {"width", "4096", "of the residual stream between layers",
                        NUMBERS(1, 1u << 16), .unset = true},
    [ATTN_OPT_FFN] = {"ffn", "14336", "inner width of a layer's feed-forward part",
                      NUMBERS(1, 1u << 18), .unset = true},
    [ATTN_OPT_CROSS] = {"cross", "TOKENS", "tokens of the encoder a layer also attends to",
                        NUMBERS(0, 1u << 26), .unset = true},
    [ATTN_OPT_PROJECTION] = {"projection", "auto",
                             "gemv (ours), gemm (OpenBLAS); auto goes by the number of tokens",
                             WORDS(projections)},
    [ATTN_OPT_LAYERS] = {"layers", "32", "layers of a model", NUMBERS(1, LAYER_LAYERS_MAX),
                         .unset = true},
    [ATTN_OPT_LAYERS_RUN] = {"layers_run", "<what memory holds>",
                             "distinct layers in memory, run in turn to make up all",
                             NUMBERS(1, LAYER_LAYERS_MAX), .unset = true},
    [ATTN_OPT_VOCAB] = {"vocab", "128256", "words of a model", NUMBERS(1, 1u << 20), .unset = true},
    [ATTN_OPT_MIX] = {"mix", "RUNS",
                      "layers of a model that differ: 5w512+1 is five with a window, one without",
                      CHECKED(attn_check_mix), .unset = true},
    [ATTN_OPT_PROMPT] = {"prompt", "<half the context>",
                         "generate: tokens that are there when generating begins",
                         NUMBERS(1, 1u << 26), .unset = true},
    [ATTN_OPT_TRACE] = {"trace", "FILE",
                        "generate: requests that come and go; a line is arrival prompt output",
                        CHECKED(attn_check_trace), .unset = true},
    [ATTN_OPT_THREADS] = {"threads", "<physical cores>", "threads working together on each call",
                          NUMBERS(1, 1024), .unset = true},
    [ATTN_OPT_KERNEL] = {"kernel", "best", "best, names and globs of --list_kernels",
                         CHECKED(attn_check_kernel)},
    [ATTN_OPT_SPLITS] = {"splits", "auto",
                         "chunks a KV head, a partial of each in scratch; auto: the kernel's",
                         NUMBERS_OR(1, 1u << 16, "auto")},
    [ATTN_OPT_TILE] = {"tile", "auto", "tokens a kernel takes at a time, a multiple of 8",
                       CHECKED(attn_check_tile)},
    [ATTN_OPT_PREFETCH] = {"prefetch", "auto", "tiles ahead that memory is asked for: none, 1 to 4",
                           CHECKED(attn_check_prefetch)},
    [ATTN_OPT_PAGES] = {"pages", "thp", "memory pages behind the cache: 4k, thp or hugetlb",
                        CHECKED(attn_check_pages)},
    [ATTN_OPT_PLACEMENT] = {"placement", "compact",
                            "threads fill a package (compact) or go round NUMA nodes (scatter)",
                            WORDS(placements)},
    [ATTN_OPT_CACHE] = {"cache", "cold", "cold rotates copies of the data, hot repeats one",
                        WORDS(caches)},

    [ATTN_OPT_SUITE] = {"suite", .help = "cases from a suite; keys above replace the suite's own",
                        TEXT("NAME|FILE")},
    [ATTN_OPT_SEED] = {"seed", "1", "of the data and of the rows that are checked",
                       NUMBERS(0, UINT64_MAX)},
    [ATTN_OPT_STEP_LOG] = {"step_log", .help = "generate: writes every step of a run to FILE (CSV)",
                           TEXT("FILE")},
    [ATTN_OPT_RESUME] = {"resume", .help = "take finished rows of FILE over, run the rest",
                         TEXT("FILE")},
    [ATTN_OPT_COUNTERS] = {"counters", "auto", "hardware counters: auto, off, or require or fail",
                           WORDS(counters)},
    [ATTN_OPT_SIM] = {"sim", .help = "also count instructions and DRAM bytes in a simulator", FLAG},
    [ATTN_OPT_SIM_CACHE] = {"sim_cache", "32K+8M", "sizes of its first and its last cache",
                            CHECKED(attn_check_sim_cache)},
    [ATTN_OPT_SIM_OUT] = {"sim_out", .help = "keep a callgrind file of each case there",
                          TEXT("FOLDER")},
    [ATTN_OPT_LOAD] = {"load", .help = "kernels from shared objects; name them in --kernel",
                       TEXT("SO,...")},
    [ATTN_OPT_LOAD_TIMEOUT] = {"load_timeout", "10",
                               "seconds a loaded kernel has for an answer; for a call, more by "
                               "its size",
                               NUMBERS(1, 86400)},
    [ATTN_OPT_CPU_MASK] = {"cpu_mask",
                           .help = "CPU features to use, as avx2,avx512; none is portable",
                           .value = "FEATURES", .unset = true, CHECKED(attn_check_cpu_feature)},
    [ATTN_OPT_PLAN] = {"plan", .help = "print cases, memory and estimated time; run nothing", FLAG},
    [ATTN_OPT_MACHINE] = {"machine", .help = "measure and print what this machine can do at most",
                          FLAG},
    [ATTN_OPT_LIST_KERNELS] = {"list_kernels", .help = "print every kernel of this build", FLAG},
    [ATTN_OPT_LIST_SUITES] = {"list_suites", .help = "print every suite of this build", FLAG},
    [ATTN_OPT_VERSION] = {"version", .help = "print the version", FLAG},
    [ATTN_OPT_HELP] = {"help", .help = "print this", FLAG},
};

int attn_option_find(const char *name, size_t len)
{
    char text[64];
    if (len >= sizeof(text))
        return -1;
    memcpy(text, name, len);
    text[len] = '\0';
    for (int i = 0; i < ATTN_OPTIONS; i++)
        if (ana_word_equal(text, attn_options[i].name))
            return i;
    return -1;
}

/* Reads the text as the option's list and checks what lists cannot. */
static int read_list(enum attn_option_id id, const char *text, struct attn_list *list,
                     struct attn_message *why)
{
    const struct attn_option *const o = &attn_options[id];
    if (o->kind == ATTN_OPTION_NUMBERS)
        return attn_list_numbers(text, &o->range, list, why);
    int error = attn_list_words(text, list, why);
    for (size_t i = 0; !error && i < list->n; i++) {
        if (o->words)
            error = attn_check_word(o->words, list->item[i], why);
        else if (o->check)
            error = o->check(list->item[i], why);
    }
    if (error)
        attn_list_free(list);
    return error;
}

static bool boolean(const char *text, bool *value)
{
    static const char *const yes[] = {"true", "1", "on", "yes"}, *const no[] = {"false", "0", "off",
                                                                                "no"};
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) && strcasecmp(text, no[i]))
            continue;
        *value = strcasecmp(text, yes[i]) == 0;
        return true;
    }
    return false;
}

int attn_option_check(enum attn_option_id id, const char *text, struct attn_message *why)
{
    const struct attn_option *const o = &attn_options[id];
    struct attn_list list = {0};
    bool flag = true;
    int error = 0;
    if (o->kind == ATTN_OPTION_FLAG && !boolean(text, &flag))
        error = attn_refuse(why, -EINVAL, "\"%s\" is neither true nor false", text);
    else if (o->later && flag)
        error = attn_refuse(why, -EINVAL, "%s", o->later);
    else if (o->kind == ATTN_OPTION_TEXT && !*text)
        error = attn_refuse(why, -EINVAL, "the value is empty; give %s", o->value);
    else if (o->kind == ATTN_OPTION_NUMBERS || o->kind == ATTN_OPTION_WORDS)
        error = read_list(id, text, &list, why);
    if (!error && id >= ATTN_AXES && id != ATTN_OPT_CPU_MASK && list.n > 1)
        error = attn_refuse(why, -EINVAL, "\"%s\" is a list; give one value", text);
    attn_list_free(&list);
    return error;
}

int attn_option_values(const struct attn_settings *settings, enum attn_option_id id,
                       struct attn_list *list, struct attn_message *why)
{
    const struct attn_option *const o = &attn_options[id];
    const char *const text = settings->text[id] ? settings->text[id] : o->unset ? NULL : o->value;
    *list = (struct attn_list){0};
    const int error = text ? read_list(id, text, list, why) : 0;
    return error ? attn_refuse_at(why, error, "--%s", o->name) : 0;
}

static int unknown(const char *name, size_t len, struct attn_message *why)
{
    char word[64];
    snprintf(word, sizeof(word), "%.*s", (int)len, name);
    struct ana_nearest near = {.word = word};
    for (int i = 0; i < ATTN_OPTIONS; i++)
        ana_nearest_offer(&near, attn_options[i].name);
    const struct benchmark_flag *flag;
    for (size_t i = 0; (flag = benchmark_flag_at(i)); i++)
        ana_nearest_offer(&near, flag->name);
    const char *const best = ana_nearest_best(&near);
    if (best)
        return attn_refuse(why, -EINVAL, "unknown option --%s; did you mean --%s?", word, best);
    return attn_refuse(why, -EINVAL, "unknown option --%s; --help lists them all", word);
}

int attn_options_parse(int argc, char **argv, struct attn_settings *settings,
                       struct attn_message *why)
{
    *settings = (struct attn_settings){0};
    for (int i = 1; i < argc; i++) {
        const char *const arg = strcmp(argv[i], "-h") == 0 ? "--help" : argv[i];
        if (strncmp(arg, "--", 2) != 0 || !arg[2])
            return attn_refuse(why, -EINVAL,
                               "unexpected argument \"%s\"; options are spelled --name=value", arg);
        const char *const name = arg + 2;
        const size_t len = strcspn(name, "=");
        const int id = attn_option_find(name, len);
        if (id < 0)
            return unknown(name, len, why);
        const char *value = name[len] ? name + len + 1 : NULL;
        if (!value && attn_options[id].kind == ATTN_OPTION_FLAG)
            value = "true";
        if (!value && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
            value = argv[++i];
        if (!value)
            return attn_refuse(why, -EINVAL, "--%s needs a value; give --%s=%s",
                               attn_options[id].name, attn_options[id].name,
                               attn_options[id].value);
        const int error =
            id == ATTN_OPT_KERNEL ? 0 : attn_option_check((enum attn_option_id)id, value, why);
        if (error)
            return attn_refuse_at(why, error, "--%s", attn_options[id].name);
        settings->text[id] = value;
    }
    return 0;
}

int attn_options_check_kernel(const struct attn_settings *settings, struct attn_message *why)
{
    const char *const text = settings->text[ATTN_OPT_KERNEL];
    const int error = text ? attn_option_check(ATTN_OPT_KERNEL, text, why) : 0;
    return error ? attn_refuse_at(why, error, "--%s", attn_options[ATTN_OPT_KERNEL].name) : 0;
}

bool attn_options_any_axis(const struct attn_settings *settings)
{
    for (int i = 0; i < ATTN_AXES; i++)
        if (settings->text[i])
            return true;
    return false;
}

bool attn_option_flag(const struct attn_settings *settings, enum attn_option_id id)
{
    bool value = false;
    return settings->text[id] && boolean(settings->text[id], &value) && value;
}

/* The harness's own flags, which are too long for one line with what they do. */
static void flags_help(FILE *out)
{
    const struct benchmark_flag *flag;
    fputs("\nOf the harness, as in Google Benchmark; each is preset by the environment variable of "
          "its\nname in capitals, as BENCHMARK_FILTER.\n",
          out);
    for (size_t i = 0; (flag = benchmark_flag_at(i)); i++) {
        fprintf(out, "  --%s=%s\n        %s", flag->name, flag->values, flag->help);
        if (*flag->preset && !flag->is_bool)
            fprintf(out, " (%s)", flag->preset);
        fputs("\n", out);
    }
}

void attn_options_help(FILE *out)
{
    fputs("usage: attn-bench [options] [--benchmark_*]\n"
          "\n"
          "Measures attention kernels on this machine and writes Google Benchmark JSON.\n"
          "Without options it runs the suite quick.\n"
          "\n"
          "What is run. Lists multiply: 1,2,4  512-32768*2  1-8+1  4K (K and M are 1024s).\n",
          out);
    for (int i = 0; i < ATTN_OPTIONS; i++) {
        const struct attn_option *const o = &attn_options[i];
        char left[48];
        if (i == ATTN_AXES)
            fputs("\nHow, and what else there is to do.\n", out);
        snprintf(left, sizeof(left), o->value ? "--%s=%s" : "--%s", o->name, o->value);
        fprintf(out, "  %-28s %s%s\n", left, o->help, o->later ? " (not in this build)" : "");
    }
    fputs("\n- and _ are alike in names; --name value works as well as --name=value.\n", out);
    flags_help(out);
    fputs("\nExit status: 0 ok, 1 a bad argument or output file, 130 ended by Ctrl-C.\n", out);
}
