/* SPDX-License-Identifier: Apache-2.0 */
/* Result files. The name of the temporary begins with a dot: no *.json of a reader picks it up. */
#include "bench/harness/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new, empty file beside the target; its descriptor, or -errno. *path is to be freed. */
static int make_beside(const char *target, char **path)
{
    const char *const slash = strrchr(target, '/');
    const int folder = slash ? (int)(slash - target) + 1 : 0;
    if (asprintf(path, "%.*s.%s.XXXXXX", folder, target, target + folder) < 0) {
        *path = NULL;
        return -ENOMEM;
    }
    const int fd = mkostemp(*path, O_CLOEXEC);
    if (fd >= 0)
        return fd;
    const int rc = -errno;
    free(*path);
    *path = NULL;
    return rc;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length) {
        const ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* What open(2) would have given a new file. */
static mode_t default_mode(void)
{
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int open_regular(struct outfile *file, const char *path, const struct stat *status)
{
    char *const resolved = status ? realpath(path, NULL) : NULL;
    file->target = resolved ? resolved : strdup(path);
    file->mode = status ? status->st_mode & 07777 : default_mode();
    if (!file->target)
        return -ENOMEM;
    if (status && access(file->target, W_OK))
        return -errno;
    char *beside;
    const int fd = make_beside(file->target, &beside);
    if (fd < 0)
        return fd;
    unlink(beside);
    free(beside);
    close(fd);
    return 0;
}

/* A second descriptor for what stdout or stderr is connected to, or -1. Replacing that file would
 * take away what is written to these streams, by us or by whoever shares them. */
static int standard_stream(const struct stat *status)
{
    struct stat stream;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &stream) == 0 && stream.st_dev == status->st_dev &&
            stream.st_ino == status->st_ino)
            return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return -1;
}

int bm_outfile_open(struct outfile *file, const char *path, FILE *err)
{
    struct stat status;
    int rc = 0;

    *file = (struct outfile){0};
    const bool exists = stat(path, &status) == 0;
    const int stream = exists ? standard_stream(&status) : -1;
    if (stream >= 0) {
        file->device = fdopen(stream, "w");
        rc = file->device ? 0 : -errno;
    } else if (!exists && errno != ENOENT) {
        rc = -errno;
    } else if (exists && !S_ISREG(status.st_mode)) {
        file->device = fopen(path, "we");
        rc = file->device ? 0 : -errno;
    } else {
        rc = open_regular(file, path, exists ? &status : NULL);
    }
    if (rc) {
        fprintf(err, "invalid file name: '%s': %s\n", path, strerror(-rc));
        bm_outfile_close(file);
    }
    return rc;
}

int bm_outfile_replace(const struct outfile *file, const char *text, size_t length)
{
    char *beside;
    const int fd = make_beside(file->target, &beside);
    if (fd < 0)
        return fd;
    int rc = write_all(fd, text, length);
    if (!rc && fchmod(fd, file->mode))
        rc = -errno;
    /* Without it a crash of the machine may leave the new name with no contents. */
    if (!rc && fsync(fd))
        rc = -errno;
    if (close(fd) && !rc)
        rc = -errno;
    if (!rc && rename(beside, file->target))
        rc = -errno;
    if (rc)
        unlink(beside);
    free(beside);
    return rc;
}

char *bm_outfile_rescue(const char *text, size_t length)
{
    const char *const folder = getenv("TMPDIR");
    char *path;
    if (asprintf(&path, "%s/benchmark-results.XXXXXX", folder && *folder ? folder : "/tmp") < 0)
        return NULL;
    const int fd = mkostemp(path, O_CLOEXEC);
    int rc = fd < 0 ? -errno : write_all(fd, text, length);
    if (fd >= 0 && close(fd) && !rc)
        rc = -errno;
    if (!rc)
        return path;
    if (fd >= 0)
        unlink(path);
    free(path);
    return NULL;
}

int bm_outfile_close(struct outfile *file)
{
    int rc = 0;
    if (file->device && fclose(file->device))
        rc = -errno;
    free(file->target);
    *file = (struct outfile){0};
    return rc;
}
