/* SPDX-License-Identifier: Apache-2.0 */
/* See sim.h. Both ends of the simulation stand here: who asks for it and what runs inside. */
#include "bench/cases/sim.h"

#include "analysis/callgrind.h"
#include "analysis/number.h"
#include "bench/cases/command.h"
#include "bench/cases/data.h"
#include "bench/machine/process.h"
#include "kernels/cpu.h"
#include "kernels/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char case_variable[] = "ATTN_SIM_CASE", seed_variable[] = "ATTN_SIM_SEED";

void attn_sim_mask_cpu(const struct attn_settings *settings)
{
    if (attn_option_flag(settings, ATTN_OPT_SIM))
        attn_cpu_set_mask(attn_cpu_features() & (ATTN_CPU_AVX2 | ATTN_CPU_NEON));
}

int attn_sim_caches(const char *text, struct callgrind_caches *caches, struct attn_message *why)
{
    const char *const plus = strchr(text, '+');
    char reason[128];
    if (!plus || ana_parse_bytes(text, (size_t)(plus - text), &caches->l1_bytes) ||
        ana_parse_bytes(plus + 1, strlen(plus + 1), &caches->ll_bytes))
        return attn_refuse(why, -EINVAL,
                           "\"%s\" is not the sizes of a first and a last cache, as 32K+8M", text);
    if (callgrind_caches_check(caches, reason, sizeof(reason)))
        return attn_refuse(why, -EINVAL, "\"%s\": %s", text, reason);
    return 0;
}

int attn_check_sim_cache(const char *item, struct attn_message *why)
{
    struct callgrind_caches caches;
    return attn_sim_caches(item, &caches, why);
}

static int find_valgrind(struct attn_sim *sim, struct attn_message *why)
{
    const int error = callgrind_version(sim->version, sizeof(sim->version));
    if (error == -ENOTSUP)
        return attn_refuse(why, error,
                           "--sim is not in this build: valgrind/callgrind.h was not there when it "
                           "was configured; install valgrind and build anew");
    if (error)
        return attn_refuse(why, error,
                           "--sim needs valgrind, which cannot be started (%s); install it, on "
                           "Debian with apt-get install valgrind",
                           strerror(-error));
    return 0;
}

static int make_folder(struct attn_sim *sim, const char *wanted, struct attn_message *why)
{
    const char *const temporary = getenv("TMPDIR");
    const char *const base = temporary && *temporary ? temporary : "/tmp";
    const int length = wanted
                           ? snprintf(sim->folder, sizeof(sim->folder), "%s", wanted)
                           : snprintf(sim->folder, sizeof(sim->folder), "%s/attn-sim.XXXXXX", base);
    if (length < 0 || (size_t)length >= sizeof(sim->folder))
        return attn_refuse(why, -ENAMETOOLONG, "--sim_out: the path is too long");
    if (wanted ? mkdir(wanted, 0777) && errno != EEXIST : !mkdtemp(sim->folder))
        return attn_refuse(why, -errno, "cannot make a folder for the counts%s %s: %s",
                           wanted ? "," : " in", wanted ? wanted : base, strerror(errno));
    sim->keep = wanted;
    struct stat state;
    if (stat(sim->folder, &state) || !S_ISDIR(state.st_mode) || access(sim->folder, W_OK | X_OK))
        return attn_refuse(why, -ENOTDIR, "--sim_out: %s is not a folder that can be written to",
                           sim->folder);
    return 0;
}

int attn_sim_open(struct attn_sim *sim, const struct attn_settings *settings,
                  struct attn_message *why)
{
    static const enum attn_option_id details[] = {ATTN_OPT_SIM_CACHE, ATTN_OPT_SIM_OUT};
    const bool on = attn_option_flag(settings, ATTN_OPT_SIM);
    for (size_t i = 0; !on && i < sizeof(details) / sizeof(*details); i++)
        if (settings->text[details[i]])
            return attn_refuse(why, -EINVAL, "--%s says how to simulate; give --sim as well",
                               attn_options[details[i]].name);
    *sim = (struct attn_sim){.on = on, .seed = attn_command_seed(settings)};
    if (!on)
        return 0;
    if (settings->text[ATTN_OPT_LOAD])
        return attn_refuse(why, -EINVAL,
                           "--sim counts the kernels of this build alone; leave --load out");
    const char *const caches = settings->text[ATTN_OPT_SIM_CACHE];
    int error = attn_sim_caches(caches ? caches : attn_options[ATTN_OPT_SIM_CACHE].value,
                                &sim->caches, why);
    if (!error)
        error = find_valgrind(sim, why);
    const ssize_t n = readlink("/proc/self/exe", sim->exe, sizeof(sim->exe) - 1);
    if (!error && (n < 0 || (size_t)n == sizeof(sim->exe) - 1))
        error = attn_refuse(why, -ENOENT, "--sim cannot find out which file this program is");
    return error ? error : make_folder(sim, settings->text[ATTN_OPT_SIM_OUT], why);
}

void attn_sim_close(struct attn_sim *sim)
{
    if (sim->on && *sim->folder && !sim->keep)
        rmdir(sim->folder);
    *sim = (struct attn_sim){0};
}

void attn_sim_describe(const struct attn_sim *sim, struct machine_context *context)
{
    const struct callgrind_caches *const c = &sim->caches;
    if (!sim->on)
        return;
    context_set(context, "sim.tool", "callgrind of %s", sim->version);
    context_set(context, "sim.cache",
                "I1 and D1 %" PRIu64 " bytes %d ways, LL %" PRIu64 " bytes %d ways, lines of %d",
                c->l1_bytes, CALLGRIND_L1_WAYS, c->ll_bytes, CALLGRIND_LL_WAYS, CALLGRIND_LINE);
}

/* A name that any file system and any store of build results takes; a long one ends in its hash. */
static void out_path(const struct attn_sim *sim, const char *name, char *buf, size_t size)
{
    enum { LONGEST = 200 };
    const size_t length = strlen(name);
    char file[LONGEST + 32];
    size_t n = 0;
    for (; n < length && n < LONGEST; n++)
        file[n] = name[n] == '/' ? '-' : name[n] == ':' ? '_' : name[n];
    file[n] = '\0';
    if (length > LONGEST)
        snprintf(file + n, sizeof(file) - n, "-%016" PRIx64, process_text_hash(name, length));
    snprintf(buf, size, "%s/%s.cg", sim->folder, file);
}

int attn_sim_case(const struct attn_sim *sim, const struct attn_case *c, bool (*stop)(void *user),
                  void *user, struct attn_sim_counts *counts, struct attn_message *why)
{
    char out[sizeof(sim->folder) + 256], name[ATTN_NAME_MAX + 32], seed[64], reason[600];
    struct ana_callgrind found;
    snprintf(name, sizeof(name), "%s=%s", case_variable, c->text);
    snprintf(seed, sizeof(seed), "%s=%" PRIu64, seed_variable, sim->seed);
    out_path(sim, c->text, out, sizeof(out));
    const struct callgrind_run run = {
        .argv = (const char *const[]){sim->exe, NULL},
        .environ_ = (const char *const[]){name, seed, NULL},
        .caches = sim->caches,
        .out = out,
        .stop = stop,
        .user = user,
    };
    int error = callgrind_run(&run, reason, sizeof(reason));
    if (!error)
        error = ana_callgrind_read(out, c->text, &found, reason, sizeof(reason));
    if (!sim->keep)
        callgrind_clean(out);
    if (error)
        return attn_refuse(why, error, "simulation failed: %s", reason);
    *counts = (struct attn_sim_counts){
        .instructions = (double)found.instructions,
        .dram_bytes = CALLGRIND_LINE * ((double)found.lines_read + (double)found.lines_written),
    };
    return 0;
}

const char *attn_sim_asked(void)
{
    return getenv(case_variable);
}

struct call {
    const struct attn_kernel *kernel;
    const struct attn_args *args;
    int ranks;
};

static void call(void *arg)
{
    const struct call *const c = arg;
    for (int i = 0; i < ATTN_PHASES_MAX && c->kernel->phase[i]; i++)
        for (int rank = 0; rank < c->ranks; rank++)
            c->kernel->phase[i](c->args, rank, c->ranks);
}

static const struct attn_kernel *kernel_of(const struct attn_name *name, struct attn_message *why)
{
    size_t count;
    char text[64], reason[256];
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count; i++) {
        attn_kernel_name(all[i], text, sizeof(text));
        if (strcmp(text, name->kernel) != 0)
            continue;
        const char *const unfit =
            attn_kernel_unsupported(all[i], &name->problem, reason, sizeof(reason));
        if (unfit)
            attn_refuse(why, -ENOTSUP, "under valgrind, %s", unfit);
        return unfit ? NULL : all[i];
    }
    attn_refuse(why, -ENOENT, "no kernel is called %s", name->kernel);
    return NULL;
}

/* One copy is enough: the simulated caches begin empty. Where pages come from they do not see. */
int attn_sim_inside(const char *text, struct attn_message *why)
{
    const char *const seed_text = getenv(seed_variable);
    const uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
    struct attn_name name;
    struct attn_size size;
    struct attn_data data;
    struct pool pool;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* of valgrind, which would go on for nobody */
    if (attn_name_parse(text, &name))
        return attn_refuse(why, -EINVAL, "%s: \"%s\" is not the name of a case", case_variable,
                           text);
    const bool warm = name.hot;
    const struct attn_kernel *const kernel = kernel_of(&name, why);
    if (!kernel)
        return -ENOTSUP;
    name.hot = true;
    if (attn_size(&size, &name, kernel, 0))
        return attn_refuse(why, -ENOMEM, "needs more memory than there are addresses");
    pool_init(&pool, NULL, ARENA_4K, seed);
    int error = attn_data_open(&data, &name, kernel, &size, &pool, seed, why);
    if (!error) {
        struct call c = {
            .kernel = kernel,
            .args = &data.args,
            .ranks = kernel->owns_threads ? 1 : (int)name.threads,
        };
        callgrind_region(text, warm, call, &c);
        attn_data_close(&data);
    }
    pool_free(&pool);
    return error;
}
