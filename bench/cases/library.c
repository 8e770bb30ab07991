/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shared object may get wrong, in the order in which it is found out. Names are held to
 * letters, digits and _, because they become part of the identity of a row; the error factor and
 * the levels to what arithmetic in bf16 and in four bits would need, because more would excuse a
 * wrong kernel.
 */
#include "bench/cases/library.h"

#include "kernels/check.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of version 1 of the header; fields that come after it may be missing. */
static const size_t kernel_size_min = offsetof(struct attn_kernel, tile_most);

static bool is_word(const char *text, size_t most)
{
    const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n && n <= most && !text[n];
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static int judge_plugin(const struct attn_plugin *p, struct attn_message *why)
{
    if (p->struct_size < sizeof(*p))
        return attn_refuse(why, -EINVAL,
                           "the struct_size of attn_plugin is %zu and not %zu; write "
                           "ATTN_PLUGIN(&kernel), with the header of this program",
                           p->struct_size, sizeof(*p));
    if (p->abi != ATTN_ABI_VERSION)
        return attn_refuse(why, -EINVAL,
                           "made for version %u of kernels/kernel.h, this program has version %d; "
                           "compile it again with the header of this program",
                           p->abi, ATTN_ABI_VERSION);
    if (p->struct_size > sizeof(*p))
        return attn_refuse(why, -EINVAL,
                           "compiled with a newer kernels/kernel.h than this program (attn_plugin "
                           "has %zu bytes there and %zu here); compile it again with the header "
                           "of this program",
                           p->struct_size, sizeof(*p));
    if (p->problem_size > sizeof(struct attn_problem) || p->args_size > sizeof(struct attn_args) ||
        p->kv_size != sizeof(struct attn_kv))
        return attn_refuse(why, -EINVAL,
                           "compiled with another kernels/kernel.h than this program (attn_args "
                           "has %zu bytes there and %zu here); compile it again with the header "
                           "of this program",
                           p->args_size, sizeof(struct attn_args));
    if (!p->kernels || !p->kernels[0])
        return attn_refuse(why, -EINVAL, "exports no kernel");
    return 0;
}

static const char *fault_of(const struct attn_kernel *k)
{
    const uint32_t types = (1u << ATTN_TYPES) - 1;
    if (k->kind != ATTN_RUNG)
        return "is no rung; an oracle or a ceiling from outside would judge itself";
    if (!k->summary || !is_printable(k->summary))
        return "has no summary, or one with control characters";
    if (!k->k_types || !k->v_types || (k->k_types | k->v_types) & ~types)
        return "reads no type, or one this program does not know; see ATTN_TYPE_BIT";
    if (!k->layouts || k->layouts & ~ATTN_LAYOUTS_ANY)
        return "walks no layout, or one this program does not know; see ATTN_LAYOUTS_ALL";
    if (!k->phase[0])
        return "has no phase to call";
    if (!(k->error_factor >= 0 && k->error_factor <= ATTN_ERROR_FACTOR_MAX))
        return "has an error_factor that is not between 0 and 2048";
    if (k->q_levels && k->q_levels < ATTN_LEVELS_MIN)
        return "has q_levels that are neither 0 nor at least 7";
    if (k->p_levels && k->p_levels < ATTN_LEVELS_MIN)
        return "has p_levels that are neither 0 nor at least 7";
    if (k->p_tokens > ATTN_P_TOKENS_MAX || !k->p_tokens != !k->p_levels)
        return "has p_tokens that are not between 1 and 4096 beside p_levels, 0 without";
    if (k->prepared_bytes && !k->prepare)
        return "has prepared_bytes and no prepare";
    return NULL;
}

static int take_kernel(struct attn_library *library, const struct attn_kernel *theirs,
                       struct attn_message *why)
{
    struct attn_kernel *const k = &library->kernel[library->n];
    if (library->n == ATTN_LIBRARY_KERNELS)
        return attn_refuse(why, -EINVAL, "exports more than %d kernels", ATTN_LIBRARY_KERNELS);
    if (theirs->struct_size < kernel_size_min || theirs->struct_size > sizeof(*k))
        return attn_refuse(why, -EINVAL,
                           "the struct_size of kernel %zu is %zu and not %zu; set it to "
                           "sizeof(struct attn_kernel), with the header of this program",
                           library->n + 1, theirs->struct_size, sizeof(*k));
    memcpy(k, theirs, theirs->struct_size < sizeof(*k) ? theirs->struct_size : sizeof(*k));
    k->struct_size = sizeof(*k);
    if (!k->rung || !is_word(k->rung, 40) || !k->isa || (*k->isa && !is_word(k->isa, 16)))
        return attn_refuse(why, -EINVAL,
                           "kernel %zu has a name that is not made of a-z, 0-9 and _, or is too "
                           "long",
                           library->n + 1);
    const char *const fault = fault_of(k);
    if (fault)
        return attn_refuse(why, -EINVAL, "kernel %s %s", k->rung, fault);
    library->n++;
    return 0;
}

int attn_library_open(struct attn_library *library, const char *path, struct attn_message *why)
{
    /* Without a slash dlopen would search the system's directories. */
    char file[4096];
    const int n = snprintf(file, sizeof(file), "%s%s", strchr(path, '/') ? "" : "./", path);
    *library = (struct attn_library){0};
    if (n >= (int)sizeof(file) || access(file, R_OK))
        return attn_refuse(why, -ENOENT, "%s",
                           strerror(n < (int)sizeof(file) ? errno : ENAMETOOLONG));
    library->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle)
        return attn_refuse(why, -EINVAL, "cannot be loaded: %s", dlerror());
    const struct attn_plugin *const plugin = dlsym(library->handle, ATTN_PLUGIN_SYMBOL);
    if (!plugin)
        return attn_refuse(why, -EINVAL,
                           "exports no " ATTN_PLUGIN_SYMBOL
                           "; include kernels/kernel.h and write ATTN_PLUGIN(&kernel) at its end");
    int error = judge_plugin(plugin, why);
    library->args_size = plugin->args_size;
    for (size_t i = 0; !error && plugin->kernels[i]; i++)
        error = take_kernel(library, plugin->kernels[i], why);
    return error;
}

const char *attn_library_unaware(const struct attn_library *library, const struct attn_problem *p)
{
    /* By the arguments: in the problem the flag took bytes that had been padding. */
    if (p->rel_bias && library->args_size <= offsetof(struct attn_args, bias))
        return "compiled with a header that did not have rel_bias yet; compile it again";
    return NULL;
}

void attn_library_close(struct attn_library *library)
{
    dlclose(library->handle);
    library->handle = NULL;
}
