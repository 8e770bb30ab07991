/* SPDX-License-Identifier: Apache-2.0 */
/* See commits.h. git runs without a shell: the names of commits come from result files. */
#include "analysis/regress/history/commits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a revision may be called; above all it is no option. */
static bool is_revision(const char *text)
{
    if (!*text || *text == '-')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("._-/^~@{}", *text))
            return false;
    return true;
}

static int add(struct reg_commits *commits, const char *text)
{
    char **const grown = realloc(commits->list, (commits->count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    commits->list = grown;
    grown[commits->count] = strdup(text);
    return grown[commits->count++] ? 0 : -ENOMEM;
}

/* Adds each line that git prints. 0, -errno, or git's exit status. */
static int read_git(const char *const *argv, struct reg_commits *commits)
{
    posix_spawn_file_actions_t actions;
    char line[256];
    int ends[2], status = 0, wait_status;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    if (posix_spawn_file_actions_init(&actions))
        return -ENOMEM;
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int error = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *const in = fdopen(ends[0], "r");
    while (!error && !status && in && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        status = add(commits, line);
    }
    in ? fclose(in) : close(ends[0]);
    if (error)
        return -error;
    while (waitpid(pid, &wait_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return status ? status : WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -EIO;
}

static int resolve(const char *repository, const char *name, struct reg_commits *commits,
                   char *message, size_t size)
{
    char commit[300];
    snprintf(commit, sizeof(commit), "%.250s^{commit}", name);
    const char *const argv[] = {"git",      "-C", repository, "rev-parse",
                                "--verify", "-q", commit,     NULL};
    const int status = is_revision(name) ? read_git(argv, commits) : 1;
    if (status == -ENOENT)
        snprintf(message, size, "bisecting needs git, which is not installed");
    else if (status)
        snprintf(message, size, "%.100s is no commit of the repository in %.150s", name,
                 repository);
    return status > 0 ? -EINVAL : status;
}

int reg_commits_between(const char *repository, const char *good, const char *bad,
                        struct reg_commits *commits, char *message, size_t size)
{
    char range[600];
    struct reg_commits ends = {0};
    *commits = (struct reg_commits){0};
    int status = resolve(repository, good, &ends, message, size);
    if (!status)
        status = resolve(repository, bad, &ends, message, size);
    if (!status) {
        snprintf(range, sizeof(range), "%s..%s", ends.list[0], ends.list[1]);
        const char *const argv[] = {"git",       "-C",  repository, "rev-list", "--first-parent",
                                    "--reverse", range, "--",       NULL};
        status = add(commits, ends.list[0]);
        if (!status)
            status = read_git(argv, commits);
        if (!status &&
            (commits->count < 2 || strcmp(commits->list[commits->count - 1], ends.list[1]) != 0))
            status = -EINVAL;
        if (status)
            snprintf(message, size, "%.100s does not come after %.100s", bad, good);
    }
    reg_commits_free(&ends);
    if (status)
        reg_commits_free(commits);
    return status > 0 ? -EINVAL : status;
}

void reg_commits_free(struct reg_commits *commits)
{
    for (size_t i = 0; i < commits->count; i++)
        free(commits->list[i]);
    free(commits->list);
    *commits = (struct reg_commits){0};
}
