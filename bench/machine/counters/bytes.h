/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who says how many bytes went to and from memory, in order of trust. A source is believed when it
 * has counted kernels that read, write and stream a known number of bytes in this very run and came
 * out within its band; the best of those that did is used, and for the others it is kept in words
 * why not. The last source is arithmetic: bytes that have to move, whatever did.
 */
#ifndef MACHINE_COUNTERS_BYTES_H
#define MACHINE_COUNTERS_BYTES_H

#include "bench/machine/counters/counters.h"

/* Numbers are written into result rows and stay what they are. */
enum byte_source_id {
    BYTES_MC_CAS = 1, /* transfers of the memory controllers */
    BYTES_MC_FABRIC,  /* requests on the way to them */
    BYTES_LLC_MBM,    /* the kernel's monitor of our own tasks (resctrl) */
    BYTES_LLC_MISS,   /* misses of the last-level caches */
    BYTES_CORE_FILL,  /* lines the cores of our threads got from memory */
    BYTES_CORE_MISS,  /* last-level misses the cores know of: a lower bound */
    BYTES_MODELLED,   /* none of them */
    BYTES_SOURCES
};

struct byte_source {
    const char *id;    /* "mc.cas" */
    const char *scope; /* whose bytes, in words */
    double low, high;  /* of counted over known bytes */
    bool whole_socket; /* counts neighbours too: what flows at rest is taken off */
    bool writes;       /* sees bytes that are written */
    bool at_least;     /* a lower bound; printed with >= */
};

/* Indexed by enum byte_source_id; [0] is empty. */
extern const struct byte_source byte_sources[BYTES_SOURCES];

/* Sources that cannot tell reads from writes fill `both` and nothing else. */
struct byte_count {
    double read, write, both;
};

static inline double byte_count_total(const struct byte_count *count)
{
    return count->read + count->write + count->both;
}

/* One source at work. A machine may have fewer counters than the source has channels: then the same
 * work has to be done several times, and the passes add up. */
struct byte_meter {
    int passes;
    int event; /* one of the counters' events it is made of, whose set it counts; -1: none */
    void *self;
    enum counter_state (*start)(void *self, int pass, struct team *team,
                                struct counter_trouble *trouble);
    /* Adds to *count. */
    enum counter_state (*stop)(void *self, int pass, struct byte_count *count, double *ns,
                               struct counter_trouble *trouble);
    void (*close)(void *self);
};

/* Sets a meter up, or says why this machine has none. Called in order of trust. */
typedef enum counter_state byte_open_fn(struct byte_meter *meter, const char *root,
                                        struct counters *counters, struct counter_trouble *trouble);

byte_open_fn bytes_open_cas, bytes_open_fabric, bytes_open_mbm, bytes_open_l3, bytes_open_fill,
    bytes_open_miss;

/* ---- calibration */

enum byte_kernel { BYTES_READ, BYTES_WRITE, BYTES_STREAM, BYTES_KERNELS };

struct byte_verdict {
    bool accepted;
    bool counted;                /* the ratios were measured */
    double ratio[BYTES_KERNELS]; /* counted over known bytes; of writes, lines fetched included */
    struct counter_trouble trouble;
};

/* Work of a known size: moves `bytes` bytes in the way of the kernel. */
struct byte_work {
    void *self;
    double bytes;
    void (*run)(void *self, enum byte_kernel kernel);
};

/* Judges counts of the three kernels, idle traffic already taken off. */
void bytes_judge(enum byte_source_id id, const struct byte_count count[BYTES_KERNELS],
                 double known_bytes, struct byte_verdict *verdict);

/* ---- the chosen one */

struct bytes_options {
    const char *root;
    struct counters *counters;
    struct team *team;
    /* Makes the work ready, once, before the first source counts it: a machine without sources does
     * not need it. 0, or -errno and *work untouched. */
    int (*prepare)(void *user, struct byte_work *work);
    void *user;
    byte_open_fn *const *open; /* by id; NULL: those of this build. A NULL entry: none */
    double rest_seconds;       /* how long to look at a machine at rest; 0: 0.02 */
};

struct bytes {
    enum byte_source_id id; /* BYTES_MODELLED: nobody passed, or the one that did was lost */
    struct byte_meter meter;
    struct byte_work work;
    struct team *team;
    double rest_bytes_per_ns; /* of both directions, at rest */
    double read_share;        /* of that, where directions are told apart */
    double bytes_per_second;  /* the best a kernel reached */
    struct byte_verdict verdict[BYTES_SOURCES];
    char lost[COUNTER_REASON]; /* why the source was given up later, or "" */
};

/* Looks for sources and calibrates. Always ends with a source. */
void bytes_open(struct bytes *bytes, const struct bytes_options *options);
void bytes_close(struct bytes *bytes);

/* One pass of work; passes 0 to bytes->meter.passes - 1 make a reading. The trouble says why one
 * that is not ok has to be thrown away. */
enum counter_state bytes_start(struct bytes *bytes, int pass, struct team *team,
                               struct counter_trouble *trouble);
enum counter_state bytes_stop(struct bytes *bytes, int pass, struct byte_count *count,
                              struct counter_trouble *trouble);

/* Counts the reading kernel once more, twice if the first time is out of the band. False when the
 * source is lost: id is BYTES_MODELLED from then on. */
bool bytes_recheck(struct bytes *bytes);

/* Of the sources that were refused, the one whose reason says most: it is there and cannot be used.
 */
enum byte_source_id bytes_most_telling(const struct bytes *bytes);

/* "5 core.fill: used, read 0.98 write 1.02 stream 0.01; 1 mc.cas: absent, ..." in order of trust.
 */
void bytes_describe(const struct bytes *bytes, char *buf, size_t size);

#endif
