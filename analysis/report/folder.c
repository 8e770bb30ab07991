/* SPDX-License-Identifier: Apache-2.0 */
/* Stage, publish, discard; see folder.h. */
#include "analysis/report/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 1024 };

/* mkdir -p. 1 if the last one was made, 0 if it was there. */
static int make_folders(const char *dir)
{
    char path[PATH];
    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    if (mkdir(path, 0777) == 0)
        return 1;
    if (errno != EEXIST)
        return -errno;
    struct stat st;
    if (stat(path, &st))
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int rep_folder_open(const char *dir, struct rep_folder *folder)
{
    *folder = (struct rep_folder){0};
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    if (!len || len >= sizeof(folder->dir))
        return len ? -ENAMETOOLONG : -ENOENT;
    memcpy(folder->dir, dir, len);
    const int made = make_folders(folder->dir);
    if (made < 0)
        return made;
    folder->made = made;
    char plots[PATH];
    snprintf(folder->staging, sizeof(folder->staging), "%s/.report-XXXXXX", folder->dir);
    int error = mkdtemp(folder->staging) ? 0 : -errno;
    if (error) {
        folder->staging[0] = '\0';
    } else {
        snprintf(plots, sizeof(plots), "%s/plots", folder->staging);
        error = mkdir(plots, 0777) ? -errno : 0;
    }
    if (error)
        rep_folder_discard(folder);
    return error;
}

/* Calls for each entry of `from`: moved to `to`, or removed if `to` is NULL. */
static int each(const char *from, const char *to)
{
    DIR *const entries = opendir(from);
    if (!entries)
        return -errno;
    int error = 0;
    char source[PATH], target[PATH];
    for (const struct dirent *e; (e = readdir(entries));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(source, sizeof(source), "%s/%s", from, e->d_name);
        snprintf(target, sizeof(target), "%s/%s", to ? to : "", e->d_name);
        struct stat st;
        if (lstat(source, &st) || S_ISDIR(st.st_mode))
            continue;
        if (to ? rename(source, target) : unlink(source))
            error = -errno;
    }
    closedir(entries);
    return error;
}

int rep_folder_publish(struct rep_folder *folder)
{
    char staged[PATH], plots[PATH], page[PATH], target[PATH];
    snprintf(staged, sizeof(staged), "%s/plots", folder->staging);
    snprintf(plots, sizeof(plots), "%s/plots", folder->dir);
    snprintf(page, sizeof(page), "%s/index.html", folder->staging);
    snprintf(target, sizeof(target), "%s/index.html", folder->dir);
    int error = make_folders(plots);
    error = error < 0 ? error : each(staged, plots);
    /* The page is what people open: it changes only when all that it points to is there. */
    char hidden[PATH];
    snprintf(hidden, sizeof(hidden), "%s/plots/index.html", folder->staging);
    if (!error && rename(page, hidden))
        error = -errno;
    if (!error)
        error = each(folder->staging, folder->dir);
    if (!error && rename(hidden, target))
        error = -errno;
    folder->made = folder->made && error;
    rep_folder_discard(folder);
    return error;
}

void rep_folder_discard(struct rep_folder *folder)
{
    char plots[PATH];
    if (*folder->staging) {
        snprintf(plots, sizeof(plots), "%s/plots", folder->staging);
        each(plots, NULL);
        rmdir(plots);
        each(folder->staging, NULL);
        rmdir(folder->staging);
    }
    if (folder->made)
        rmdir(folder->dir);
    *folder = (struct rep_folder){0};
}
