/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress sim: did a build come to need more instructions, DRAM traffic or scratch? */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "analysis/arena.h"
#include "analysis/option.h"
#include "analysis/regress/history/machine_class.h"
#include "analysis/regress/names.h"
#include "analysis/regress/output.h"
#include "analysis/regress/percent.h"
#include "analysis/regress/regress.h"
#include "analysis/regress/sim/gate.h"
#include "analysis/results.h"
#include "analysis/table.h"
#include "analysis/tame.h"

struct request {
    const struct ana_command *self;
    struct reg_counting counting;
    struct reg_gate_rule rule;
    struct reg_files files;
    const char *save;
    enum ana_format format;
    bool strict, no_self_test;
};

static void put_count(struct ana_table *table, double value, enum ana_format format)
{
    char text[40] = "";
    if (format == ANA_TABLE_CSV || format == ANA_TABLE_JSON) {
        ana_table_number(table, value);
        return;
    }
    if (!isnan(value))
        snprintf(text, sizeof(text), "%.0f", value);
    ana_table_text(table, text);
}

/* Names without the parts in `common`. */
static int print_table(const struct reg_gated *gated, size_t count, enum ana_format format,
                       const char *common)
{
    static const char *const names[] = {"verdict",      "case",   "base_instructions",
                                        "instructions", "change", "base_dram_bytes",
                                        "dram_bytes",   "note"};
    struct ana_table *const table = ana_table_new();
    if (!table)
        return -ENOMEM;
    for (int i = 0; i < 8; i++)
        ana_table_column(table, names[i], i >= 2 && i <= 6);
    for (size_t i = 0; i < count; i++) {
        const struct reg_gated *const g = &gated[i];
        char change[32] = "", name[512];
        if (!isnan(g->head / g->base))
            snprintf(change, sizeof(change), "%+.2f%%", 100 * (g->head / g->base - 1));
        ana_table_text(table, reg_verdict_name[g->verdict]);
        ana_table_text(table, reg_short_name(g->name, common, name, sizeof(name)));
        put_count(table, g->base, format);
        put_count(table, g->head, format);
        if (format == ANA_TABLE_CSV || format == ANA_TABLE_JSON)
            ana_table_number(table, g->head / g->base);
        else
            ana_table_text(table, change);
        put_count(table, g->base_dram, format);
        put_count(table, g->head_dram, format);
        ana_table_text(table, g->note);
    }
    const int status = ana_table_write(table, format, stdout);
    ana_table_free(table);
    return status;
}

/* In the form that the files of all comparisons are made of. */
static int make_report(const struct reg_gated *gated, size_t count, struct ana_arena *arena,
                       struct reg_report *report)
{
    struct reg_case *const cases = ana_arena_alloc(arena, (count + 1) * sizeof(*cases));
    if (!cases)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        cases[i] = (struct reg_case){
            .name = gated[i].name,
            .verdict = gated[i].verdict,
            .base_ns = NAN,
            .head_ns = NAN,
            .ratio = gated[i].head / gated[i].base,
            .low = NAN,
            .high = NAN,
            .p = NAN,
            .adjusted = NAN,
            .visible = NAN,
            .base_n = gated[i].base > 0,
            .head_n = gated[i].head > 0,
            .note = gated[i].note,
        };
    report->cases = cases;
    report->count = count;
    return 0;
}

static int print(const struct request *request, const struct reg_gated *gated, size_t count,
                 struct reg_report *report)
{
    char headline[256], message[512], common[512] = "";
    size_t tally[REG_VERDICTS];
    reg_tally(report, tally);
    report->status = reg_exit_status(tally, &(struct reg_rule){.strict = request->strict,
                                                               .noisy = report->noisy});
    if (request->format == ANA_TABLE_TEXT && isatty(STDOUT_FILENO))
        reg_common_parts(report, common, sizeof(common));
    ana_tame(common);
    if (*common)
        printf("all: %s\n\n", common);
    const int error = print_table(gated, count, request->format, common);
    if (error)
        return ana_complain(request->self, "cannot write to stdout: %s", strerror(-error));
    reg_headline(report, headline, sizeof(headline));
    if (request->format == ANA_TABLE_TEXT || request->format == ANA_TABLE_MARKDOWN)
        printf("\n%s\n", headline);
    for (size_t i = 0; i < report->remark_count; i++)
        fprintf(request->format == ANA_TABLE_TEXT ? stdout : stderr, "%s\n", report->remarks[i]);
    if (reg_files_write(&request->files, report, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    const int finished = ana_finish_stdout(request->self);
    return finished ? finished : report->status;
}

static int gate(const struct request *request, const struct reg_counts *base,
                const struct reg_counts *head, const char *trouble, struct ana_arena *arena)
{
    const char *const remarks[] = {trouble};
    struct reg_gated *gated;
    size_t count;
    struct reg_report report = {.what = "sim",
                                .base = base->path,
                                .head = head->path,
                                .unit = "counts",
                                .remarks = remarks,
                                .remark_count = *trouble != '\0',
                                .noisy = *trouble != '\0'};
    if (!arena || reg_gate(base, head, &request->rule, arena, &gated, &count) ||
        make_report(gated, count, arena, &report))
        return ana_complain(request->self, "not enough memory");
    return print(request, gated, count, &report);
}

/* Counts of another compiler or simulator say nothing about this one: that is no failure. Files say
 * so, too, or somebody would read those of the run before. */
static int not_comparable(const struct request *request, const struct reg_counts *base,
                          const struct reg_counts *head, const char *difference)
{
    char text[800], message[512];
    const char *const remark = text;
    const struct reg_report report = {.what = "sim",
                                      .base = base->path,
                                      .head = head->path,
                                      .unit = "counts",
                                      .remarks = &remark,
                                      .remark_count = 1,
                                      .noisy = true};
    snprintf(text, sizeof(text),
             "not gated: base and head are not comparable, %s; a new base is made with --save",
             difference);
    const bool spoken = request->format == ANA_TABLE_TEXT || request->format == ANA_TABLE_MARKDOWN;
    const int error = spoken ? 0 : print_table(NULL, 0, request->format, "");
    if (error)
        return ana_complain(request->self, "cannot write to stdout: %s", strerror(-error));
    fprintf(spoken ? stdout : stderr, "%s\n", text);
    if (reg_files_write(&request->files, &report, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    const int finished = ana_finish_stdout(request->self);
    return finished ? finished : request->strict ? REG_EXIT_NOISY : ANA_EXIT_OK;
}

static int compare(const struct request *request, const struct reg_counts *base,
                   const struct reg_counts *head)
{
    char difference[600], twice[700], trouble[800] = "";
    if (base->perf != head->perf)
        return not_comparable(request, base, head, "one is simulated and the other is not");
    if (reg_class_difference(base->results.files[0], head->results.files[0], !head->perf,
                             difference, sizeof(difference)))
        return not_comparable(request, base, head, difference);
    if (!request->no_self_test && reg_is_program(head->path)) {
        const int status =
            reg_counts_again(request->self, head, &request->counting, twice, sizeof(twice));
        if (status > 1)
            return status;
        if (status)
            snprintf(trouble, sizeof(trouble), "not gated: %s", twice);
    }
    struct ana_arena *const arena = ana_arena_new();
    const int status = gate(request, base, head, trouble, arena);
    ana_arena_free(arena);
    return status;
}

static int save(const struct request *request, const struct reg_counts *head)
{
    char message[512];
    if (reg_file_write(request->save, reg_counts_write, head, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    if (request->save && request->format == ANA_TABLE_TEXT)
        printf("%s: counts of %s, a base for later\n", request->save, head->path);
    return 0;
}

static int work(const struct request *request, char **paths, int count)
{
    struct reg_counts base, head;
    struct reg_counting counting = request->counting;
    int status = 0;
    if (count == 2) {
        status = reg_counts_open(request->self, paths[0], &counting, &base);
        if (status)
            return status;
        if (counting.tool == REG_TOOL_AUTO && reg_is_program(paths[0]))
            counting.tool = base.perf ? REG_TOOL_PERF : REG_TOOL_CALLGRIND;
    }
    status = reg_counts_open(request->self, paths[count - 1], &counting, &head);
    if (!status) {
        status = save(request, &head);
        if (!status && count == 2)
            status = compare(request, &base, &head);
        reg_counts_close(&head);
    }
    if (count == 2)
        reg_counts_close(&base);
    return status ? status : ana_finish_stdout(request->self);
}

static int parse_shares(const struct request *request, const char *ir, const char *dram,
                        struct reg_gate_rule *rule)
{
    const struct {
        const char *name, *text;
        double *value;
    } shares[] = {{"ir_threshold", ir, &rule->instructions}, {"dram_threshold", dram, &rule->dram}};
    for (size_t i = 0; i < 2; i++)
        if (reg_parse_share(shares[i].text, shares[i].value) ||
            !(*shares[i].value >= 0 && *shares[i].value < 10))
            return ana_complain(request->self, "--%s=%s: it takes a share such as 3%% or 0.03",
                                shares[i].name, shares[i].text);
    return 0;
}

static int parse_tool(const struct request *request, const char *text, enum reg_tool *tool)
{
    static const char *const tools[] = {"auto", "callgrind", "perf"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, tools[i]) == 0) {
            *tool = (enum reg_tool)i;
            return 0;
        }
    return ana_complain(request->self, "--tool=%s: it takes auto, callgrind or perf", text);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    static const char *const nothing[] = {NULL};
    const char *ir = "3%", *dram = "2%", *tool = "auto", *format = "text";
    uint64_t timeout = 3600;
    struct request request = {.self = self, .rule.dram_bytes = 65536};
    const struct ana_option options[] = {
        {"ir_threshold", ANA_TEXT, &ir, "more instructions than this fail (3%)"},
        {"dram_threshold", ANA_TEXT, &dram, "more DRAM bytes than this and 64 KiB fail (2%)"},
        {"tool", ANA_TEXT, &tool, "who counts: auto, callgrind or perf (auto)"},
        {"save", ANA_TEXT, &request.save, "file for the counts of HEAD, a base for later"},
        {"no_self_test", ANA_FLAG, &request.no_self_test, "do not count some cases twice"},
        {"strict", ANA_FLAG, &request.strict, "end with 3 where nothing could be gated"},
        {"timeout", ANA_ABOVE, &timeout, "seconds a program may take (3600)"},
        {"format", ANA_TEXT, &format, "text, md, csv or json (text)"},
        {"junit", ANA_TEXT, &request.files.junit, "file for the test pages of a CI"},
        {0},
    };
    char **arguments = NULL;
    for (int i = 0; i < argc; i++) /* what follows is for the programs */
        if (strcmp(argv[i], "--") == 0) {
            arguments = argv + i + 1;
            argc = i;
        }
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    char message[512];
    if (parse_shares(&request, ir, dram, &request.rule) ||
        parse_tool(&request, tool, &request.counting.tool))
        return ANA_EXIT_USAGE;
    if (ana_format_parse(format, &request.format))
        return ana_complain(self, "--format=%s: it takes text, md, csv or json", format);
    if (argc != 2 && !(argc == 1 && request.save))
        return ana_complain(self,
                            "needs two programs or result files, base and head (head alone with "
                            "--save); found %d",
                            argc);
    if (reg_files_check(&request.files, message, sizeof(message)))
        return ana_complain(self, "%s", message);
    request.counting.patience = (double)timeout;
    request.counting.arguments = arguments ? (const char *const *)(uintptr_t)arguments : nothing;
    return work(&request, argv, argc);
}

const struct ana_command reg_cmd_sim = {
    .name = "regress sim",
    .arguments = "BASE HEAD [-- ARGUMENTS]",
    .summary = "Instructions and simulated DRAM bytes of two builds: a gate without noise",
    .run = run,
};
