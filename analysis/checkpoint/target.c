/* SPDX-License-Identifier: Apache-2.0 */
/* See target.h. */
#include "analysis/checkpoint/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/checkpoint/card.h"
#include "analysis/checkpoint/companion.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A sharded checkpoint becomes a folder; an output that is an input would destroy it. */
static int check(const struct ana_store *store, const char *out, bool *made,
                 struct ana_fault *fault)
{
    const char *const origin = store->index ? store->folder : store->shards[0].path;
    struct stat there, here;
    const char *const dot = strrchr(out, '.');
    *made = false;
    if (store->index && dot && strcmp(dot, ".safetensors") == 0)
        return ana_fault(fault, -EINVAL,
                         "-o %.400s: the checkpoint has several files; give a folder", out);
    *made = store->index && mkdir(out, 0777) == 0;
    if (store->index && !*made && errno != EEXIST)
        return ana_fault(fault, -errno, "cannot make the folder %.400s: %s", out, strerror(errno));
    const bool exists = stat(out, &there) == 0;
    if (exists && store->index && !S_ISDIR(there.st_mode))
        return ana_fault(fault, -ENOTDIR,
                         "-o %.400s: the checkpoint has several files; give a folder", out);
    if (exists && stat(origin, &here) == 0 && same_file(&there, &here))
        return ana_fault(fault, -EINVAL,
                         "-o %.400s would overwrite the checkpoint it is made from; give another "
                         "name",
                         out);
    return 0;
}

/* Shards of two conversions under one index would be neither: a folder is one's at a time. -1 or a
 * file to close. */
static int lock(const char *folder, struct ana_fault *fault)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ana_fault(fault, -1, "cannot open %.400s: %s", folder, strerror(errno));
    /* Some file systems know no locks. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return fd;
    close(fd);
    return ana_fault(fault, -1, "-o %.400s: another conversion writes there", folder);
}

/*
 * config.json in the output's folder, unless that is another model's or the checkpoint's own: then
 * it is named after the output. A card that becomes `text` too is of the same model.
 */
static void name_card(const struct ana_conversion *conversion, const char *out, const char *card,
                      const char *text, char *path, size_t size)
{
    const char *const slash = strrchr(out, '/');
    const int folder = slash ? (int)(slash - out) : 0;
    struct ana_fault ignored;
    struct stat there, here;
    if (conversion->store->index) {
        snprintf(path, size, "%s/config.json", out);
        return;
    }
    snprintf(path, size, "%.*s/config.json",
             slash && !folder ? 0
             : slash          ? folder
                              : 1,
             slash ? out : ".");
    if (stat(path, &there))
        return;
    char *const other = ana_card_text(path, conversion->kv_heads, &ignored);
    const bool same_model = other && strcmp(other, text) == 0;
    free(other);
    if (same_model && !(stat(card, &here) == 0 && same_file(&there, &here)))
        return;
    const char *const name = slash ? slash + 1 : out, *const dot = strrchr(name, '.');
    snprintf(path, size, "%.*s.config.json", (int)((dot ? dot : name + strlen(name)) - out), out);
}

static int add_card(const struct ana_conversion *conversion, const char *out, const char *card,
                    struct ana_outputs *outputs, char *path, size_t size, struct ana_fault *fault)
{
    char *const text = ana_card_text(card, conversion->kv_heads, fault);
    if (!text)
        return -ENOMEM;
    name_card(conversion, out, card, text, path, size);
    FILE *const stream = ana_outputs_add(outputs, path, 0, fault);
    int status = stream ? 0 : -EIO;
    if (stream && (fputs(text, stream) == EOF || putc('\n', stream) == EOF))
        status = ana_fault(fault, -errno, "cannot write %.400s: %s", path, strerror(errno));
    free(text);
    return status;
}

/* Beside a config.json of its own; under another name the folder is another model's. */
static int add_companions(const struct ana_conversion *conversion, const char *card,
                          struct ana_outputs *outputs, struct ana_fault *fault)
{
    static const char own[] = "/config.json";
    const struct ana_store *const store = conversion->store;
    const size_t length = strlen(card), end = sizeof(own) - 1;
    char folder[4096];
    if (length < end || strcmp(card + length - end, own) != 0)
        return 0;
    snprintf(folder, sizeof(folder), "%.*s", (int)(length - end), card);
    return ana_companions_add(store->folder, *folder ? folder : "/", store->index != NULL, outputs,
                              fault);
}

/* All that is read of a checkpoint until its last tensor is converted: to be free()d. */
static struct stat *inputs_of(const struct ana_store *store, const char *card, size_t *count)
{
    struct stat *const all = calloc(store->count + 2, sizeof(*all));
    char index[4096];
    *count = 0;
    if (!all)
        return NULL;
    for (size_t i = 0; i < store->count; i++)
        *count += stat(store->shards[i].path, &all[*count]) == 0;
    snprintf(index, sizeof(index), "%s/%s", store->folder, store->index ? store->index : "");
    *count += store->index && stat(index, &all[*count]) == 0;
    *count += *card && stat(card, &all[*count]) == 0;
    return all;
}

int ana_target_write(const struct ana_conversion *conversion, const char *out, const char *card,
                     char *written, size_t size, struct ana_fault *fault)
{
    struct ana_outputs outputs = {0};
    bool made;
    int locked = -1;
    *written = '\0';
    int status = check(conversion->store, out, &made, fault);
    if (!status && conversion->store->index && (locked = lock(out, fault)) < 0) {
        status = -EBUSY;
        made = false; /* whoever is in it needs it */
    }
    struct stat *const inputs = inputs_of(conversion->store, card, &outputs.inputs_count);
    outputs.inputs = inputs;
    if (!status && !inputs)
        status = ana_fault(fault, -ENOMEM, "not enough memory");
    if (!status)
        status = ana_convert(conversion, out, &outputs, fault);
    if (!status && *card)
        status = add_card(conversion, out, card, &outputs, written, size, fault);
    if (!status && *card)
        status = add_companions(conversion, written, &outputs, fault);
    if (!status && conversion->stop && *conversion->stop)
        status = ana_fault(fault, -EINTR, "interrupted; nothing was written");
    if (status)
        ana_outputs_close(&outputs);
    else
        status = ana_outputs_commit(&outputs, fault);
    if (status && made)
        rmdir(out);
    if (locked >= 0)
        close(locked);
    free(inputs);
    return status;
}
