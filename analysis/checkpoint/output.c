/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link(2) cannot take the place of an existing file and rename(2) can, hence the name beside the
 * target for the moment between the two. Each file is locked while it is ours: one with such a
 * name that nobody holds is what a killed program left, and the next one removes it.
 */
#include "analysis/checkpoint/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder_length(const char *target)
{
    const char *const slash = strrchr(target, '/');
    return slash ? (int)(slash - target) + 1 : 0;
}

/* The dot keeps such names from those who look for *.safetensors. */
static const char prefix[] = ".attn-convert.";

static char *folder_of(const char *target)
{
    const int length = folder_length(target);
    char *folder;
    return asprintf(&folder, "%.*s", length ? length : 1, length ? target : ".") < 0 ? NULL
                                                                                     : folder;
}

static void remove_leftover(int folder, const char *name)
{
    struct stat st;
    const int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

static void remove_leftovers(const char *folder)
{
    DIR *const files = opendir(folder);
    for (const struct dirent *one; files && (one = readdir(files));)
        if (strncmp(one->d_name, prefix, sizeof(prefix) - 1) == 0)
            remove_leftover(dirfd(files), one->d_name);
    if (files)
        closedir(files);
}

static mode_t default_mode(void)
{
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* Until it is locked it may be taken for a leftover, and be gone. */
static int open_named(struct ana_output *file, const char *folder)
{
    struct stat st;
    for (;;) {
        if (asprintf(&file->beside, "%s/%sXXXXXX", folder, prefix) < 0) {
            file->beside = NULL;
            return -ENOMEM;
        }
        const int fd = mkostemp(file->beside, O_CLOEXEC);
        if (fd < 0)
            return -errno;
        flock(fd, LOCK_EX);
        if (fstat(fd, &st) || st.st_nlink) {
            fchmod(fd, default_mode());
            return fd;
        }
        close(fd);
        free(file->beside);
    }
}

static int open_file(struct ana_output *file)
{
    char *const folder = folder_of(file->target);
    if (!folder)
        return -ENOMEM;
    remove_leftovers(folder);
    /* Only through /proc does an unnamed file get a name without privileges. */
    const bool nameable = access("/proc/self/fd", X_OK) == 0;
    int fd = nameable ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
    const int error = nameable ? errno : EOPNOTSUPP;
    if (fd >= 0)
        flock(fd, LOCK_EX);
    else
        fd = error == EOPNOTSUPP || error == EISDIR ? open_named(file, folder) : -error;
    free(folder);
    return fd;
}

static int start(struct ana_output *file, const char *target, uint64_t bytes)
{
    struct stat st;
    const bool exists = stat(target, &st) == 0;
    if (!exists && errno != ENOENT)
        return -errno;
    if (exists && !S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
    file->target = exists ? realpath(target, NULL) : strdup(target);
    if (!file->target)
        return -errno;
    const int fd = open_file(file);
    if (fd < 0)
        return fd;
    int status = bytes && fallocate(fd, 0, 0, (off_t)bytes) ? -errno : 0;
    if (status == -EOPNOTSUPP || status == -ENOSYS)
        status = 0;
    file->stream = status ? NULL : fdopen(fd, "w");
    if (!status && !file->stream)
        status = -errno;
    if (status)
        close(fd);
    return status;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_target(const char *a, const char *b)
{
    struct stat in[2];
    char *const folder[] = {folder_of(a), folder_of(b)};
    const bool same = strcmp(a + folder_length(a), b + folder_length(b)) == 0 && folder[0] &&
                      folder[1] && !stat(folder[0], &in[0]) && !stat(folder[1], &in[1]) &&
                      same_file(&in[0], &in[1]);
    free(folder[0]);
    free(folder[1]);
    return same;
}

/* Why `target` cannot be one of them, or NULL. */
static const char *refusal(const struct ana_outputs *outputs, const char *target)
{
    struct stat st;
    const bool exists = stat(target, &st) == 0;
    char *const name = exists ? realpath(target, NULL) : NULL;
    const char *why = NULL;
    for (size_t i = 0; exists && i < outputs->inputs_count; i++)
        if (same_file(&st, &outputs->inputs[i]))
            why = "it is part of what is converted";
    for (size_t i = 0; i < outputs->count; i++)
        if (outputs->files[i].target && same_target(name ? name : target, outputs->files[i].target))
            why = "another file of the output has that name";
    free(name);
    return why;
}

FILE *ana_outputs_add(struct ana_outputs *outputs, const char *target, uint64_t bytes,
                      struct ana_fault *fault)
{
    const char *const why = refusal(outputs, target);
    if (why) {
        ana_fault(fault, -EEXIST, "cannot write %.400s: %s", target, why);
        return NULL;
    }
    struct ana_output *const grown =
        realloc(outputs->files, (outputs->count + 1) * sizeof(*outputs->files));
    if (!grown) {
        ana_fault(fault, -ENOMEM, "not enough memory");
        return NULL;
    }
    outputs->files = grown;
    struct ana_output *const file = &grown[outputs->count++];
    *file = (struct ana_output){0};
    const int status = start(file, target, bytes);
    if (status)
        ana_fault(fault, status, "cannot write %.400s: %s", target,
                  status == -ENOTSUP ? "not a regular file" : strerror(-status));
    return file->stream;
}

/* Puts an unnamed file under a name beside its target: its own number, which no other has. */
static int name_beside(struct ana_output *file)
{
    char open_file_path[64];
    struct stat st;
    if (fstat(fileno(file->stream), &st))
        return -errno;
    snprintf(open_file_path, sizeof(open_file_path), "/proc/self/fd/%d", fileno(file->stream));
    char *path;
    if (asprintf(&path, "%.*s%s%llu", folder_length(file->target), file->target, prefix,
                 (unsigned long long)st.st_ino) < 0)
        return -ENOMEM;
    const int status =
        linkat(AT_FDCWD, open_file_path, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ? -errno : 0;
    if (status)
        free(path);
    else
        file->beside = path;
    return status;
}

static int settle(struct ana_output *file)
{
    if (fflush(file->stream) || ferror(file->stream))
        return errno ? -errno : -EIO;
    if (fsync(fileno(file->stream)))
        return -errno;
    return file->beside ? 0 : name_beside(file);
}

void ana_outputs_seal(struct ana_outputs *outputs)
{
    outputs->seal = outputs->count;
}

/* What was renamed or removed in the folder before is kept before what is so afterwards. */
static void sync_folder(const char *target)
{
    char *const folder = folder_of(target);
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int break_seal(const char *target, struct ana_fault *fault)
{
    if (unlink(target) && errno != ENOENT)
        return ana_fault(fault, -errno, "cannot remove %.400s: %s", target, strerror(errno));
    sync_folder(target);
    return 0;
}

static int give_name(struct ana_output *file, struct ana_fault *fault)
{
    if (rename(file->beside, file->target))
        return ana_fault(fault, -errno, "cannot write %.400s: %s", file->target, strerror(errno));
    file->beside[0] = '\0';
    return 0;
}

int ana_outputs_commit(struct ana_outputs *outputs, struct ana_fault *fault)
{
    struct ana_output *const seal = outputs->seal ? &outputs->files[outputs->seal - 1] : NULL;
    int status = 0;
    size_t i;
    for (i = 0; !status && i < outputs->count; i++)
        if ((status = settle(&outputs->files[i])))
            ana_fault(fault, status, "cannot write %.400s: %s", outputs->files[i].target,
                      strerror(-status));
    if (!status && seal)
        status = break_seal(seal->target, fault);
    for (i = 0; !status && i < outputs->count; i++)
        if (&outputs->files[i] != seal)
            status = give_name(&outputs->files[i], fault);
    if (!status && seal) {
        sync_folder(seal->target);
        status = give_name(seal, fault);
    }
    ana_outputs_close(outputs);
    return status;
}

void ana_outputs_close(struct ana_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        struct ana_output *const file = &outputs->files[i];
        if (file->beside && *file->beside)
            unlink(file->beside);
        if (file->stream)
            fclose(file->stream);
        free(file->beside);
        free(file->target);
    }
    free(outputs->files);
    *outputs = (struct ana_outputs){0};
}
