/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output folder: a report is written into a hidden folder inside it and moved out file by file
 * once it is whole, the page last. The folder may hold other things (the results, an older report)
 * and keeps them.
 */
#ifndef REPORT_FOLDER_H
#define REPORT_FOLDER_H

#include <stdbool.h>

struct rep_folder {
    char dir[512];     /* as asked */
    char staging[544]; /* inside it; plots/ is there already */
    bool made;         /* dir did not exist before */
};

/* 0, or -errno; then nothing is left behind. */
int rep_folder_open(const char *dir, struct rep_folder *folder);

/* Moves everything into place. 0 or -errno, and then what is not moved is removed. */
int rep_folder_publish(struct rep_folder *folder);

/* Removes the staging folder, and the folder itself if it was made for this report. */
void rep_folder_discard(struct rep_folder *folder);

#endif
