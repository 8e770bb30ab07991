/* SPDX-License-Identifier: Apache-2.0 */
/* The library of lanes.h: threads that wait for a call and take one head after the other. */
#include "tests/plugins/lanes.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { THREADS_MAX = 64 };

struct job {
    const float *q;
    struct lanes_tensor k, v;
    float scale, *out;
    int heads;
};

struct lanes {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t thread[THREADS_MAX];
    int threads, next, busy, worked;
    unsigned call; /* its number tells a thread that there is something new */
    bool stop;
    struct job job;
};

static void attend_head(const struct job *j, int head)
{
    const int group = j->heads / j->k.heads, g = head / group;
    const float *const q = j->q + (size_t)head * (size_t)j->k.width;
    float *const out = j->out + (size_t)head * (size_t)j->v.width;
    double sum = 0, max = -INFINITY, *const acc = calloc((size_t)j->v.width, sizeof(*acc));
    for (int t = 0; acc && t < j->k.tokens; t++) {
        const size_t row = (size_t)(t * j->k.heads + g);
        const float *const k = j->k.data + row * (size_t)j->k.width;
        const float *const v = j->v.data + row * (size_t)j->v.width;
        double logit = 0;
        for (int d = 0; d < j->k.width; d++)
            logit += (double)q[d] * (double)k[d];
        logit *= (double)j->scale;
        const double shrink = logit > max ? exp(max - logit) : 1;
        max = logit > max ? logit : max;
        const double weight = exp(logit - max);
        sum = sum * shrink + weight;
        for (int d = 0; d < j->v.width; d++)
            acc[d] = acc[d] * shrink + weight * (double)v[d];
    }
    for (int d = 0; acc && d < j->v.width; d++)
        out[d] = (float)(acc[d] / sum);
    free(acc);
}

static void *work(void *arg)
{
    struct lanes *const l = arg;
    unsigned seen = 0;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        bool mine = false;
        while (!l->stop && l->call == seen)
            pthread_cond_wait(&l->wake, &l->lock);
        if (l->stop)
            break;
        seen = l->call;
        while (l->next < l->job.heads) {
            const int head = l->next++;
            mine = true;
            pthread_mutex_unlock(&l->lock);
            attend_head(&l->job, head);
            pthread_mutex_lock(&l->lock);
        }
        l->worked += mine;
        if (--l->busy == 0)
            pthread_cond_signal(&l->done);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct lanes *lanes_start(int threads)
{
    struct lanes *const l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    pthread_cond_init(&l->done, NULL);
    for (; l->threads < threads && l->threads < THREADS_MAX; l->threads++)
        if (pthread_create(&l->thread[l->threads], NULL, work, l))
            break;
    if (l->threads)
        return l;
    lanes_stop(l);
    return NULL;
}

void lanes_stop(struct lanes *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->threads; i++)
        pthread_join(l->thread[i], NULL);
    free(l);
}

void lanes_attend(struct lanes *l, const float *q, int heads, struct lanes_tensor k,
                  struct lanes_tensor v, float scale, float *out)
{
    pthread_mutex_lock(&l->lock);
    l->job = (struct job){.q = q, .k = k, .v = v, .scale = scale, .out = out, .heads = heads};
    l->next = l->worked = 0;
    l->busy = l->threads;
    l->call++;
    pthread_cond_broadcast(&l->wake);
    while (l->busy)
        pthread_cond_wait(&l->done, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

int lanes_worked(const struct lanes *l)
{
    return l->worked;
}
