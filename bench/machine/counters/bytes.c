/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing a source. Bands are those within which sources of a kind were found to be honest; what
 * falls outside counts something else on this machine, however plausible it looks.
 */
#include "bench/machine/counters/bytes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const struct byte_source byte_sources[BYTES_SOURCES] = {
    [BYTES_MC_CAS] = {"mc.cas", "memory controllers, whole socket", 0.95, 1.10,
                      .whole_socket = true, .writes = true},
    [BYTES_MC_FABRIC] = {"mc.fabric", "data fabric, whole socket", 0.85, 1.15, .whole_socket = true,
                         .writes = true},
    [BYTES_LLC_MBM] = {"llc.mbm", "resctrl monitor, our tasks", 0.85, 1.15, .writes = true},
    [BYTES_LLC_MISS] = {"llc.miss", "last-level caches, lines read", 0.85, 1.15,
                        .whole_socket = true},
    [BYTES_CORE_FILL] = {"core.fill", "our threads, lines read", 0.90, 1.10},
    [BYTES_CORE_MISS] = {"core.miss", "our threads, some of the lines read", 0.50, 1.10,
                         .at_least = true},
    [BYTES_MODELLED] = {"modelled", "bytes that have to move", 1, 1},
};

static byte_open_fn *const all_open[BYTES_SOURCES] = {
    [BYTES_MC_CAS] = bytes_open_cas,     [BYTES_MC_FABRIC] = bytes_open_fabric,
    [BYTES_LLC_MBM] = bytes_open_mbm,    [BYTES_LLC_MISS] = bytes_open_l3,
    [BYTES_CORE_FILL] = bytes_open_fill, [BYTES_CORE_MISS] = bytes_open_miss,
};

static const char *const kernel_name[BYTES_KERNELS] = {"read", "write", "stream"};

/* ---- judging */

struct expectation {
    double low, high;
};

/* A written line is fetched first, unless the CPU sees that all of it will be written; a streamed
 * one never is. What a source cannot see is not asked of it. */
static struct expectation expected(const struct byte_source *s, enum byte_kernel kernel)
{
    if (kernel == BYTES_READ)
        return (struct expectation){s->low, s->high};
    if (!s->writes)
        return (struct expectation){0, kernel == BYTES_WRITE ? s->high : s->low};
    return (struct expectation){s->low, kernel == BYTES_WRITE ? 2 * s->high : s->high};
}

void bytes_judge(enum byte_source_id id, const struct byte_count count[BYTES_KERNELS],
                 double known_bytes, struct byte_verdict *verdict)
{
    const struct byte_source *const s = &byte_sources[id];
    *verdict = (struct byte_verdict){.accepted = true, .counted = true};
    for (int k = 0; k < BYTES_KERNELS; k++) {
        const struct expectation e = expected(s, (enum byte_kernel)k);
        const double ratio = byte_count_total(&count[k]) / known_bytes;
        verdict->ratio[k] = ratio;
        if (verdict->accepted && !(ratio >= e.low && ratio <= e.high)) {
            verdict->accepted = false;
            counter_trouble_set(&verdict->trouble, COUNTER_IMPLAUSIBLE,
                                "counts %.2f of the bytes of a known %s, %.2f to %.2f would do",
                                ratio, kernel_name[k], e.low, e.high);
        }
    }
    /* Directions that are told apart have to be the right ones. */
    const struct byte_count *const read = &count[BYTES_READ], *const stream = &count[BYTES_STREAM];
    if (verdict->accepted && s->writes &&
        (read->write > read->read / 2 || stream->read > stream->write / 2)) {
        verdict->accepted = false;
        counter_trouble_set(&verdict->trouble, COUNTER_IMPLAUSIBLE,
                            "takes reads for writes, or the other way round");
    }
}

/* ---- counting */

enum counter_state bytes_start(struct bytes *b, int pass, struct team *team,
                               struct counter_trouble *trouble)
{
    return b->meter.start(b->meter.self, pass, team, trouble);
}

static void take_off(double *value, double rest)
{
    *value = *value > rest ? *value - rest : 0;
}

enum counter_state bytes_stop(struct bytes *b, int pass, struct byte_count *count,
                              struct counter_trouble *trouble)
{
    struct byte_count one = {.both = 0};
    double ns = 0;
    const enum counter_state state = b->meter.stop(b->meter.self, pass, &one, &ns, trouble);
    if (state)
        return state;
    /* Passes of one reading are not the same moment; each loses its share of what flows at rest. */
    const double rest = b->rest_bytes_per_ns * ns / b->meter.passes;
    if (one.both > 0) {
        take_off(&one.both, rest);
    } else {
        take_off(&one.read, rest * b->read_share);
        take_off(&one.write, rest * (1 - b->read_share));
    }
    if (b->bytes_per_second > 0 && byte_count_total(&one) > 2 * b->bytes_per_second * ns / 1e9)
        return counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE,
                                   "%.3g bytes are more than twice what this memory delivers",
                                   byte_count_total(&one));
    count->read += one.read;
    count->write += one.write;
    count->both += one.both;
    return COUNTER_OK;
}

/* All passes of one kernel; the best rate seen goes to *rate. */
static enum counter_state count_kernel(struct bytes *b, enum byte_kernel kernel,
                                       struct byte_count *count, double *rate,
                                       struct counter_trouble *trouble)
{
    enum counter_state state = COUNTER_OK;
    *count = (struct byte_count){.both = 0};
    for (int pass = 0; !state && pass < b->meter.passes; pass++) {
        state = bytes_start(b, pass, b->team, trouble);
        if (state)
            break;
        const uint64_t start = machine_clock.wall_ns();
        b->work.run(b->work.self, kernel);
        const double ns = (double)(machine_clock.wall_ns() - start);
        state = bytes_stop(b, pass, count, trouble);
        if (ns > 0 && b->work.bytes / ns * 1e9 > *rate)
            *rate = b->work.bytes / ns * 1e9;
    }
    return state;
}

/* What flows while we sleep is not ours. */
static enum counter_state look_at_rest(struct bytes *b, double seconds,
                                       struct counter_trouble *trouble)
{
    struct byte_count count = {.both = 0};
    double ns = 0, total_ns = 0;
    struct timespec rest = {.tv_nsec = (long)((seconds > 0 ? seconds : 0.02) * 1e9)};
    for (int pass = 0; pass < b->meter.passes; pass++) {
        enum counter_state state = bytes_start(b, pass, b->team, trouble);
        if (state)
            return state;
        nanosleep(&rest, NULL);
        state = b->meter.stop(b->meter.self, pass, &count, &ns, trouble);
        if (state)
            return state;
        total_ns += ns;
    }
    const double total = byte_count_total(&count);
    b->rest_bytes_per_ns = total_ns > 0 ? total / total_ns * b->meter.passes : 0;
    b->read_share = total > 0 ? count.read / total : 0.5;
    return COUNTER_OK;
}

static void calibrate(struct bytes *b, enum byte_source_id id, const struct bytes_options *options)
{
    struct byte_verdict *const v = &b->verdict[id];
    struct byte_count count[BYTES_KERNELS];
    double rate = 0;
    b->rest_bytes_per_ns = b->bytes_per_second = 0;
    if (byte_sources[id].whole_socket && look_at_rest(b, options->rest_seconds, &v->trouble))
        return;
    for (int k = 0; k < BYTES_KERNELS; k++) {
        if (count_kernel(b, (enum byte_kernel)k, &count[k], &rate, &v->trouble))
            return;
    }
    bytes_judge(id, count, b->work.bytes, v);
    b->bytes_per_second = rate;
}

void bytes_open(struct bytes *b, const struct bytes_options *options)
{
    byte_open_fn *const *const open = options->open ? options->open : all_open;
    *b = (struct bytes){.id = BYTES_MODELLED, .team = options->team};
    for (int id = BYTES_MC_CAS; id < BYTES_MODELLED; id++) {
        struct byte_verdict *const v = &b->verdict[id];
        if (b->id != BYTES_MODELLED) {
            counter_trouble_set(&v->trouble, COUNTER_OK, "not needed");
            continue;
        }
        b->meter = (struct byte_meter){.event = -1};
        if (!open[id]) {
            counter_trouble_set(&v->trouble, COUNTER_OFF, "not in this build");
            continue;
        }
        if (open[id](&b->meter, options->root, options->counters, &v->trouble))
            continue;
        const int error = b->work.run ? 0 : options->prepare(options->user, &b->work);
        if (error)
            counter_trouble_set(&v->trouble, COUNTER_BROKEN,
                                "no memory to calibrate with, four times the last-level cache: %s",
                                strerror(-error));
        else
            calibrate(b, (enum byte_source_id)id, options);
        if (v->accepted)
            b->id = (enum byte_source_id)id;
        else
            b->meter.close(b->meter.self);
    }
    if (b->id == BYTES_MODELLED)
        b->meter = (struct byte_meter){.event = -1};
}

void bytes_close(struct bytes *b)
{
    if (b->meter.close)
        b->meter.close(b->meter.self);
    b->meter = (struct byte_meter){.event = -1};
    b->id = BYTES_MODELLED;
}

bool bytes_recheck(struct bytes *b)
{
    enum { TRIES = 2 };
    const struct byte_source *const s = &byte_sources[b->id];
    struct counter_trouble trouble = {.state = COUNTER_OK};
    if (b->id == BYTES_MODELLED)
        return false;
    for (int i = 0; i < TRIES; i++) {
        struct byte_count count;
        if (count_kernel(b, BYTES_READ, &count, &b->bytes_per_second, &trouble))
            continue;
        const double ratio = byte_count_total(&count) / b->work.bytes;
        if (ratio >= s->low && ratio <= s->high)
            return true;
        counter_trouble_set(&trouble, COUNTER_IMPLAUSIBLE,
                            "counts %.2f of the bytes of a known read", ratio);
    }
    snprintf(b->lost, sizeof(b->lost), "%s: %.300s", s->id, trouble.reason);
    bytes_close(b);
    return false;
}

/* ---- words */

enum byte_source_id bytes_most_telling(const struct bytes *b)
{
    for (int id = BYTES_MC_CAS; id < BYTES_MODELLED; id++)
        if (b->verdict[id].trouble.state > COUNTER_ABSENT)
            return (enum byte_source_id)id;
    return BYTES_MC_CAS;
}

static void describe(const struct bytes *b, int id, FILE *out)
{
    const struct byte_verdict *const v = &b->verdict[id];
    fprintf(out, "%d %s: ", id, byte_sources[id].id);
    if (id == BYTES_MODELLED)
        fprintf(out, "%s", b->id == BYTES_MODELLED ? "used" : "always there");
    else if (v->accepted)
        fprintf(out, "used, %s", byte_sources[id].scope);
    else
        fprintf(out, "%s",
                v->trouble.state ? counter_state_name[v->trouble.state] : v->trouble.reason);
    if (!v->accepted && v->trouble.state)
        fprintf(out, ", %s", v->trouble.reason);
    if (v->counted)
        fprintf(out, " (read %.2f, write %.2f, stream %.2f)", v->ratio[BYTES_READ],
                v->ratio[BYTES_WRITE], v->ratio[BYTES_STREAM]);
}

void bytes_describe(const struct bytes *b, char *buf, size_t size)
{
    FILE *const out = fmemopen(buf, size, "w");
    buf[0] = '\0';
    for (int id = BYTES_MC_CAS; out && id < BYTES_SOURCES; id++) {
        fputs(id > BYTES_MC_CAS ? "; " : "", out);
        describe(b, id, out);
    }
    if (out)
        fclose(out);
    buf[size - 1] = '\0';
}
