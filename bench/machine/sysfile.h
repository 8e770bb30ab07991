/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text files of the kernel (/proc, /sys), read below a root directory: "" is this machine,
 * and a test makes a machine of its own in a temporary directory.
 */
#ifndef MACHINE_SYSFILE_H
#define MACHINE_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads up to size - 1 bytes of root + path, NUL-terminated and without trailing white space.
 * Length or -errno; buf is "" on error.
 */
int sysfile_read(const char *root, const char *path, char *buf, size_t size);

/* Reads a file that holds one number. 0, -errno, or -EINVAL if it holds something else. */
int sysfile_u64(const char *root, const char *path, uint64_t *value);

/*
 * Value of the line of `text` that begins with `key`, which includes the separator if there is one
 * ("MemAvailable:", "inactive_file "): the text after the key and any blanks, or NULL.
 */
const char *sysfile_line(const char *text, const char *key);

/* The number at the beginning of such a line. */
bool sysfile_field(const char *text, const char *key, uint64_t *value);

#endif
