/* SPDX-License-Identifier: Apache-2.0 */
/* Result files when things go wrong: what was finished stays, what cannot be written is said. */
#include "tests/test_harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static int calls;

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static char *slurp(const char *path)
{
    char *const text = calloc(1, 1 << 16);
    FILE *const file = fopen(path, "r");
    if (file) {
        text[fread(text, 1, (1 << 16) - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static int count(const char *text, const char *word)
{
    int n = 0;
    while ((text = strstr(text, word))) {
        n++;
        text++;
    }
    return n;
}

static bool whole_document(const char *text)
{
    const size_t length = strlen(text);
    return length > 7 && text[0] == '{' && strcmp(text + length - 7, "\n  ]\n}\n") == 0;
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *const dir = opendir(folder);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir)
        closedir(dir);
    return n;
}

static void three_seconds(struct benchmark_state *state)
{
    calls++;
    while (benchmark_keep_running(state))
        fake_now += 3;
}

static void half_a_second(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        fake_now += 0.5;
}

static void kill_self(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        raise(SIGKILL);
}

static void remove_folder(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        fake_now += 3;
    remove(in_folder("vanishing/r.json"));
    remove(in_folder("vanishing"));
}

static void run(struct bench *b, const char *path, void (*second)(struct benchmark_state *))
{
    char flag[160];
    snprintf(flag, sizeof(flag), "--benchmark_out=%s", path);
    *b = bench_new(ARGUMENTS(flag, "--benchmark_min_time=1x"));
    bench_add(b, (struct benchmark_family){.name = "first", .run = three_seconds});
    if (second)
        bench_add(b, (struct benchmark_family){.name = "second", .run = second});
    calls = 0;
    bench_run(b);
}

static void test_plain(void)
{
    struct bench b;
    struct stat status;
    const char *const path = in_folder("r.json");
    umask(022);
    run(&b, path, three_seconds);
    char *text = slurp(path);
    CHECK(b.status == 0 && whole_document(text) && count(text, "\"run_name\"") == 2, "%s", text);
    CHECK_THAT(stat(path, &status) == 0 && (status.st_mode & 07777) == 0644);
    CHECK(files_in_folder() == 1, "nothing is left beside it");
    free(text);
    bench_free(&b);

    chmod(path, 0600);
    run(&b, path, NULL);
    text = slurp(path);
    CHECK_THAT(count(text, "\"run_name\"") == 1);
    CHECK_THAT(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
    free(text);
    bench_free(&b);
    remove(path);
}

static void test_link(void)
{
    struct bench b;
    struct stat status;
    char target[128], link[128];
    snprintf(target, sizeof(target), "%s", in_folder("target.json"));
    snprintf(link, sizeof(link), "%s", in_folder("link.json"));
    fclose(fopen(target, "w"));
    CHECK_THAT(symlink("target.json", link) == 0);
    run(&b, link, NULL);
    char *const text = slurp(target);
    CHECK(whole_document(text), "the link's target is written");
    CHECK(lstat(link, &status) == 0 && S_ISLNK(status.st_mode), "the link stays one");
    free(text);
    bench_free(&b);
    remove(link);
    remove(target);
}

static void test_refused(void)
{
    static const char *const paths[] = {"/nonexistent/r.json", "/tmp", "/proc/r.json"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        struct bench b;
        char said[128];
        run(&b, paths[i], NULL);
        snprintf(said, sizeof(said), "invalid file name: '%s': ", paths[i]);
        CHECK(b.status == 1 && calls == 0 && !*b.out, "nothing runs: %s", paths[i]);
        CHECK(strncmp(b.err, said, strlen(said)) == 0, "%s", b.err);
        bench_free(&b);
    }
}

static void test_no_match(void)
{
    struct bench b = bench_new(NULL);
    bench_free(&b);
    char flag[160];
    snprintf(flag, sizeof(flag), "--benchmark_out=%s", in_folder("empty.json"));
    b = bench_new(ARGUMENTS(flag, "--benchmark_filter=nothing"));
    bench_run(&b);
    char *const text = slurp(in_folder("empty.json"));
    CHECK(b.status == 0 && whole_document(text) && strstr(text, "\"benchmarks\": [\n\n  ]\n"), "%s",
          text);
    free(text);
    bench_free(&b);
    remove(in_folder("empty.json"));
}

static void test_devices(void)
{
    struct bench b;
    struct stat status;
    run(&b, "/dev/null", NULL);
    CHECK_THAT(b.status == 0 && calls == 1);
    CHECK(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode), "still a device");
    bench_free(&b);
    if (access("/dev/full", W_OK))
        return;
    run(&b, "/dev/full", NULL);
    CHECK(b.status == 1 && calls == 0, "status %d, %d calls", b.status, calls);
    CHECK(strstr(b.err, "error: cannot write /dev/full: No space left on device\n"), "%s", b.err);
    CHECK(stat("/dev/full", &status) == 0 && S_ISCHR(status.st_mode), "still a device");
    bench_free(&b);
}

static void test_fifo(void)
{
    const char *const path = in_folder("pipe");
    CHECK_THAT(mkfifo(path, 0600) == 0);
    const pid_t reader = fork();
    if (reader == 0) {
        char *const text = slurp(path);
        _exit(whole_document(text) && count(text, "\"run_name\"") == 2 ? 0 : 1);
    }
    struct bench b;
    int status;
    run(&b, path, three_seconds);
    CHECK_THAT(b.status == 0);
    CHECK(waitpid(reader, &status, 0) == reader && status == 0, "reader: %d", status);
    bench_free(&b);
    remove(path);
}

/* --benchmark_out=/dev/stdout with stdout in a file: what others write there stays. */
static void test_stdout(void)
{
    const char *const path = in_folder("stdout");
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct bench b;
        const int fd = open(path, O_CREAT | O_WRONLY, 0600);
        if (dup2(fd, STDOUT_FILENO) < 0 || write(STDOUT_FILENO, "before\n", 7) != 7)
            _exit(1);
        run(&b, "/dev/stdout", three_seconds);
        _exit(b.status || write(STDOUT_FILENO, "after\n", 6) != 6);
    }
    int status;
    CHECK_THAT(waitpid(child, &status, 0) == child && status == 0);
    char *const text = slurp(path);
    const size_t length = strlen(text);
    CHECK(strncmp(text, "before\n{", 8) == 0 && count(text, "\"run_name\"") == 2 && length > 6 &&
              strcmp(text + length - 6, "after\n") == 0,
          "%s", text);
    free(text);
    remove(path);
}

static void test_killed(void)
{
    const char *const path = in_folder("killed.json");
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct bench b;
        run(&b, path, kill_self);
        _exit(0);
    }
    int status;
    CHECK_THAT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    char *const text = slurp(path);
    CHECK(whole_document(text) && count(text, "\"run_name\"") == 1, "%s", text);
    free(text);
    remove(path);
}

/* Rows follow each other faster than the file is written at the latest. */
static void test_killed_soon(void)
{
    char flag[160];
    const char *const path = in_folder("killed.json");
    snprintf(flag, sizeof(flag), "--benchmark_out=%s", path);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct bench b = bench_new(ARGUMENTS(flag, "--benchmark_min_time=1x"));
        for (int i = 0; i < 3; i++)
            bench_add(&b, (struct benchmark_family){.name = "short", .run = half_a_second});
        bench_add(&b, (struct benchmark_family){.name = "long", .run = kill_self});
        bench_run(&b);
        _exit(0);
    }
    int status;
    CHECK_THAT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    char *const text = slurp(path);
    CHECK(whole_document(text) && count(text, "\"run_name\"") == 3, "%s", text);
    free(text);
    remove(path);
}

static void test_vanished(void)
{
    struct bench b;
    CHECK_THAT(mkdir(in_folder("vanishing"), 0700) == 0);
    setenv("TMPDIR", folder, 1);
    run(&b, in_folder("vanishing/r.json"), remove_folder);
    unsetenv("TMPDIR");
    CHECK_THAT(b.status == 1);
    CHECK(strstr(b.err, "error: cannot write") && strstr(b.err, "No such file"), "%s", b.err);
    char *const rescued = strstr(b.err, "error: the results are in ");
    CHECK(rescued, "%s", b.err);
    if (rescued) {
        char *const path = rescued + strlen("error: the results are in ");
        path[strcspn(path, " ")] = '\0';
        char *const text = slurp(path);
        CHECK(whole_document(text) && count(text, "\"run_name\"") == 2, "%s: %s", path, text);
        free(text);
        remove(path);
    }
    bench_free(&b);
}

/* stdout on a full disk. */
static void test_full_display(void)
{
    if (access("/dev/full", W_OK))
        return;
    FILE *const full = fopen("/dev/full", "w");
    struct bench b = bench_new(ARGUMENTS("--benchmark_min_time=1x"));
    bench_free(&b);
    const struct benchmark_hooks hooks = {.struct_size = sizeof(hooks),
                                          .wall_clock = fake_wall,
                                          .cpu_clock = fake_cpu,
                                          .out = full,
                                          .err = tmpfile()};
    struct benchmark_runner *const runner = benchmark_runner_new(&hooks);
    const struct benchmark_family family = {
        .struct_size = sizeof(family), .name = "f", .run = three_seconds, .iterations = 1};
    CHECK_THAT(benchmark_register(runner, &family) == 0);
    CHECK(benchmark_run(runner) == 1, "a display that cannot be written is an error");
    benchmark_runner_free(runner);
    fclose(hooks.err);
    fclose(full);
}

int main(void)
{
    snprintf(folder, sizeof(folder), "/tmp/test_outfile.XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    test_plain();
    test_link();
    test_refused();
    test_no_match();
    test_devices();
    test_fifo();
    test_stdout();
    test_killed();
    test_killed_soon();
    test_vanished();
    test_full_display();
    CHECK(files_in_folder() == 0, "every file was removed");
    rmdir(folder);
    return test_exit();
}
