/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sentence about what went wrong, carried up to main, which prints it. Rooms below main
 * neither print nor exit; they return -EINVAL (or another -errno) and leave the sentence here.
 */
#ifndef ATTN_MESSAGE_H
#define ATTN_MESSAGE_H

struct attn_message {
    char text[768];
};

/* Keeps the sentence and returns `error`, so that a check reads `return attn_refuse(...)`. */
int attn_refuse(struct attn_message *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the sentence already there and returns `error`. */
int attn_refuse_at(struct attn_message *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
