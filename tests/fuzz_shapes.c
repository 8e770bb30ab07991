/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the readers of shapes, compiled once for each with FUZZ_READ naming it: the input
 * is a config.json or the head of a GGUF file. Whatever it holds, the answer is a model whose
 * numbers can be counted with, or a sentence of one line. Fed by test_fuzz_replay.c in every test
 * run, and by libFuzzer where the compiler has it.
 */
#include "tests/fuzz_replay.h"

#include "analysis/capacity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void demand(int holds, const char *what, const char *text)
{
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s: %s\n", what, text);
    abort();
}

static void check_model(const struct ana_model *m)
{
    const struct ana_cache cache = {.k_type = ATTN_I8, .v_type = ATTN_I4, .page = 16, .ranks = 3};
    uint64_t own = 0;
    demand(memchr(m->name, 0, sizeof(m->name)) && memchr(m->note, 0, sizeof(m->note)), "texts end",
           "");
    demand(m->layers >= 1 && m->layers <= ANA_LAYERS_MAX, "layers", m->name);
    demand(m->kind_count <= ANA_KINDS_MAX, "kinds", m->name);
    for (size_t i = 0; i < m->kind_count; i++) {
        const struct ana_layers *const k = &m->kinds[i];
        own += k->layers;
        demand(k->layers && k->heads && k->kv_heads && k->dim && k->dim_v, "a kind", m->name);
        demand(k->heads % k->kv_heads == 0, "KV heads divide heads", m->name);
    }
    demand(own + m->reuse_layers + m->plain_layers == m->layers, "layers add up", m->name);
    const uint64_t bytes = ana_batch_bytes(m, &cache, 1u << 20, 64);
    demand(bytes >= ana_batch_bytes(m, &cache, 1024, 64), "bytes grow", m->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ana_model model;
    char path[32], message[512] = "";
    const int fd = memfd_create("shape", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        exit(77);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int status = FUZZ_READ(path, &model, message, sizeof(message));
    close(fd);
    demand(status <= 0, "status", message);
    if (status == 0)
        check_model(&model);
    else
        demand(*message && !strchr(message, '\n'), "a sentence", message);
    return 0;
}
