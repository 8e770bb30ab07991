/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report from result files to the page: synthetic rows of every kind a folder of results may
 * hold. What a picture looks like is for eyes; that there is one, that the page is well formed and
 * fetches nothing, and that nobody's label becomes markup or a gnuplot command, is checked here.
 */
#include "tests/test.h"

#include "analysis/report/markdown.h"
#include "analysis/report/query.h"
#include "analysis/report/report.h"
#include "analysis/report/text.h"
#include "analysis/report/unit.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static char work[64] = "/tmp/test_report-XXXXXX";

static const char *in_work(const char *name)
{
    static char path[4][512];
    static size_t turn;
    char *const p = path[turn++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", work, name);
    return p;
}

static void remove_all(const char *dir)
{
    DIR *const entries = opendir(dir);
    if (!entries)
        return;
    for (const struct dirent *e; (e = readdir(entries));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        struct stat st;
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            remove_all(path);
        else
            unlink(path);
    }
    closedir(entries);
    rmdir(dir);
}

static size_t count_entries(const char *dir)
{
    size_t n = 0;
    DIR *const entries = opendir(dir);
    for (const struct dirent *e; entries && (e = readdir(entries));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (entries)
        closedir(entries);
    return n;
}

/* A row as attn-bench writes it; the time follows from bytes and operations, so that the shapes of
 * the figures are those of real ones. */
struct sample {
    const char *kernel, *label;
    unsigned heads, kv_heads, dim, context, batch, threads;
    bool no_ceilings;
    const char *error; /* instead of a time */
    bool skipped;
    const char *kv;  /* NULL is f16 */
    const char *run; /* NULL, or what it was asked for: "tile:24/" */
};

static void write_row(FILE *out, const struct sample *s, int *rows)
{
    const double kv = (s->kv ? 8.0 : 4.0) * s->batch * s->context * s->kv_heads * s->dim;
    const double flops = 4.0 * s->batch * s->context * s->heads * s->dim;
    const double read = kv / 30 / s->threads, fma = flops / 100 / s->threads;
    const double slow = strcmp(s->kernel, "naive") == 0 ? 5 : s->run ? 1.3 : 1;
    for (int repetition = 0; repetition < 3; repetition++) {
        const double time = slow * (1.2 * fmax(read, fma) + 3000) * (1 + 0.01 * repetition);
        fprintf(out,
                "%s{\"name\": \"decode/%s/kv:%s/batch:%u/heads:%u/kv_heads:%u/dim:%u/context:%u/"
                "%sreal_time/threads:%u\", \"run_type\": \"iteration\", \"repetitions\": 3, "
                "\"repetition_index\": %d, \"threads\": %u, \"iterations\": 10, \"time_unit\": "
                "\"ns\"",
                (*rows)++ ? ",\n" : "", s->kernel, s->kv ? s->kv : "f16", s->batch, s->heads,
                s->kv_heads, s->dim, s->context, s->run ? s->run : "", s->threads, repetition,
                s->threads);
        if (s->error) {
            fprintf(out, ", \"real_time\": 0, \"cpu_time\": 0, \"%s\": true, \"%s\": \"%s\"}",
                    s->skipped ? "skipped" : "error_occurred",
                    s->skipped ? "skip_message" : "error_message", s->error);
            return;
        }
        fprintf(out, ", \"real_time\": %.6f, \"cpu_time\": %.6f, \"kv_bytes\": %.1f", time,
                2 * time, kv);
        if (!s->no_ceilings)
            fprintf(out, ", \"ceiling_read_ns\": %.1f, \"ceiling_fma_ns\": %.1f", read, fma);
        fprintf(out, ", \"max_abs_error\": 1e-7, \"error_bound\": 1e-5");
        if (strcmp(s->kernel, "split.avx2") == 0)
            fprintf(out,
                    ", \"p50_ns\": %.1f, \"p90_ns\": %.1f, \"p99_ns\": %.1f, \"dram_bytes\": %.1f"
                    ", \"sim_dram_bytes\": %.1f",
                    time, 1.1 * time, 1.5 * time, 1.25 * kv, 2 * kv);
        if (s->label)
            fprintf(out, ", \"label\": \"%s\"", s->label);
        fputc('}', out);
    }
}

static FILE *begin(const char *path, const char *context)
{
    FILE *const out = fopen(path, "w");
    if (out)
        fprintf(out, "{\"context\": {\"date\": \"2026-01-01\"%s},\n\"benchmarks\": [\n", context);
    return out;
}

static void end(FILE *out)
{
    fputs("\n]}\n", out);
    fclose(out);
}

static const char machine[] =
    ", \"host_name\": \"here\", \"num_cpus\": 2, \"cpu_model\": \"A CPU\", \"caches\": [{\"type\": "
    "\"Unified\", \"level\": 3, \"size\": 33554432, \"num_sharing\": 2}], \"warning_1\": \"<b>a "
    "warning</b>\", \"command_line\": \"attn-bench --suite='x' & more\""
    ", \"ceiling.read_l1_bytes_per_second.threads_1\": \"1e11\""
    ", \"ceiling.read_memory_bytes_per_second.threads_1\": \"1e10\""
    ", \"ceiling.read_memory_bytes_per_second.threads_2\": \"1.5e10\""
    ", \"ceiling.f32_avx2_flops_per_second.threads_2\": \"2e11\""
    ", \"ceiling.i8_avx2_flops_per_second.threads_2\": \"7e11\"";

/* What a label from outside may try; all of it has to arrive as text. */
static const char hostile[] = "<script>alert(1)</script> `touch pwned` $(touch pwned) "
                              "'; system('touch pwned'); ' _{x}^@&~ \\\\n \\u0007 \\u202e";

static unsigned step_calls = 10; /* of each row */

/* A row of a whole layer or model; `name` from the batch on, without the end. */
static void write_step(FILE *out, const char *phase, const char *name, double kv, double time,
                       double attention)
{
    fprintf(out,
            ",\n{\"name\": \"%s/split.avx2/kv:bf16/%s/real_time/threads:2\", \"run_type\": "
            "\"iteration\", \"threads\": 2, \"iterations\": %u, \"time_unit\": \"ns\", "
            "\"real_time\": %.1f, \"cpu_time\": %.1f, \"kv_bytes\": %.1f, \"bytes\": %.1f, "
            "\"items_per_second\": %.4f, \"label\": \"%s %g\"",
            phase, name, step_calls, time, time, kv, 3 * kv, 1e9 / time, phase, kv);
    if (strcmp(phase, "generate") == 0)
        fprintf(out, ", \"tpot_p50_ns\": %.1f, \"tpot_p99_ns\": %.1f}", time / 100, time / 70);
    else
        fprintf(out,
                ", \"attention_fraction\": %.4f, \"memory_ratio\": %.4f, "
                "\"memory_ratio_counted\": %.4f, \"flops\": 1e9}",
                attention, time / 1e7, time / 2e7);
}

/* Whole steps beside each other: sharing, designs of equal cache, papers, and generating. */
static void write_steps(FILE *out)
{
    static const char *const layer = "batch:1/heads:16/kv_heads:%u/dim:64/context:%u/form:gpt2/"
                                     "weights:bf16/width:1024/ffn:4096",
                             *const t5 = "batch:8/heads:64/kv_heads:%u/dim:64/context:256/form:t5/"
                                         "weights:bf16/width:4096/ffn:10240/cross:2048/layers:24/"
                                         "layers_run:2/vocab:32128",
                             *const mqa = "batch:128/heads:8/kv_heads:%u/dim:128/context:128%s/"
                                          "form:t5/weights:bf16/width:1024/ffn:%u/cross:128/"
                                          "layers:6/layers_run:6/vocab:32000";
    static const char *const designs[] = {"heads:16/kv_heads:1", "heads:8/kv_heads:2",
                                          "heads:4/kv_heads:2"};
    char name[256];
    for (unsigned g = 16; g; g /= 2)
        for (unsigned c = 1024; c <= 4096; c *= 4) {
            const double kv = 256.0 * g * c, other = 3e6;
            snprintf(name, sizeof(name), layer, g, c);
            write_step(out, "layer", name, kv, other + kv, kv / (kv + other));
        }
    for (unsigned g = 64; g; g /= 4) {
        snprintf(name, sizeof(name), t5, g);
        write_step(out, "model", name, 1e6 * g, 1e8 + 2e6 * g, 0.3);
    }
    for (unsigned g = 1; g <= 8; g *= 8)
        for (unsigned w = 0; w < 2; w++) {
            snprintf(name, sizeof(name), mqa, g, w ? "/window:32" : "", g == 1 ? 5440 : 4096);
            write_step(out, "model", name, 1e6 * g, 1e8 + (w ? 1e6 : 2e6) * g, 0.3);
        }
    for (unsigned i = 0; i < 3; i++) {
        snprintf(name, sizeof(name),
                 "batch:2/%s/dim:64/context:512/form:llama/weights:bf16/width:512/ffn:1024/"
                 "layers:8/layers_run:8/vocab:99",
                 designs[i]);
        write_step(out, "model", name, 12345678, 1e6 + i * 1e5, 0.2);
    }
    for (unsigned c = 256; c <= 1024; c *= 2) {
        snprintf(name, sizeof(name),
                 "batch:1/heads:8/kv_heads:2/dim:64/context:%u/form:llama/weights:bf16/width:512/"
                 "ffn:1024/layers:2/layers_run:2/vocab:99/prompt:%u",
                 c, c / 2);
        write_step(out, "generate", name, 1e3 * c, 1e6 * c, 0);
    }
}

/* Cases that differ in `axis` alone, each taking so many ms. */
static void write_axis(FILE *out, int *rows, const char *shape, const char *const *axis,
                       const double *ms, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out,
                "%s{\"name\": \"decode/split.avx2/kv:f16/batch:1/heads:40/kv_heads:8/dim:64/%s%s/"
                "real_time/threads:2\", \"run_type\": \"iteration\", \"threads\": 2, "
                "\"iterations\": 10, \"time_unit\": \"ms\", \"real_time\": %g, \"cpu_time\": 1}",
                (*rows)++ ? ",\n" : "", shape, axis[i], ms[i]);
}

/* Tokens that pass together, and positions that are not seen. */
static void write_drafts(FILE *out, int *rows)
{
    static const char *const drafts[] = {"/mask:tree", "/q_len:2/mask:tree", "/q_len:8/mask:tree"},
                             *const reach[] = {"", "/layout:ring/window:1024", "/chunk:8192"};
    static const double times[] = {2, 2.5, 6}, far[] = {8, 0.5, 2}, near[] = {2, 0.5, 2};
    write_axis(out, rows, "context:4096", drafts, times, 3);
    write_axis(out, rows, "context:4096", reach, near, 3);
    write_axis(out, rows, "context:12288", reach, far, 3);
}

static void write_sweep(const char *path, bool all)
{
    static const unsigned kv_heads[] = {16, 8, 4, 2, 1}, contexts[] = {512, 2048, 8192};
    FILE *const out = begin(path, machine);
    int rows = 0;
    for (size_t g = 0; g < 5; g++)
        for (size_t c = 0; c < 3; c++)
            for (int k = 0; k < 2; k++)
                write_row(out,
                          &(struct sample){.kernel = k ? "naive" : "split.avx2",
                                           .label = g ? NULL : "llama_x",
                                           .heads = 16,
                                           .kv_heads = kv_heads[g],
                                           .dim = 64,
                                           .context = contexts[c],
                                           .batch = 1,
                                           .threads = 2},
                          &rows);
    for (unsigned b = 1; all && b <= 8; b *= 2)
        for (unsigned t = 1; t <= 2; t++)
            write_row(out,
                      &(struct sample){"split.avx2", hostile, 16, 1, 128, 4096, b, t, false, NULL,
                                       false, NULL},
                      &rows);
    for (size_t c = 0; all && c < 3; c++)
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 16, 4, 64, contexts[c], 1, 2, false, NULL,
                                   false, "f32"},
                  &rows);
    if (all)
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 16, 4, 64, 2048, 1, 2, false, NULL, false,
                                   NULL, "tile:24/prefetch:none/placement:scatter/"},
                  &rows);
    for (unsigned g = 1; all && g <= 64; g *= 4) /* as papers had it */
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 64, g, 64, 2048, 4, 2, false, NULL, false,
                                   NULL},
                  &rows);
    for (unsigned g = 1; all && g <= 8; g *= 8)
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 8, g, 128, 128, 128, 2, false, NULL, false,
                                   NULL},
                  &rows);
    for (unsigned g = 4; all && g; g /= 2) /* of equal cache */
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 16, g, 256 / g, 2048, 2, 2, false, NULL,
                                   false, NULL},
                  &rows);
    for (unsigned c = 4096; all && c <= 32768; c *= 2)
        write_row(out,
                  &(struct sample){"split.avx2", "llama_y", 28, 4, 128, c, 1, 2, false, NULL, false,
                                   NULL},
                  &rows);
    for (unsigned b = 256; all && b >= 1; b /= 4)
        write_row(out,
                  &(struct sample){"split.avx2", NULL, 16, 2, 128, 65536 / b, b, 2, false, NULL,
                                   false, NULL},
                  &rows);
    if (all)
        write_drafts(out, &rows);
    if (all)
        write_steps(out);
    write_row(out,
              &(struct sample){"naive", NULL, 16, 16, 64, 65536, 1, 2, false,
                               "<i>wrong</i> & \\\"quoted\\\"", false, NULL},
              &rows);
    write_row(out,
              &(struct sample){"naive", NULL, 16, 16, 64, 131072, 1, 2, false,
                               "needs 9 GiB, 2 GiB are free", true, NULL},
              &rows);
    end(out);
}

/* Reads and reports. -errno of the report; the page is in *page if there is one. */
static int report_on(const char *const *paths, size_t count, const char *dir,
                     const struct rep_plot *plots, size_t plot_count, char **page)
{
    struct ana_result *results[4] = {0};
    char message[512] = "", notice[512];
    struct ana_summary *summary = NULL;
    *page = NULL;
    for (size_t i = 0; i < count; i++)
        CHECK(ana_result_read(paths[i], &results[i], message, sizeof(message)) == 0, "%s", message);
    CHECK(ana_summarise(results, count, &summary) == 0, "it does not hold");
    const struct rep_request request = {.results = results,
                                        .result_count = count,
                                        .summary = summary,
                                        .dir = dir,
                                        .plots = plots,
                                        .plot_count = plot_count};
    const int error = rep_report_write(&request, notice, message, sizeof(message));
    CHECK(!error == !*message, "%d: %s", error, message);
    CHECK(!strchr(message, '\n'), "it does not hold");
    char path[640];
    snprintf(path, sizeof(path), "%s/index.html", dir);
    if (!error)
        *page = rep_read_file(path, 2u << 20);
    ana_summary_free(summary);
    for (size_t i = 0; i < count; i++)
        ana_result_free(results[i]);
    return error;
}

/* Every element that is opened is closed, in order; attributes are quoted; '&' begins a known
 * reference. HTML allows more than this; the page does not need it. */
static void check_well_formed(const char *page)
{
    char stack[64][32];
    int depth = 0;
    static const char *const lone[] = {"meta", "br", "!DOCTYPE", "link", "img"};
    for (const char *c = page; *c; c++) {
        if (*c == '&') {
            const size_t len = strcspn(c, ";");
            CHECK(len < 8, "a bare & at \"%.20s\"", c);
            continue;
        }
        if (*c != '<')
            continue;
        if (strncmp(c, "<!--", 4) == 0) {
            c = strstr(c, "-->");
            if (!c)
                break;
            continue;
        }
        if (strncmp(c, "<style>", 7) == 0) {
            c = strstr(c, "</style>") + 7;
            continue;
        }
        const bool closing = c[1] == '/';
        char name[32];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(c + 1 + closing, " \t\n/>"),
                 c + 1 + closing);
        const char *at = c;
        for (char quote = 0; *at && (quote || *at != '>'); at++)
            if (quote ? *at == quote : *at == '"' || *at == '\'')
                quote = quote ? 0 : *at;
        bool single = at[-1] == '/';
        for (size_t i = 0; i < sizeof(lone) / sizeof(*lone); i++)
            single = single || strcmp(name, lone[i]) == 0;
        if (closing) {
            CHECK(depth > 0 && strcmp(stack[depth - 1], name) == 0, "</%s> closes <%s>", name,
                  depth ? stack[depth - 1] : "nothing");
            depth -= depth > 0;
        } else if (!single && depth < 64) {
            memcpy(stack[depth++], name, sizeof(name));
        }
        c = at;
        if (!*c)
            break;
    }
    CHECK(depth == 0, "%d elements are left open, the last is <%s>", depth,
          depth ? stack[depth - 1] : "");
}

static void check_page(const char *page)
{
    CHECK(page != NULL, "it does not hold");
    if (!page)
        return;
    check_well_formed(page);
    static const char *const fetches[] = {"<script",     "<link",     "<img",     "<iframe",
                                          "src=",        "@import",   "url(http", "javascript:",
                                          "href=\"http", "href='http"};
    for (size_t i = 0; i < sizeof(fetches) / sizeof(*fetches); i++)
        CHECK(!strstr(page, fetches[i]), "the page holds %s", fetches[i]);
    CHECK(strstr(page, "id=\"machine\""), "it does not hold");
    CHECK(strstr(page, "attn-stat report -o DIR"), "it does not hold");
    CHECK(!strstr(page, "nan") || !strstr(page, ">nan<"), "it does not hold");
    CHECK(strlen(page) < (2u << 20), "it does not hold");
}

/* An id stands once in a document. */
static void check_ids(const char *page)
{
    for (const char *at = page; page && (at = strstr(at, " id=\""));) {
        char id[96];
        at += 1;
        snprintf(id, sizeof(id), " %.*s\"", (int)(4 + strcspn(at + 4, "\"")), at);
        CHECK(!strstr(at, id), "%s stands twice", id);
    }
}

static void sweep_has_all_figures(void)
{
    const char *const path = in_work("sweep.json");
    write_sweep(path, true);
    char *page;
    CHECK(report_on(&path, 1, in_work("sweep"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    check_ids(page);
    if (!page)
        return;
    static const char *const said[] = {"query attention decodes",
                                       "one layer",
                                       "A CPU",
                                       "&lt;i&gt;wrong&lt;/i&gt; &amp; &quot;quoted",
                                       "needs 9 GiB, 2 GiB are free",
                                       "&lt;b&gt;a warning&lt;/b&gt;",
                                       "attn-bench --suite=&#39;x&#39; &amp; more",
                                       "&lt;script&gt;alert(1)",
                                       "measured by <code>attn-bench --suite=&#39;x&#39; &amp;",
                                       "measured by <code>attn-bench --machine",
                                       "Simulated caches move",
                                       "64 KV heads take",
                                       "in the GQA paper",
                                       "They differ most at",
                                       "with Flash-Decoding",
                                       "makes attention 16\303\227",
                                       "the whole step 4.9\303\227",
                                       "attention is 26\302\240% to 85\302\240% of a step",
                                       "different design",
                                       "attention over MHA",
                                       "t5 \303\227 24, 2 of them run",
                                       "memory ratio, published",
                                       "Grown to 1K tokens",
                                       "summary.csv"};
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(page, said[i]), "the page does not say %s", said[i]);
    free(page);
    CHECK(access(in_work("sweep/summary.csv"), R_OK) == 0, "it does not hold");
    CHECK(access("pwned", F_OK) && access(in_work("sweep/plots/pwned"), F_OK), "it does not hold");
    CHECK(count_entries(in_work("sweep")) == 4,
          "index.html, summary.csv, summary.json and plots, found %zu",
          count_entries(in_work("sweep")));
    for (size_t i = 0; i < rep_plot_count; i++) {
        char path_of[256];
        snprintf(path_of, sizeof(path_of), "sweep/plots/%s.dat", rep_plots[i].name);
        CHECK(access(in_work(path_of), R_OK) == 0, "%s", path_of);
        static const char *const kinds[] = {"svg", "png"};
        for (size_t k = 0; k < 2 && !rep_gnuplot_missing(); k++) {
            snprintf(path_of, sizeof(path_of), "sweep/plots/%s.%s", rep_plots[i].name, kinds[k]);
            struct stat st;
            CHECK(stat(in_work(path_of), &st) == 0 && st.st_size > 1000, "%s", path_of);
        }
    }
}

/* The points of a .dat file: how many, and how many cases they stand for (its last column). */
static void count_marks(const char *path, size_t *marks, double *cases)
{
    char *const text = rep_read_file(path, 16u << 20);
    *marks = 0;
    *cases = 0;
    for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"))
        if (*line == '"') {
            ++*marks;
            *cases += strtod(strrchr(line, '\t') + 1, NULL);
        }
    free(text);
}

/* More cases than a picture can tell apart, of more kernels than it has colours for: fewer marks,
 * but every case is behind one of them and in the sentences. */
static void crowded_figures(void)
{
    const char *const path = in_work("crowd.json");
    FILE *const out = begin(path, machine);
    char kernel[16];
    int rows = 0;
    for (unsigned k = 0; k < 12; k++)
        for (unsigned c = 1; c <= 180; c++) {
            snprintf(kernel, sizeof(kernel), "k%u.c", k);
            write_row(out,
                      &(struct sample){kernel, NULL, 16, 1u << c % 5, 64, 512 * c, 1, 1 + k % 2,
                                       false, NULL, false, NULL},
                      &rows);
        }
    end(out);
    char *page;
    CHECK(report_on(&path, 1, in_work("crowd"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    CHECK(page && strstr(page, "of 2160 cases run at half their ceiling"), "all are counted");
    CHECK(page && strstr(page, "These are 2160 cases, too many for a dot each"), "it is said");
    size_t marks;
    double cases;
    count_marks(in_work("crowd/plots/07-roofline.dat"), &marks, &cases);
    CHECK(marks > 20 && marks < 1000 && cases == 2160, "%zu marks for %g cases", marks, cases);
    char *const script = rep_read_file(in_work("crowd/plots/07-roofline.gp"), 1u << 20);
    CHECK(script && strstr(script, "series = 8\n") && strstr(script, "name[8] = 'others'"),
          "seven kernels and the others");
    free(script);
    count_marks(in_work("crowd/plots/10-error.dat"), &marks, &cases);
    CHECK(cases == 2160, "%zu marks for %g cases", marks, cases);
    count_marks(in_work("sweep/plots/07-roofline.dat"), &marks, &cases);
    CHECK(marks > 30 && cases == (double)marks, "%zu marks for %g cases", marks, cases);
    free(page);
}

/* The Markdown of a file, to be freed. */
static char *markdown_of(const char *path)
{
    struct ana_result *result = NULL;
    struct ana_summary *summary = NULL;
    char message[512], *text = NULL;
    size_t size = 0;
    CHECK(ana_result_read(path, &result, message, sizeof(message)) == 0 &&
              ana_summarise(&result, 1, &summary) == 0,
          "%s", message);
    const struct rep_request request = {.results = &result, .result_count = 1, .summary = summary};
    FILE *const out = open_memstream(&text, &size);
    CHECK(rep_markdown_write(&request, out) == 0, "it does not hold");
    fclose(out);
    ana_summary_free(summary);
    ana_result_free(result);
    return text;
}

/* The report for a pull request: all of it text, nothing of it markup from outside. */
static void markdown(void)
{
    struct ana_result *result = NULL;
    struct ana_summary *summary = NULL;
    char message[512];
    size_t size = 0;
    const char *const path = in_work("sweep.json");
    char *text = markdown_of(path);
    static const char *const said[] = {"### At 8K tokens", "as multi",
                                       "| MQA | f16 |",    "\\<i\\>wrong\\</i\\>",
                                       "\\<b\\>a warning", "Errors and skips"};
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(text, said[i]), "the report does not say %s", said[i]);
    CHECK(!strstr(text, "<i>") && !strstr(text, "<script>"), "markup came through");
    free(text);
    text = NULL;
    CHECK(ana_result_read(path, &result, message, sizeof(message)) == 0 &&
              ana_summarise(&result, 1, &summary) == 0,
          "%s", message);
    FILE *const json = open_memstream(&text, &size);
    CHECK(ana_summary_json(summary, json) == 0, "it does not hold");
    fclose(json);
    CHECK(text[0] == '[' && strstr(text, "\"context\": 8192") && !strstr(text, "nan"), "JSON");
    free(text);
    ana_summary_free(summary);
    ana_result_free(result);
}

/* Runs of one model that differ in nothing but how the cache lies and what is seen of it, all with
 * equally many bytes of it; and one with a trace, for which the context is only room. */
static void write_runs(FILE *out)
{
    static const char *const caches[] = {"", "/layout:paged16", "/layout:ring/window:64"};
    int rows = 0;
    for (unsigned c = 256; c <= 1024; c *= 2)
        for (unsigned i = 0; i < 4; i++)
            fprintf(out,
                    "%s{\"name\": \"generate/split.avx2/kv:f16/batch:1/heads:8/kv_heads:2/dim:64/"
                    "context:%u%s/form:llama/weights:%s/width:512/ffn:1024/layers:2/layers_run:2/"
                    "vocab:99/%s/real_time/threads:2\", \"run_type\": \"iteration\", "
                    "\"threads\": 2, \"iterations\": 1, \"time_unit\": \"ns\", \"real_time\": 1e9, "
                    "\"cpu_time\": 1e9, \"kv_bytes\": %u, \"kv_reserved_bytes\": %u, "
                    "\"prefill_ns\": 3e7, \"tpot_p50_ns\": %u, \"tpot_p99_ns\": 9e6, "
                    "\"items_per_second\": %u%s}",
                    rows++ ? ",\n" : "", i == 3 ? 8192 : c, i == 3 ? "" : caches[i],
                    i == 1 ? "i8" : "bf16", i == 3 ? "trace:4e5cc123" : "prompt:128", 1u << 20,
                    3u << 20, 1000 * c, 100 + 50 * i, i == 3 ? ", \"longest\": 777" : "");
}

/* What generates many tokens is no step, no design and not told by its room. */
static void generated_runs(void)
{
    const char *const path = in_work("runs.json");
    FILE *const out = begin(path, machine);
    char *page;
    write_runs(out);
    end(out);
    CHECK(report_on(&path, 1, in_work("runs"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    static const char *const said[] = {
        "Generating until a sequence has 1K tokens, a whole model passes",
        "Grown to 1K tokens (contiguous), half of the tokens take 1.02 ms or less and 99\302\240% "
        "9 ms",
        "Runs that grow to 1K tokens pass 100 to 200 tokens a second, prompts included",
        ">llama \303\227 2</td>",
        ">paged16</td><td class=\"k\">-</td><td class=\"k\">i8</td><td class=\"k\">prompts of 128<",
        ">ring</td><td class=\"k\">64</td><td class=\"k\">bf16</td>",
        ">trace 4e5cc123</td><td class=\"n\">1</td><td class=\"n\">777</td>",
        ">30 ms</td><td class=\"n\">512 \302\265s</td><td class=\"n\">9 ms</td><td "
        "class=\"n\">150<",
        ">1 MiB</td><td class=\"n\">3 MiB</td>",
    };
    for (size_t i = 0; page && i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(page, said[i]), "the page does not say %s", said[i]);
    CHECK(page && !strstr(page, "id=\"steps\""), "runs are no steps");
    CHECK(page && !strstr(page, ">8K<"), "room is no length");
    CHECK(access(in_work("runs/plots/43-equal-cache-models.dat"), F_OK), "runs are no designs");
    free(page);
    char *const text = markdown_of(path);
    CHECK(text && strstr(text, "| paged16 | - | i8 | prompts of 128 | 1 | 512 | 30 ms | "
                               "512 \302\265s | 9 ms | 150 | 1 MiB | 3 MiB |"),
          "a run in Markdown");
    CHECK(text && strstr(text, "| trace 4e5cc123 | 1 | 777 |"), "a trace in Markdown");
    CHECK(text && !strstr(text, "step of") && !strstr(text, "one attention layer each"),
          "runs are no steps");
    free(text);
}

/* Figures of drafts and of what is not seen, and none of either where there are no such rows. */
static void drafts_and_reach(void)
{
    static const char *const all = "";
    static const double ms = 2;
    const char *const path = in_work("drafts.json");
    FILE *out = begin(path, machine);
    int rows = 0;
    char *page;
    write_drafts(out, &rows);
    end(out);
    CHECK(report_on(&path, 1, in_work("drafts"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    static const char *const said[] = {
        "8 query tokens at once take 3\303\227 the time of 1<",
        "At 12K tokens seeing 1K of them is 16\303\227 as fast as seeing all<",
        "tree\302\240mask",
    };
    for (size_t i = 0; page && i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(page, said[i]), "the page does not say %s", said[i]);
    static const char *const series[] = {"ring, window 1024", "contiguous, chunk 8192"};
    for (size_t i = 0; page && i < 2 && !rep_gnuplot_missing(); i++)
        CHECK(strstr(page, series[i]), "no series %s", series[i]);
    free(page);
    rows = 0;
    out = begin(path, machine);
    write_axis(out, &rows, "context:4096", &all, &ms, 1);
    write_axis(out, &rows, "context:12288", &all, &ms, 1);
    end(out);
    CHECK(report_on(&path, 1, in_work("plain"), NULL, 0, &page) == 0, "it does not hold");
    CHECK(page && !strstr(page, "<figure id=\"15-") && !strstr(page, "<figure id=\"16-"),
          "a figure of nothing");
    CHECK(page && strstr(page, "some of them with positions that are seen"), "what it would need");
    CHECK(page && strstr(page, "needs cases with query tokens at 2 or more values"), "and drafts");
    free(page);
}

/* One shape in ways that neither heads nor context nor cache tell apart. */
static void rows_told_apart(void)
{
    static const char *const ways[] = {"",
                                       "/q_len:4/mask:tree",
                                       "/layout:ring/window:1024",
                                       "/layout:paged16/prefix:2048",
                                       "/chunk:8192",
                                       "/sinks:1/placement:scatter"};
    const char *const path = in_work("ways.json");
    FILE *const out = begin(path, machine);
    char *page;
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        fprintf(out,
                "%s{\"name\": \"decode/split.avx2/kv:f16/batch:2/heads:8/kv_heads:2/dim:64/"
                "context:12288%s/real_time/threads:2\", \"run_type\": \"iteration\", "
                "\"threads\": 2, \"iterations\": 10, \"time_unit\": \"ns\", \"real_time\": 1e6, "
                "\"cpu_time\": 1e6}",
                i ? ",\n" : "", ways[i]);
    write_step(out, "model",
               "batch:1/heads:8/kv_heads:2/dim:64/context:512/form:llama/weights:bf16/width:512/"
               "ffn:1024/layers:4/layers_run:4/vocab:99/mix:1+1s",
               1e3, 1e6, 0.2);
    end(out);
    CHECK(report_on(&path, 1, in_work("ways"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    static const char *const said[] = {
        "<th class=\"n\">batch</th><th class=\"n\">query tokens</th><th>layout</th>"
        "<th class=\"n\">window</th><th class=\"n\">chunk</th><th>mask</th>"
        "<th class=\"n\">shared prefix</th><th class=\"n\">sinks</th><th>placement</th>",
        "<td class=\"n\">2</td><td class=\"n\">4</td><td class=\"k\">contiguous</td>"
        "<td class=\"n\">-</td><td class=\"n\">-</td><td class=\"k\">tree</td>",
        "<td class=\"k\">ring</td><td class=\"n\">1K</td><td class=\"n\">-</td>"
        "<td class=\"k\">causal</td>",
        "<td class=\"n\">8K</td><td class=\"k\">causal</td><td class=\"n\">-</td>",
        "<td class=\"k\">paged16</td>",
        "<th>layers differ</th>",
        "<td class=\"k\">1+1s</td>",
    };
    for (size_t i = 0; page && i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(page, said[i]), "the page does not say %s", said[i]);
    free(page);
    char *const text = markdown_of(path);
    CHECK(text && strstr(text, " 4 | contiguous | - | - | tree |"), "in Markdown");
    free(text);
}

/* A few calls do not tell how much calls vary: what would compare them is not said. */
static void few_calls(void)
{
    static const char row[] = "\"real_time\": 1, \"cpu_time\": 1";
    char *page;
    for (unsigned calls = 1; calls <= 3; calls += 2) {
        const char *const path = in_work("few.json");
        FILE *const out = begin(path, machine);
        fprintf(out, "{\"name\": \"BM\", \"iterations\": 1, \"time_unit\": \"ns\", %s}", row);
        step_calls = calls;
        write_steps(out);
        step_calls = 10;
        end(out);
        CHECK(report_on(&path, 1, in_work("few"), NULL, 0, &page) == 0, "it does not hold");
        check_page(page);
        static const char *const comparisons[] = {"64 KV heads take", "8 KV heads take",
                                                  "makes attention", " as with MHA",
                                                  "different design: MQA"};
        for (size_t i = 0; page && i < sizeof(comparisons) / sizeof(*comparisons); i++)
            CHECK((calls == 3) == !!strstr(page, comparisons[i]), "%u calls: %s", calls,
                  comparisons[i]);
        CHECK(page && (calls == 1) == !!strstr(page, "fewer than 3 calls"), "%u calls", calls);
        free(page);
    }
}

/* Steps of models whose caches are equally large, each slower than the one before; `rest` is what
 * the first one has besides. */
static const char *write_designs(const char *file, const char *const *designs, size_t n,
                                 double slower, const char *rest)
{
    const char *const path = in_work(file);
    FILE *const out = begin(path, machine);
    for (size_t i = 0; i < 3 * n; i++)
        fprintf(out,
                "%s{\"name\": \"model/split.avx2/kv:bf16/batch:1/%.*s/form:llama/weights:bf16/"
                "width:512/ffn:1024/layers:8/layers_run:8/vocab:99%s/real_time/threads:2\", "
                "\"run_type\": \"iteration\", \"threads\": 2, \"iterations\": 10, "
                "\"time_unit\": \"ns\", \"real_time\": %.0f, \"cpu_time\": 1e6, "
                "\"kv_bytes\": 4194304%s}",
                i ? ",\n" : "", (int)strcspn(designs[i / 3], "@"), designs[i / 3],
                strchr(designs[i / 3], '@') ? strchr(designs[i / 3], '@') + 1 : "",
                (2e6 + (double)(i / 3) * slower) * (0.9 + 0.1 * (double)(i % 3)),
                i / 3 ? "" : rest);
    end(out);
    return path;
}

/* A latent's row says what limits it, tied ones that they hold more than their designs. */
static void tied_designs(void)
{
    static const char *const designs[] = {"heads:48/kv_heads:1/dim:576+512",
                                          "heads:48/kv_heads:2/dim:288+256",
                                          "heads:48/kv_heads:3/dim:192+128"};
    const char *const path = in_work("tied.json");
    FILE *const out = begin(path, machine);
    char *page;
    for (size_t i = 0; i < 3; i++)
        fprintf(out,
                "%s{\"name\": \"decode/split.avx2/kv:f16/batch:1/%s/context:1024/v_is_k_prefix:1/"
                "real_time/threads:2\", \"run_type\": \"iteration\", \"threads\": 2, "
                "\"iterations\": 10, \"time_unit\": \"ns\", \"real_time\": %zu, "
                "\"cpu_time\": %zu, \"kv_bytes\": 1179648, \"bytes\": 1200000, "
                "\"flops\": 108000000, \"items_per_second\": %zu, \"ceiling_read_ns\": 100000, "
                "\"ceiling_fma_ns\": 500000}",
                i ? ",\n" : "", designs[i], (4 - i) * 1000000, (4 - i) * 1000000, 1000 / (4 - i));
    end(out);
    CHECK(report_on(&path, 1, in_work("tied"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    static const char *const said[] = {
        "Same cache as measured (1.12 MiB), different design: GTA-3 is 2\303\227 as fast as MLA",
        "GLA-2 is measured with a copy of the rotary part of K in each KV head: of its 1.12 MiB "
        "the design would keep 1.06 MiB.",
        "of its 1.12 MiB the design would keep 896 KiB.",
        ">1.12 MiB (design: 896 KiB)</td>",
        "MLA computes 90 flop on a byte that it reads, and this machine 18 in the time of reading "
        "one, so its limit is arithmetic.",
    };
    for (size_t i = 0; page && i < sizeof(said) / sizeof(*said); i++)
        CHECK(strstr(page, said[i]), "the page does not say %s", said[i]);
    free(page);
}

/* A design is what its name says: what else rows of one design differ in is not compared. */
static void equal_designs(void)
{
    static const char *const designs[] = {"heads:16/kv_heads:2/dim:64/context:512",
                                          "heads:8/kv_heads:1/dim:128/context:512",
                                          "heads:8/kv_heads:2/dim:64/context:512",
                                          "heads:16/kv_heads:2/dim:64/context:512/layout:paged16"};
    const char *path =
        write_designs("designs.json", designs, 4, 1e6, ", \"attention_fraction\": 0.25");
    char *page;
    size_t marks;
    double cases;
    CHECK(report_on(&path, 1, in_work("designs"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    CHECK(page && strstr(page, "Same KV budget (4 MiB), different design: GQA-2, 16 heads of 64 is "
                               "2\303\227 as fast as GQA-2, 8 heads of 64<"),
          "two designs of one kind by their names");
    count_marks(in_work("designs/plots/43-equal-cache-models.dat"), &marks, &cases);
    CHECK(marks == 3, "%zu marks, one a design", marks);
    CHECK(rep_gnuplot_missing() || (page && strstr(page, ">500, 25 % attention ")),
          "what is known of attention");
    CHECK(rep_gnuplot_missing() ||
              (page && strstr(page, ">tokens a second through the whole model<")),
          "the axis is of whole models");
    CHECK(page && !strstr(page, "nan %"), "what is not known has no words");
    free(page);
    static const char *const same[] = {"heads:16/kv_heads:2/dim:64/context:512",
                                       "heads:16/kv_heads:2/dim:64/context:512/layout:paged16",
                                       "heads:16/kv_heads:2/dim:64/context:512/layout:paged32"};
    path = write_designs("same.json", same, 3, 1e6, "");
    CHECK(report_on(&path, 1, in_work("same"), NULL, 0, &page) == 0, "it does not hold");
    CHECK(page && !strstr(page, "different design: GQA") && strstr(page, "of 3 or more kinds"),
          "layouts are no designs");
    free(page);
    static const char *const mixes[] = {"heads:16/kv_heads:4/dim:64/context:512@/mix:1+3s",
                                        "heads:16/kv_heads:2/dim:64/context:512@/mix:1+1s",
                                        "heads:16/kv_heads:1/dim:64/context:512@"};
    path = write_designs("mixes.json", mixes, 3, 1e6, "");
    CHECK(report_on(&path, 1, in_work("mixes"), NULL, 0, &page) == 0, "it does not hold");
    CHECK(page &&
              strstr(page, "different design: GQA-4, 16 heads of 64, layers 1+3s is 2\303\227 as "
                           "fast as MQA, 16 heads of 64<"),
          "two designs of two kinds by their names");
    free(page);
    path = write_designs("noise.json", mixes, 3, 1e5, "");
    CHECK(report_on(&path, 1, in_work("noise"), NULL, 0, &page) == 0, "it does not hold");
    CHECK(page && strstr(page, "Same KV budget (4 MiB), different design: no difference beyond "
                               "noise<"),
          "intervals that meet");
    free(page);
}

/* Again into the same folder: what else lies there is kept. */
static void folder_keeps_the_rest(void)
{
    FILE *const out = fopen(in_work("sweep/mine.txt"), "w");
    CHECK(out != NULL, "it does not hold");
    if (out)
        fclose(out);
    const char *const path = in_work("small.json");
    write_sweep(path, false);
    char *page;
    CHECK(report_on(&path, 1, in_work("sweep/"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    CHECK(page && strstr(page, "<th>cache</th><th class=\"n\">context</th>"), "no column too many");
    free(page);
    CHECK(count_entries(in_work("sweep")) == 5, "it does not hold");
}

static void poor_files(void)
{
    struct {
        const char *name, *context;
        struct sample row[2];
        const char *raw, *says;
    } cases[] = {
        {"empty", "", {{0}}, NULL, "no rows"},
        {"one-kind",
         machine,
         {{"split.avx2", NULL, 8, 1, 64, 512, 1, 1, false, NULL, false},
          {"split.avx2", NULL, 8, 1, 64, 2048, 1, 1, false, NULL, false}},
         NULL,
         "one MQA layer"},
        {"single", "", {{"naive", NULL, 8, 8, 64, 512, 1, 1, true, NULL, false}}, NULL, "one MHA"},
        {"no-ceilings",
         "",
         {{"naive", NULL, 8, 8, 64, 512, 1, 1, true, NULL, false},
          {"naive", NULL, 8, 2, 64, 512, 1, 1, true, NULL, false}},
         NULL,
         "GQA-2"},
        {"errors",
         "",
         {{"naive", NULL, 8, 8, 64, 512, 1, 1, true, "it is wrong", false},
          {"naive", NULL, 8, 2, 64, 512, 1, 1, true, "no memory", true}},
         NULL,
         "it is wrong"},
        {"foreign",
         "",
         {{0}},
         "{\"name\": \"BM_sort<int>/1024\", \"run_name\": \"BM_sort<int>/1024\", \"run_type\": "
         "\"iteration\", \"iterations\": 10, \"real_time\": 12.5, \"cpu_time\": NaN, "
         "\"time_unit\": \"us\", \"bytes_per_second\": 1e9, \"label\": \"\\\"<x>\"}",
         "BM_sort&lt;int&gt;/1024"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char file[64];
        snprintf(file, sizeof(file), "%s.json", cases[i].name);
        const char *const path = in_work(file);
        FILE *const out = begin(path, cases[i].context);
        int rows = 0;
        for (size_t k = 0; k < 2 && cases[i].row[k].kernel; k++)
            write_row(out, &cases[i].row[k], &rows);
        if (cases[i].raw)
            fputs(cases[i].raw, out);
        end(out);
        char *page;
        CHECK(report_on(&path, 1, in_work(cases[i].name), NULL, 0, &page) == 0, "%s",
              cases[i].name);
        check_page(page);
        CHECK(page && strstr(page, cases[i].says), "%s: the page does not say %s", cases[i].name,
              cases[i].says);
        /* One and the same instruction set at two kinds of arithmetic. */
        CHECK(cases[i].context != machine ||
                  (strstr(page, "avx2, f32 multiply-adds</th><td>-</td><td>200 GFLOP/s</td>") &&
                   strstr(page, "avx2, i8 multiply-adds</th><td>-</td><td>700 GFLOP/s</td>")),
              "the ceilings");
        CHECK(page && !strstr(page, "gnuplot failed"), "%s: %.200s", cases[i].name,
              page ? strstr(page, "gnuplot failed") : "");
        free(page);
    }
}

static void files_of_two_machines(void)
{
    const char *const paths[] = {in_work("small.json"), in_work("no-ceilings.json")};
    char *page;
    CHECK(report_on(paths, 2, in_work("two"), NULL, 0, &page) == 0, "it does not hold");
    check_page(page);
    CHECK(page && strstr(page, "different machines"), "it does not hold");
    free(page);
}

static void unwritable_folder(void)
{
    const char *const path = in_work("small.json");
    char *page;
    CHECK(report_on(&path, 1, "/proc/no/such", NULL, 0, &page) < 0, "it does not hold");
    CHECK(report_on(&path, 1, in_work("small.json"), NULL, 0, &page) < 0, "a file is no folder");
    CHECK(report_on(&path, 1, in_work("small.json/below"), NULL, 0, &page) < 0, "it does not hold");
    struct stat st;
    CHECK(stat(path, &st) == 0 && st.st_size > 1000, "the file is as it was");
}

static void a_plot_of_ones_own(void)
{
    const char *const path = in_work("small.json");
    const struct rep_plot plots[] = {
        {"mine", "# query: x=context y=time_ns by=kernel over=kernel,context\n# title: Mine\n"
                 "eval(canvas)\nplot data using X:Y with points\n"},
        {"broken", "# query: x=context y=time_ns over=context\n# title: Broken\neval(canvas)\n"
                   "plot no such thing\n"},
        {"unknown", "# query: x=contxt y=time_ns\n"},
    };
    char *page;
    CHECK(report_on(&path, 1, in_work("own"), plots, 3, &page) == 0, "it does not hold");
    check_page(page);
    CHECK(page && strstr(page, "plots/mine.dat"), "it does not hold");
    CHECK(page && strstr(page, "does not know &quot;x=contxt&quot;"), "it does not hold");
    if (!rep_gnuplot_missing()) {
        CHECK(page && strstr(page, "gnuplot failed"), "it does not hold");
        CHECK(access(in_work("own/plots/mine.svg"), R_OK) == 0, "it does not hold");
    }
    free(page);
}

static void queries(void)
{
    struct rep_query q;
    char message[256];
    CHECK(rep_query_parse("# query: x=context y=time_ns log=xy over=context,kv_heads by=attention",
                          &q, message, sizeof(message)) == 0,
          "it does not hold");
    CHECK(q.log_x && q.log_y && q.by == REP_BY_ATTENTION &&
              q.over == (REP_CONTEXT | REP_KV_HEADS) && q.need == 1,
          "it does not hold");
    static const char *const bad[] = {
        "",
        "# query:",
        "# query: x=context",
        "x=context y=time_ns",
        "# query: x=context y=nothing",
        "# query: x=context y=time_ns by=colour",
        "# query: x=context y=time_ns over=context,moon",
        "# query: x=context y=time_ns need=0",
        "# query: x=context y=time_ns need=-1",
        "# query: x=context y=time_ns log=q",
        "# query: x=context y=time_ns also=a,b,c,d",
        "# query: x=context y=time_ns rest=some",
        "# query: x=context y=time_ns some=moon",
        "# query: x=context y=time_ns word",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        *message = '\0';
        CHECK(rep_query_parse(bad[i], &q, message, sizeof(message)) == -EINVAL, "\"%s\"", bad[i]);
        CHECK(*message, "\"%s\" has a reason", bad[i]);
    }
}

static void numbers(void)
{
    static const struct {
        enum rep_unit unit;
        double value;
        const char *text;
    } written[] = {
        {REP_BYTES, 16 << 20, "16 MiB"},  {REP_BYTES, 1536, "1.5 KiB"},
        {REP_TOKENS, 32768, "32K"},       {REP_TOKENS, 512, "512"},
        {REP_TIME, 2.4e6, "2.4 ms"},      {REP_TIME, 999.6e3, "1 ms"},
        {REP_TIME, 12, "12 ns"},          {REP_RATE, 0, "0"},
        {REP_RATE, 12345, "12.3k"},       {REP_BYTE_RATE, 31e9, "31 GB/s"},
        {REP_COUNT, 100, "100"},          {REP_COUNT, 10, "10"},
        {REP_TIMES, 5.44, "5.4\303\227"}, {REP_PERCENT, 0.874, "87\302\240%"},
        {REP_PERCENT, 0, "0\302\240%"},   {REP_TIME, NAN, "-"},
    };
    char buf[REP_TEXT];
    for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
        CHECK_STR(rep_write(written[i].unit, written[i].value, buf), written[i].text);
    double tics[8];
    CHECK(rep_tics(REP_TOKENS, 400, 40000, true, 8, tics) == 7 && tics[0] == 512 &&
              tics[6] == 32768,
          "it does not hold");
    CHECK(rep_tics(REP_RATE, 0, 10, false, 5, tics) > 2 && tics[0] == 0, "it does not hold");
    CHECK(rep_tics(REP_RATE, 130, 330, true, 8, tics) > 3, "a short stretch has tics");
    CHECK(rep_tics(REP_RATE, 1, 1, true, 8, tics) == 0, "it does not hold");
    CHECK(rep_tics(REP_RATE, NAN, 1, true, 8, tics) == 0, "it does not hold");
    CHECK(rep_tics(REP_RATE, -1, 10, true, 8, tics) == 0, "it does not hold");
    uint64_t seed = test_seed();
    for (int i = 0; i < 2000; i++) {
        const double from = exp(60 * test_uniform(&seed) - 30);
        const double to = from * (1 + exp(12 * test_uniform(&seed) - 4));
        const bool log = test_random(&seed) & 1;
        const size_t max = 2 + test_random(&seed) % 7;
        const size_t n = rep_tics((enum rep_unit)(test_random(&seed) % (REP_SMALL + 1)), from, to,
                                  log, max, tics);
        CHECK(n <= max, "it does not hold");
        for (size_t k = 0; k < n; k++)
            CHECK(tics[k] >= from * 0.999 && tics[k] <= to * 1.001 && (!k || tics[k] > tics[k - 1]),
                  "%g of %g to %g", tics[k], from, to);
    }
}

int main(void)
{
    if (!mkdtemp(work)) {
        printf("no temporary folder: %s\n", strerror(errno));
        return TEST_SKIP;
    }
    numbers();
    queries();
    sweep_has_all_figures();
    crowded_figures();
    markdown();
    generated_runs();
    few_calls();
    drafts_and_reach();
    rows_told_apart();
    equal_designs();
    tied_designs();
    folder_keeps_the_rest();
    poor_files();
    files_of_two_machines();
    unwritable_folder();
    a_plot_of_ones_own();
    if (!test_failures && !getenv("ATTN_TEST_KEEP"))
        remove_all(work);
    else
        printf("kept in %s\n", work);
    if (!test_failures && rep_gnuplot_missing()) {
        printf("%s: no picture was drawn\n", rep_gnuplot_missing());
        return TEST_SKIP;
    }
    return test_exit();
}
