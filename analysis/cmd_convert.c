/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attn-stat convert: a checkpoint with fewer KV heads, and what one should know before making it:
 * how alike the heads are, and how far attention's output moves.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/checkpoint/card.h"
#include "analysis/checkpoint/judge.h"
#include "analysis/checkpoint/similar.h"
#include "analysis/checkpoint/target.h"
#include "analysis/nearest.h"
#include "analysis/option.h"
#include "analysis/results.h"
#include "analysis/table.h"

struct job {
    const struct ana_command *self;
    uint64_t kv_heads, heads, dim, seed, tokens;
    const char *method, *out, *activations, *format;
    double alike;
    bool error, similarity;
    enum ana_method how;
    enum ana_format as;
    char card_path[4096]; /* of the config.json beside the checkpoint; "" if there is none */
    struct ana_card card;
    struct ana_store store;
    struct ana_attentions found;
    struct ana_fault fault;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    stopped = number;
}

/* Not under nohup and the like: what is ignored stays ignored. */
static void heed(int number)
{
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    struct sigaction before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

static int complain(const struct job *job)
{
    return ana_complain(job->self, "%s", job->fault.text);
}

static int parse_method(struct job *job)
{
    struct ana_nearest near = {.word = job->method};
    for (int m = 0; m < ANA_METHODS; m++) {
        if (strcmp(job->method, ana_method_names[m]) == 0) {
            job->how = (enum ana_method)m;
            return 0;
        }
        ana_nearest_offer(&near, ana_method_names[m]);
    }
    const char *const best = ana_nearest_best(&near);
    if (best)
        return ana_complain(job->self, "--method=%s: no such method; did you mean %s?", job->method,
                            best);
    return ana_complain(job->self, "--method=%s: no such method; it takes mean, first or random",
                        job->method);
}

static int check_words(struct job *job, int operands)
{
    if (operands != 1)
        return ana_complain(job->self,
                            operands ? "one checkpoint at a time, and %d are given"
                                     : "needs a checkpoint: a .safetensors file, an "
                                       "index, or their folder",
                            operands);
    if (!job->out && !job->error && !job->similarity)
        return ana_complain(job->self, "needs -o for the converted checkpoint, or --error or "
                                       "--similarity for a table");
    if ((job->out || job->error) && !job->kv_heads)
        return ana_complain(job->self, "needs --kv_heads, how many KV heads there shall be");
    if (job->kv_heads > 65536 || job->heads > 65536 || job->dim > 65536 || job->tokens > 65536)
        return ana_complain(job->self, "--kv_heads, --heads, --dim and --tokens reach to 65536");
    if (job->alike < -1 || job->alike > 1)
        return ana_complain(job->self, "--alike=%g: a cosine lies between -1 and 1", job->alike);
    if (ana_format_parse(job->format, &job->as))
        return ana_complain(job->self, "--format=%s: it takes text, md, csv or json", job->format);
    return parse_method(job);
}

static int read_card(struct job *job)
{
    ana_card_default(&job->card);
    snprintf(job->card_path, sizeof(job->card_path), "%s/config.json", job->store.folder);
    const int status = ana_card_read(job->card_path, &job->card, &job->fault);
    if (status == -ENOENT) {
        job->card_path[0] = '\0';
        if (!job->heads)
            return ana_complain(job->self,
                                "%.400s has no config.json; give the number of query heads with "
                                "--heads",
                                job->store.folder);
    } else if (status) {
        return complain(job);
    }
    if (job->heads)
        job->card.heads = (uint32_t)job->heads;
    if (job->dim)
        job->card.dim = (uint32_t)job->dim;
    return 0;
}

static int print_table(struct job *job, struct ana_table *table)
{
    const int status = ana_table_write(table, job->as, stdout);
    if (status)
        return ana_complain(job->self, "cannot write to stdout: %s", strerror(-status));
    return 0;
}

static void add_layer(struct ana_table *table, const struct ana_attention *layer)
{
    ana_table_number(table, layer->layer);
    ana_table_text(table, layer->cross ? "cross" : "self");
    ana_table_number(table, layer->kv_heads);
}

static int add_likeness(struct job *job, struct ana_table *table, const struct ana_attention *layer)
{
    struct ana_likeness k = {0}, v = {0};
    char sets[256];
    const uint32_t groups = (uint32_t)job->kv_heads;
    int status = ana_likeness(&layer->k, layer->kv_heads, groups, &k, &job->fault);
    if (!status)
        status = ana_likeness(&layer->v, layer->kv_heads, groups, &v, &job->fault);
    if (!status) {
        const double numbers[] = {k.lowest, k.mean, v.lowest, v.mean, k.lost, v.lost};
        add_layer(table, layer);
        for (int i = 0; i < (groups ? 6 : 4); i++)
            ana_table_number(table, numbers[i]);
        ana_likeness_sets(&k, &v, job->alike, sets, sizeof(sets));
        ana_table_text(table, sets);
    }
    ana_likeness_free(&k);
    ana_likeness_free(&v);
    return status;
}

static int print_likeness(struct job *job)
{
    static const char *const names[] = {"layer",    "attention", "kv_heads", "k_lowest", "k_mean",
                                        "v_lowest", "v_mean",    "k_lost",   "v_lost"};
    struct ana_table *const table = ana_table_new();
    if (!table)
        return ana_complain(job->self, "not enough memory");
    int status = 0;
    for (int i = 0; i < (job->kv_heads ? 9 : 7); i++)
        ana_table_column(table, names[i], i != 1);
    ana_table_column(table, "can_share", false);
    for (size_t i = 0; !status && i < job->found.count; i++)
        status = add_likeness(job, table, &job->found.layers[i]);
    status = status ? complain(job) : print_table(job, table);
    ana_table_free(table);
    return status;
}

static int print_errors(struct job *job)
{
    static const char *const names[] = {"layer", "attention", "kv_heads",
                                        "mean",  "first",     "random"};
    struct ana_judgement judgement = {.card = &job->card,
                                      .tokens = (uint32_t)job->tokens,
                                      .kv_heads = (uint32_t)job->kv_heads,
                                      .seed = job->seed};
    struct ana_store given;
    struct ana_table *const table = ana_table_new();
    if (!table)
        return ana_complain(job->self, "not enough memory");
    int status = 0;
    if (job->activations) {
        status = ana_store_open(job->activations, &given, &job->fault);
        judgement.activations = &given;
    }
    for (int i = 0; i < 6; i++)
        ana_table_column(table, names[i], i != 1);
    for (size_t i = 0; i < job->found.count; i++)
        if (job->found.layers[i].position.tensor)
            judgement.position = job->found.layers[i].position;
    for (size_t i = 0; !status && i < job->found.count; i++) {
        double errors[ANA_METHODS];
        status = ana_judge(&judgement, &job->found.layers[i], errors, &job->fault);
        if (!status)
            add_layer(table, &job->found.layers[i]);
        for (int m = 0; !status && m < ANA_METHODS; m++)
            ana_table_number(table, errors[m]);
    }
    if (job->activations && judgement.activations->arena)
        ana_store_close(&given);
    status = status ? complain(job) : print_table(job, table);
    ana_table_free(table);
    return status;
}

static void show_progress(uint64_t done, uint64_t total)
{
    static struct timespec first, last;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!first.tv_sec)
        first = now;
    if (now.tv_sec == last.tv_sec && done < total)
        return;
    last = now;
    const double spent = (double)(now.tv_sec - first.tv_sec), part = (double)done / (double)total;
    if (done < total)
        fprintf(stderr, "\r%3.0f %%, %.0f s left ", 100 * part, spent * (1 - part) / part);
    else
        fputs("\r\033[K", stderr);
}

static int convert(struct job *job)
{
    const struct ana_conversion conversion = {
        .store = &job->store,
        .found = &job->found,
        .kv_heads = (uint32_t)job->kv_heads,
        .method = job->how,
        .seed = job->seed,
        .stop = &stopped,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    char card[4200] = "";
    const int layers = ana_convert_check(&conversion, &job->fault);
    if (layers < 0)
        return complain(job);
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is an error to tell, not an end */
    heed(SIGINT);
    heed(SIGTERM);
    heed(SIGHUP);
    const int status =
        ana_target_write(&conversion, job->out, job->card_path, card, sizeof(card), &job->fault);
    if (status) {
        complain(job);
        return stopped ? 128 + stopped : ANA_EXIT_USAGE;
    }
    printf("%s: %d of %zu layers now have %llu KV heads (%s)", job->out, layers, job->found.count,
           (unsigned long long)job->kv_heads, ana_method_names[job->how]);
    if (*card)
        printf("; %s says so\n", card);
    else
        printf("; there was no config.json to rewrite\n");
    return 0;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct job job = {
        .self = self, .seed = 1, .tokens = 64, .method = "mean", .format = "text", .alike = 0.9};
    const struct ana_option options[] = {
        {"kv_heads", ANA_ABOVE, &job.kv_heads, "KV heads of the converted layers"},
        {"method", ANA_TEXT, &job.method, "mean, first or random (mean)"},
        {"o", ANA_TEXT, &job.out, "the converted file; a folder if the checkpoint has several"},
        {"similarity", ANA_FLAG, &job.similarity, "print how alike the KV heads are"},
        {"alike", ANA_REAL, &job.alike, "cosine from which heads can share (0.9)"},
        {"error", ANA_FLAG, &job.error, "print how far attention's output moves, each method"},
        {"activations", ANA_TEXT, &job.activations, "safetensors of inputs for --error (drawn)"},
        {"tokens", ANA_ABOVE, &job.tokens, "tokens for --error, at most (64)"},
        {"heads", ANA_ABOVE, &job.heads, "query heads, instead of config.json's"},
        {"dim", ANA_ABOVE, &job.dim, "head dim, instead of config.json's"},
        {"seed", ANA_COUNT, &job.seed, "of what is drawn (1)"},
        {"format", ANA_TEXT, &job.format, "of tables: text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    int status = check_words(&job, argc);
    if (status)
        return status;
    if (ana_store_open(argv[0], &job.store, &job.fault))
        return complain(&job);
    status = read_card(&job);
    if (!status &&
        ana_attentions_find(&job.store, job.card.heads, job.card.dim, &job.found, &job.fault))
        status = complain(&job);
    const struct ana_conversion asked = {.found = &job.found, .kv_heads = (uint32_t)job.kv_heads};
    if (!status && job.kv_heads && ana_convert_check(&asked, &job.fault) < 0)
        status = complain(&job);
    if (!status && job.similarity)
        status = print_likeness(&job);
    if (!status && job.error)
        status = print_errors(&job);
    if (!status && job.out)
        status = convert(&job);
    ana_attentions_free(&job.found);
    ana_store_close(&job.store);
    return status ? status : ana_finish_stdout(self);
}

const struct ana_command ana_cmd_convert = {
    .name = "convert",
    .arguments = "CHECKPOINT",
    .summary = "Fewer KV heads in a checkpoint, and what that does to attention",
    .run = run,
};
