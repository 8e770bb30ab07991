/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One keeper for all shared objects. Nothing is ever unloaded here: a library's threads may still
 * run its code, and a destructor that crashes would take the results with it.
 */
#include "bench/cases/outside.h"

#include "bench/cases/keeper.h"
#include "bench/cases/library.h"
#include "bench/cases/list.h"
#include "bench/cases/trial.h"
#include "bench/cases/watcher.h"
#include "kernels/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct outside {
    char *path;
    struct attn_library library;
    bool unloads_badly;
    struct attn_message unload_why;
};

/* One answer a kernel, since a sweep asks about the same problem many times in a row. */
struct opinion {
    bool known;
    struct attn_problem problem;
    int error;
    struct attn_message why;
};

static bool watched;
static int home = -1;    /* the working directory */
static int results = -1; /* where stdout leads while a call is guarded and it leads to stderr */
static struct attn_keeper keeper;
static struct outside *loaded;
static size_t loaded_n;
static double patience;
static struct opinion opinion[ATTN_OUTSIDE_MAX];

/* The line a handler writes, and how much of it. */
static char last_words[2][1024];
static size_t last_length[2];

/* What on_alarm() looks at before it gives up, or NULL; how it was; seconds between two looks. */
static const volatile uint64_t *volatile progress;
static volatile uint64_t progress_seen;
static volatile unsigned progress_seconds;

static struct outside *owner(const struct attn_kernel *kernel, uint32_t *index)
{
    for (size_t i = 0; i < loaded_n; i++) {
        struct attn_library *const l = &loaded[i].library;
        if (kernel < l->kernel || kernel >= l->kernel + l->n)
            continue;
        *index = (uint32_t)(kernel - l->kernel);
        return &loaded[i];
    }
    return NULL;
}

static int ask(const char *path, enum attn_task task, uint32_t kernel, const struct attn_name *name,
               uint64_t seed, double seconds, struct attn_message *why)
{
    static struct attn_question question;
    static struct attn_answer answer;
    memset(&question, 0, sizeof(question));
    question.task = task;
    question.kernel = kernel;
    question.seed = seed;
    question.seconds = seconds;
    if (name)
        question.name = *name;
    snprintf(question.path, sizeof(question.path), "%s", path);
    attn_keeper_ask(&keeper, &question, &answer);
    *why = answer.why;
    return answer.error;
}

/* The sentences of tasks say what happened; here is added when. */
static int refuse_when(struct attn_message *why, int error, const char *when)
{
    const size_t n = strlen(why->text);
    snprintf(why->text + n, sizeof(why->text) - n, " when %s", when);
    return error;
}

static struct opinion *opinion_of(const struct attn_kernel *kernel)
{
    static const struct attn_kernel *held[ATTN_OUTSIDE_MAX];
    size_t i = 0;
    while (held[i] && held[i] != kernel)
        i++;
    held[i] = kernel;
    return &opinion[i];
}

/* A crash or silence is no answer; it makes an error row of the case, see attn_outside_try(). */
static bool has_failed(const struct opinion *o)
{
    return o->error && o->error != -EDOM;
}

static struct opinion *opinion_on(const struct attn_kernel *kernel, const struct attn_problem *p)
{
    struct opinion *const o = opinion_of(kernel);
    uint32_t index = 0;
    const struct outside *const from = owner(kernel, &index);
    if (!o->known || !attn_problem_equal(&o->problem, p) || o->problem.phase != p->phase) {
        const struct attn_name name = {.problem = *p};
        *o = (struct opinion){.known = true, .problem = *p};
        o->error = ask(from->path, ATTN_TASK_SUPPORT, index, &name, 0, patience, &o->why);
        if (has_failed(o))
            refuse_when(&o->why, o->error, "asked whether it can do this");
    }
    return o;
}

/* attn_ask_fn */
static const char *supports(const struct attn_kernel *kernel, const struct attn_problem *p,
                            char *buf, size_t size)
{
    const struct opinion *const o = opinion_on(kernel, p);
    if (!o->error || has_failed(o))
        return NULL;
    snprintf(buf, size, "%s", o->why.text);
    return buf;
}

/* Only what a handler may do. */
static void speak(int which)
{
    attn_watcher_said();
    if (write(STDERR_FILENO, last_words[which], last_length[which]) < 0)
        return;
}

/* Ranks may well fault together; the first one speaks and ends the program. */
static void on_fault(int signal_number)
{
    static atomic_flag spoken = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&spoken))
        pause();
    speak(0);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
    const unsigned left = attn_watcher_time_left();
    if (left) {
        alarm(left);
        return;
    }
    if (progress && *progress != progress_seen) {
        progress_seen = *progress;
        attn_watcher_renew(progress_seconds);
        alarm(progress_seconds);
        return;
    }
    speak(1);
    _exit(1);
}

/* Again before every call: the one before may have turned it off. */
static void hear_alarms(void)
{
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void catch_crashes(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    static char stack[1 << 16];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    const struct sigaction crash = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        sigaction(faults[i], &crash, NULL);
}

static void prepare_words(const char *who, const char *where, double seconds)
{
    const int crash = snprintf(last_words[0], sizeof(last_words[0]),
                               "attn-bench: %s crashed %s; rows finished before that are in the "
                               "result file\n",
                               who, where);
    const int late = snprintf(last_words[1], sizeof(last_words[1]),
                              "attn-bench: %s did not return within %.0f s %s; rows finished "
                              "before that are in the result file\n",
                              who, seconds, where);
    last_length[0] = crash < (int)sizeof(last_words[0]) ? (size_t)crash : sizeof(last_words[0]);
    last_length[1] = late < (int)sizeof(last_words[1]) ? (size_t)late : sizeof(last_words[1]);
}

/* What a library prints is no result, be it flushed while it runs or left in the buffer. */
static void take_stdout_away(void)
{
    if (results >= 0)
        return;
    fflush(stdout);
    results = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (results >= 0)
        dup2(STDERR_FILENO, STDOUT_FILENO);
}

static void give_stdout_back(void)
{
    if (results < 0)
        return;
    fflush(stdout);
    dup2(results, STDOUT_FILENO);
    close(results);
    results = -1;
}

/* Until attn_outside_rest(). */
static void guard(const char *who, const char *where, double seconds, const uint64_t *word)
{
    prepare_words(who, where, seconds);
    progress_seconds = seconds < 1e9 ? (unsigned)seconds + 1 : 0;
    attn_watcher_call(who, where, seconds, progress_seconds);
    progress_seen = word ? *word : 0;
    progress = word;
    take_stdout_away();
    hear_alarms();
    alarm(progress_seconds);
}

static int add_kernels(struct outside *o, struct attn_message *why)
{
    char name[64];
    for (size_t i = 0; i < o->library.n; i++) {
        const struct attn_kernel *const k = &o->library.kernel[i];
        const int error = attn_registry_add(k, supports);
        attn_kernel_name(k, name, sizeof(name));
        if (error == -EEXIST)
            return attn_refuse(why, error, "there is a kernel %s already; give it another name",
                               name);
        if (error)
            return attn_refuse(why, error, "more than %d kernels from outside", ATTN_OUTSIDE_MAX);
    }
    return 0;
}

static int load(struct outside *o, const char *path, struct attn_message *why)
{
    *o = (struct outside){.path = strdup(path)};
    if (!o->path)
        return attn_refuse(why, -ENOMEM, "out of memory");
    int error = ask(path, ATTN_TASK_OPEN, 0, NULL, 0, patience, why);
    if (error == -ECHILD || error == -ETIME)
        return refuse_when(why, error, "it was loaded");
    if (error)
        return error;
    const int close_error = ask(path, ATTN_TASK_CLOSE, 0, NULL, 0, patience, &o->unload_why);
    o->unloads_badly = close_error;
    guard(path, "while it was loaded", patience, NULL);
    error = attn_library_open(&o->library, path, why);
    attn_outside_rest();
    return error ? error : add_kernels(o, why);
}

int attn_outside_load(const char *text, double seconds, struct attn_message *why)
{
    struct attn_list list;
    int error = attn_list_words(text, &list, why);
    patience = seconds;
    if (!error)
        error = attn_watcher_open(why);
    if (error)
        goto out;
    watched = true;
    home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    error = attn_keeper_open(&keeper, why);
    if (error)
        goto out;
    loaded = calloc(list.n, sizeof(*loaded));
    if (!loaded) {
        error = attn_refuse(why, -ENOMEM, "out of memory");
        goto out;
    }
    catch_crashes();
    for (; !error && loaded_n < list.n; loaded_n++) {
        error = load(&loaded[loaded_n], list.item[loaded_n], why);
        if (error)
            attn_refuse_at(why, error, "%s", list.item[loaded_n]);
    }
out:
    attn_list_free(&list);
    return error;
}

void attn_outside_leave(int status)
{
    if (!watched)
        return;
    attn_keeper_close(&keeper);
    fflush(NULL);
    attn_watcher_leave(status);
}

void attn_outside_note_unused(struct machine_context *context, const struct attn_cases *cases)
{
    bool used = !loaded_n;
    for (size_t i = 0; i < cases->n; i++)
        used = used || (cases->item[i].kernel && attn_kernel_is_outside(cases->item[i].kernel));
    if (!used)
        context_warn(context,
                     "no case runs a kernel of %s; name them beside ours, as --kernel=best,%s",
                     loaded[0].path, loaded[0].library.kernel[0].rung);
}

void attn_outside_context(struct machine_context *context)
{
    char all[1024] = "";
    for (size_t i = 0; i < loaded_n; i++) {
        const size_t n = strlen(all);
        snprintf(all + n, sizeof(all) - n, "%s%s", i ? "," : "", loaded[i].path);
        if (loaded[i].unloads_badly)
            context_warn(context, "%s: %s when it was unloaded again; it stays loaded to the end",
                         loaded[i].path, loaded[i].unload_why.text);
    }
    if (loaded_n)
        context_set(context, "load", "%s", all);
}

/* What it was asked about: of whole layers, the attention of the first. */
static const struct opinion *opinion_on_case(const struct attn_kernel *kernel,
                                             const struct attn_name *name)
{
    struct layer_kind kind;
    if (!attn_phase_has_layers(name->problem.phase))
        return opinion_on(kernel, &name->problem);
    layer_config_kind(&name->layer, &name->problem, 0, &kind);
    return opinion_on(kernel, &kind.problem);
}

bool attn_outside_fails(const struct attn_kernel *kernel, const struct attn_name *name)
{
    uint32_t index;
    return owner(kernel, &index) && has_failed(opinion_on_case(kernel, name));
}

int attn_outside_try(const struct attn_kernel *kernel, const struct attn_name *name, uint64_t seed,
                     struct attn_message *why)
{
    uint32_t index = 0;
    const struct outside *const from = owner(kernel, &index);
    if (!from)
        return 0;
    const struct opinion *const o = opinion_on_case(kernel, name);
    if (has_failed(o)) {
        *why = o->why;
        return attn_refuse_at(why, o->error, "%s", from->path);
    }
    const int error = ask(from->path, ATTN_TASK_TRIAL, index, name, seed,
                          attn_trial_seconds(name, patience), why);
    if (!error)
        return 0;
    refuse_when(why, error, "tried in a process of its own");
    return attn_refuse_at(why, error, "%s", from->path);
}

static void watch(const struct attn_kernel *kernel, const struct attn_name *name, const char *when,
                  uint64_t calls, const uint64_t *word)
{
    char text[ATTN_NAME_MAX], where[ATTN_NAME_MAX + 48];
    uint32_t index;
    const struct outside *const from = owner(kernel, &index);
    if (!from)
        return;
    const double seconds =
        patience + (double)calls * (attn_trial_seconds(name, patience) - patience);
    attn_name_format(name, text, sizeof(text));
    snprintf(where, sizeof(where), "%s %s", when, text);
    guard(from->path, where, seconds, word);
}

void attn_outside_watch_size(const struct attn_kernel *kernel, const struct attn_name *name)
{
    watch(kernel, name, "when asked how much memory it needs in", 0, NULL);
}

void attn_outside_watch(const struct attn_kernel *kernel, const struct attn_name *name,
                        uint64_t calls)
{
    watch(kernel, name, "in", calls, NULL);
}

void attn_outside_watch_loop(const struct attn_kernel *kernel, const struct attn_name *name,
                             const uint64_t *word)
{
    watch(kernel, name, "in", 1, word);
}

void attn_outside_rest(void)
{
    if (!watched)
        return;
    alarm(0);
    give_stdout_back();
    attn_watcher_rest();
    /* A library may have gone elsewhere; files of the user's are named from here. */
    if (fchdir(home))
        return;
}
