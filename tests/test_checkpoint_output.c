/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that appear together: a process is killed at each rename of the commit, and what it leaves
 * is gone after the next one. This program's rename() stands in for the C library's.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "analysis/checkpoint/output.h"
#include "tests/tree.h"

enum { FILES = 3 };

static char root[TREE_MAX];
static struct ana_fault fault;
static int renames_to_live = -1;

int rename(const char *from, const char *to)
{
    if (renames_to_live-- == 0)
        raise(SIGKILL);
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int hidden(const struct dirent *one)
{
    return *one->d_name == '.' && strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
}

static int count_hidden(void)
{
    struct dirent **list = NULL;
    const int count = scandir(root, &list, hidden, NULL);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    return count;
}

/* s0, s1 and the seal s2 */
static void add(struct ana_outputs *outputs)
{
    for (int i = 0; i < FILES; i++) {
        char path[TREE_MAX + 16];
        snprintf(path, sizeof(path), "%s/s%d", root, i);
        FILE *const stream = ana_outputs_add(outputs, path, 0, &fault);
        CHECK(stream && fputs(path, stream) != EOF, "%s", fault.text);
    }
    ana_outputs_seal(outputs);
}

static void write_all(void)
{
    struct ana_outputs outputs = {0};
    add(&outputs);
    CHECK(ana_outputs_commit(&outputs, &fault) == 0, "%s", fault.text);
}

static void die_at(int at)
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        renames_to_live = at;
        write_all();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
          "rename %d: status %d", at, status);
}

static void test_killed(void)
{
    for (int at = 0; at < FILES; at++) {
        die_at(at);
        CHECK(count_hidden() == FILES - at, "killed at rename %d: %d files", at, count_hidden());
        write_all();
        CHECK(count_hidden() == 0, "%d files of a killed run are left", count_hidden());
    }
}

/* Not of a run that still goes on, and not what others put there. */
static void test_not_ours(void)
{
    struct ana_outputs slow = {0};
    char held[TREE_MAX + 32], path[64];
    tree_write(root, "/.s0.backup", "mine");
    snprintf(held, sizeof(held), "%s/.attn-convert.held", root);
    add(&slow);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(slow.files[0].stream));
    const bool named = linkat(AT_FDCWD, path, AT_FDCWD, held, AT_SYMLINK_FOLLOW) == 0;
    write_all();
    CHECK(!named || access(held, F_OK) == 0, "a file of a run that goes on was removed");
    CHECK(ana_outputs_commit(&slow, &fault) == 0, "%s", fault.text);
    write_all();
    CHECK(count_hidden() == 1, "%d files, and one is another's", count_hidden());
}

int main(void)
{
    tree_make(root);
    test_killed();
    test_not_ours();
    tree_remove(root);
    return test_exit();
}
