/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading kernel text files. Plain read(2): such files have no size to ask for, and a short read is
 * their normal way of saying that there is no more.
 */
#include "bench/machine/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sysfile_read(const char *root, const char *path, char *buf, size_t size)
{
    char full[PATH_MAX];
    buf[0] = '\0';
    const int n = snprintf(full, sizeof(full), "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof(full))
        return -ENAMETOOLONG;
    const int fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t length = 0;
    int err = 0;
    while (length < size - 1) {
        const ssize_t got = read(fd, buf + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            err = -errno;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    close(fd);
    if (err)
        length = 0;
    while (length > 0 && isspace((unsigned char)buf[length - 1]))
        length--;
    buf[length] = '\0';
    return err ? err : (int)length;
}

static bool leading_u64(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    const unsigned long long v = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || errno)
        return false;
    *value = v;
    return true;
}

int sysfile_u64(const char *root, const char *path, uint64_t *value)
{
    char buf[64];
    const int n = sysfile_read(root, path, buf, sizeof(buf));
    if (n < 0)
        return n;
    return leading_u64(buf, value) ? 0 : -EINVAL;
}

const char *sysfile_line(const char *text, const char *key)
{
    const size_t length = strlen(key);
    while (text && *text) {
        if (strncmp(text, key, length) == 0)
            return text + length + strspn(text + length, " \t");
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return NULL;
}

bool sysfile_field(const char *text, const char *key, uint64_t *value)
{
    const char *const line = sysfile_line(text, key);
    return line && leading_u64(line, value);
}
