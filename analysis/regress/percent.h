/* SPDX-License-Identifier: Apache-2.0 */
/* Shares and changes as people type them: "2%", "0.5 %" and "0.02" alike; the value is 0.02. */
#ifndef REG_PERCENT_H
#define REG_PERCENT_H

/* 0, or -EINVAL if it is neither, or not finite. */
int reg_parse_share(const char *text, double *share);

#endif
