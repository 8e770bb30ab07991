/* SPDX-License-Identifier: Apache-2.0 */
/* See companion.h. */
#include "analysis/checkpoint/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "added_tokens.json",
    "chat_template.json",
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
};

static int copy(FILE *in, const char *from, FILE *out, const char *to, struct ana_fault *fault)
{
    char buffer[1 << 14];
    for (size_t got; (got = fread(buffer, 1, sizeof(buffer), in));)
        if (fwrite(buffer, 1, got, out) != got)
            return ana_fault(fault, -errno, "cannot write %.400s: %s", to, strerror(errno));
    if (ferror(in))
        return ana_fault(fault, -EIO, "cannot read %.400s: %s", from, strerror(EIO));
    return 0;
}

static int add(const char *from, const char *to, bool replace, struct ana_outputs *outputs,
               struct ana_fault *fault)
{
    struct stat here, there;
    const int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &here)) {
        const int status = ana_fault(fault, -errno, "%.400s: %s", from, strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    const bool stands = stat(to, &there) == 0;
    if (!S_ISREG(here.st_mode) ||
        (stands && (!replace || (here.st_dev == there.st_dev && here.st_ino == there.st_ino)))) {
        close(fd);
        return 0;
    }
    FILE *const in = fdopen(fd, "r");
    FILE *const out = in ? ana_outputs_add(outputs, to, (uint64_t)here.st_size, fault) : NULL;
    const int status = out ? copy(in, from, out, to, fault) : -EIO;
    if (in)
        fclose(in);
    else
        close(fd);
    return in ? status : ana_fault(fault, -ENOMEM, "not enough memory");
}

int ana_companions_add(const char *from, const char *to, bool replace, struct ana_outputs *outputs,
                       struct ana_fault *fault)
{
    char source[4096], target[4096];
    int status = 0;
    for (size_t i = 0; !status && i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(source, sizeof(source), "%s/%s", from, names[i]);
        snprintf(target, sizeof(target), "%s/%s", to, names[i]);
        status = add(source, target, replace, outputs, fault);
    }
    return status;
}
