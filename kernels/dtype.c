/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of element types. eps is what storing a value costs; arithmetic on it is f32.
 */
#include "kernels/dtype.h"

#include <errno.h>

const struct attn_type_info attn_types[ATTN_TYPES] = {
    [ATTN_F32] = {.name = "f32", .bits = 32},
    [ATTN_F16] = {.name = "f16", .bits = 16, .eps = 0x1p-11, .tiny = 0x1p-25},
    [ATTN_BF16] = {.name = "bf16", .bits = 16, .eps = 0x1p-8, .tiny = 0x1p-134},
    [ATTN_I8] = {.name = "i8", .bits = 8, .block = ATTN_QUANT_BLOCK, .top = 127},
    [ATTN_I4] = {.name = "i4", .bits = 4, .block = ATTN_QUANT_BLOCK, .top = 7},
    [ATTN_E4M3] = {.name = "e4m3", .bits = 8, .eps = 0x1p-4, .tiny = 0x1p-10},
    [ATTN_E5M2] = {.name = "e5m2", .bits = 8, .eps = 0x1p-3, .tiny = 0x1p-17},
    [ATTN_I8C] = {.name = "i8c", .bits = 8, .channel = true, .top = 127},
    [ATTN_I4C] = {.name = "i4c", .bits = 4, .channel = true, .top = 7},
};

int attn_type_parse(const char *text, size_t len, enum attn_type *type)
{
    for (size_t i = 0; i < ATTN_TYPES; i++) {
        if (strlen(attn_types[i].name) != len || strncmp(attn_types[i].name, text, len))
            continue;
        *type = (enum attn_type)i;
        return 0;
    }
    return -EINVAL;
}
