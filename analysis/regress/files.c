/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a report. Whoever reads one sees the old or the new, never half of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/regress/output.h"

/* Devices and pipes are written to; only a file can be replaced. */
static int is_replaceable(const char *path)
{
    struct stat status;
    return stat(path, &status) ? errno == ENOENT : S_ISREG(status.st_mode);
}

/* A stream beside `path` and its name in *beside; or the thing itself, and *beside NULL. */
static FILE *open_beside(const char *path, char **beside)
{
    *beside = NULL;
    if (!is_replaceable(path))
        return fopen(path, "we");
    if (asprintf(beside, "%s.%ld.part", path, (long)getpid()) < 0) {
        *beside = NULL;
        errno = ENOMEM;
        return NULL;
    }
    return fopen(*beside, "we");
}

static int complain(const char *path, int error, char *message, size_t size)
{
    snprintf(message, size, "cannot write %s: %s", path, strerror(-error));
    return error;
}

static int check(const char *path, char *message, size_t size)
{
    char *beside;
    if (!path)
        return 0;
    FILE *const file = open_beside(path, &beside);
    const int error = file ? 0 : -errno;
    if (file)
        fclose(file);
    if (beside)
        unlink(beside);
    free(beside);
    return error ? complain(path, error, message, size) : 0;
}

int reg_files_check(const struct reg_files *files, char *message, size_t size)
{
    int error = check(files->markdown, message, size);
    if (!error)
        error = check(files->junit, message, size);
    return error ? error : check(files->json, message, size);
}

int reg_file_write(const char *path, reg_writer *writer, const void *what, char *message,
                   size_t size)
{
    char *beside;
    if (!path)
        return 0;
    FILE *const file = open_beside(path, &beside);
    int error = file ? 0 : -errno;
    errno = 0;
    if (file)
        error = writer(what, file);
    if (error == -EIO && errno)
        error = -errno; /* the writer does not know why, the system does */
    if (file && (fflush(file) || ferror(file)) && !error)
        error = errno ? -errno : -EIO;
    if (file && fclose(file) && !error)
        error = -errno;
    if (beside && !error && rename(beside, path))
        error = -errno;
    if (beside && error)
        unlink(beside);
    free(beside);
    return error ? complain(path, error, message, size) : 0;
}

static int markdown(const void *report, FILE *out)
{
    return reg_write_markdown(report, out);
}

static int junit(const void *report, FILE *out)
{
    return reg_write_junit(report, out);
}

int reg_files_write(const struct reg_files *files, const struct reg_report *report, char *message,
                    size_t size)
{
    const int error = reg_file_write(files->markdown, markdown, report, message, size);
    return error ? error : reg_file_write(files->junit, junit, report, message, size);
}
