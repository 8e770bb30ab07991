/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cut: every position of every segment goes to exactly one piece, in order, no two partials
 * share a slot, ranks get equal cost on ragged batches, and the splits a user asks for are what he
 * gets.
 */
#include "tests/test.h"

#include "kernels/cut.h"

static uint32_t lengths[256];

static struct attn_args args_of(const struct attn_problem *p, uint32_t splits)
{
    for (uint32_t b = 0; b < p->batch; b++)
        lengths[b] = attn_problem_length(p, b);
    return (struct attn_args){.problem = p, .lengths = lengths, .splits = splits};
}

/* Walks all ranks; returns max over mean of their cost. */
static double walk(const struct attn_problem *p, uint32_t rows_max, uint32_t splits, int ranks)
{
    const struct attn_args args = args_of(p, splits);
    const size_t slots = attn_cut_slots(p, rows_max, splits, ranks);
    unsigned char *const used = calloc(slots + 1, 1);
    double most = 0, total = 0;
    uint32_t *const met = calloc((size_t)p->batch * p->kv_heads * p->q_len, sizeof(*met));
    uint64_t expected = 0, covered = 0;

    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t block = attn_cut_rows(p, rows_max) / attn_group(p);
        for (uint32_t q = 0; q < p->q_len; q += block) {
            const uint32_t last = q + block < p->q_len ? q + block : p->q_len;
            expected += (uint64_t)p->kv_heads * (attn_visible(p, lengths[b], last - 1).end -
                                                 attn_visible(p, lengths[b], q).first);
        }
    }
    for (int rank = 0; rank < ranks; rank++) {
        struct attn_cut cut;
        struct attn_piece piece;
        double cost = 0;
        attn_cut_begin(&cut, &args, rows_max, rank, rank + 1, ranks);
        while (attn_cut_next(&cut, &piece)) {
            uint32_t *const end =
                &met[((size_t)piece.batch * p->kv_heads + piece.kv_head) * p->q_len +
                     piece.q_first];
            CHECK(piece.first < piece.end, "an empty piece");
            CHECK(!*end || piece.first == *end, "gap or overlap inside a segment");
            *end = piece.end;
            CHECK(piece.rank == rank, "rank %d, not %d", piece.rank, rank);
            if (!piece.whole) {
                CHECK(piece.slot < slots, "slot %zu of %zu", piece.slot, slots);
                CHECK(piece.slot < slots && !used[piece.slot], "slot %zu used twice", piece.slot);
                used[piece.slot < slots ? piece.slot : slots] = 1;
            }
            covered += piece.end - piece.first;
            cost += (double)(piece.end - piece.first) * (piece.q_end - piece.q_first);
        }
        most = cost > most ? cost : most;
        total += cost;
    }
    CHECK(covered == expected, "%llu positions of %llu", (unsigned long long)covered,
          (unsigned long long)expected);
    free(met);
    free(used);
    return most / (total / ranks);
}

static void test_coverage(void)
{
    uint64_t state = test_seed();
    for (int k = 0; k < 3000; k++) {
        struct attn_problem p = attn_problem_default();
        p.batch = 1 + (uint32_t)(test_random(&state) % 6);
        p.kv_heads = 1 + (uint32_t)(test_random(&state) % 5);
        p.heads = p.kv_heads * (1 + (uint32_t)(test_random(&state) % 9));
        p.context = 1 + (uint32_t)(test_random(&state) % 700);
        p.q_len = 1 + (uint32_t)(test_random(&state) % (p.context < 40 ? p.context : 40));
        p.window = test_random(&state) % 3 ? 0 : 1 + (uint32_t)(test_random(&state) % 200);
        p.ragged = (uint32_t)(test_random(&state) % 95);
        p.mask = test_random(&state) % 4 ? ATTN_CAUSAL : ATTN_FULL;
        p.layout = test_random(&state) % 2 ? ATTN_CONTIGUOUS : ATTN_TOKEN_MAJOR;
        p.context *= p.layout == ATTN_TOKEN_MAJOR ? 20 : 1;
        const uint32_t splits =
            test_random(&state) % 3 ? 0 : 1 + (uint32_t)(test_random(&state) % 40);
        walk(&p, 64, splits, 1 + (int)(test_random(&state) % 70));
    }
}

/* A rank gets 5 % more than the mean at most, or a position more where that is fewer than 20. */
static double fair(const struct attn_problem *p, int ranks)
{
    double total = 0;
    for (uint32_t b = 0; b < p->batch; b++)
        total += (double)attn_problem_length(p, b) * p->kv_heads;
    return total / ranks < 20 ? 1 + ranks / total : 1.05;
}

static void check_fair(const struct attn_problem *p)
{
    for (int ranks = 1; ranks <= 64; ranks++) {
        const double share = walk(p, 128, 0, ranks), most = fair(p, ranks);
        CHECK(share <= most,
              "batch %u, %u KV heads, context %u, ragged %u, layout %d, %d ranks: %.4f of the mean,"
              " %.4f is fair",
              p->batch, p->kv_heads, p->context, p->ragged, (int)p->layout, ranks, share, most);
    }
}

/* Decoding in shapes that are short, ragged, or both, with the rows kernels take. */
static void test_fair_decode(void)
{
    static const uint32_t batches[] = {1, 4, 7};
    for (uint32_t k = 0; k < 3 * 2 * 9 * 3; k++) {
        struct attn_problem p = attn_problem_default();
        p.batch = batches[k % 3];
        p.kv_heads = k / 3 % 2 ? 8 : 1;
        p.context = 33u << k / 6 % 9;
        p.ragged = k / 54 * 45;
        for (p.layout = ATTN_CONTIGUOUS; p.layout <= ATTN_TOKEN_MAJOR; p.layout++)
            check_fair(&p);
    }
}

/* A rank's share of cost may exceed the mean by 5 % at most, on ragged batches too. */
static void test_balance(void)
{
    for (uint32_t ragged = 0; ragged <= 90; ragged += 45) {
        struct attn_problem p = attn_problem_default();
        p.batch = 7;
        p.ragged = ragged;
        p.context = 8192;
        for (p.layout = ATTN_CONTIGUOUS; p.layout <= ATTN_TOKEN_MAJOR; p.layout++)
            for (int ranks = 1; ranks <= 64; ranks++) {
                const double share = walk(&p, 64, 0, ranks);
                CHECK(share <= 1.05, "ragged %u, %d ranks: %.3f of the mean", ragged, ranks, share);
                CHECK(ragged || p.batch * p.kv_heads % (uint32_t)ranks ||
                          walk(&p, 64, 1, ranks) == 1,
                      "a segment each for %d ranks", ranks);
            }
    }
    struct attn_problem p = attn_problem_default();
    p.phase = ATTN_PREFILL;
    p.context = p.q_len = 2048;
    for (int ranks = 1; ranks <= 64; ranks++) {
        const double share = walk(&p, 64, 0, ranks);
        CHECK(share <= 1.05, "causal prefill, %d ranks: %.3f of the mean", ranks, share);
    }
}

/* Heads are cut together where they lie side by side, as many as their rows and ranks allow. */
static void test_heads(void)
{
    struct attn_problem p = attn_problem_default();
    p.heads = 32;
    p.kv_heads = 8;
    p.context = 8192;
    CHECK(attn_cut_heads(&p, 128, 0, 2) == 1, "a head at a time in a contiguous cache");
    p.layout = ATTN_TOKEN_MAJOR;
    CHECK(attn_cut_heads(&p, 128, 0, 2) == 8, "%u heads", attn_cut_heads(&p, 128, 0, 2));
    CHECK(attn_cut_heads(&p, 16, 0, 2) == 4, "%u heads", attn_cut_heads(&p, 16, 0, 2));
    CHECK(attn_cut_heads(&p, 2, 0, 2) == 1, "%u heads", attn_cut_heads(&p, 2, 0, 2));
    CHECK(attn_cut_heads(&p, 128, 0, 64) == 1, "%u heads", attn_cut_heads(&p, 128, 0, 64));
    CHECK(attn_cut_slots(&p, 128, 0, 2) == 32, "%zu slots", attn_cut_slots(&p, 128, 0, 2));
    CHECK(attn_cut_slots(&p, 128, 3, 2) == 24, "%zu slots", attn_cut_slots(&p, 128, 3, 2));
    CHECK(attn_cut_heads(&p, 128, 3, 2) == 1, "a head at a time with splits");
    p.chunk = 4096;
    p.context++; /* the newest token is the first of its chunk */
    CHECK(attn_cut_heads(&p, 128, 0, 2) == 1, "%u heads", attn_cut_heads(&p, 128, 0, 2));
    p.chunk = 0;
    p.q_len = 40;
    CHECK(attn_cut_heads(&p, 128, 0, 2) == 1, "%u heads", attn_cut_heads(&p, 128, 0, 2));
}

static uint32_t chunks(const struct attn_problem *p, uint32_t splits, int ranks)
{
    const struct attn_args args = args_of(p, splits);
    return attn_cut_chunks(&args, 128, ranks);
}

/* How many chunks the most divided head has: what was asked for, or what the cut by cost makes. */
static void test_chunks(void)
{
    struct attn_problem p = attn_problem_default();
    p.heads = 32;
    p.kv_heads = 8;
    p.context = 8192;
    CHECK(chunks(&p, 0, 1) == 1, "%u by one rank", chunks(&p, 0, 1));
    CHECK(chunks(&p, 0, 2) == 1, "%u: four heads each", chunks(&p, 0, 2));
    CHECK(chunks(&p, 0, 3) == 2, "%u: two heads and two thirds each", chunks(&p, 0, 3));
    CHECK(chunks(&p, 0, 32) == 4, "%u: four ranks a head", chunks(&p, 0, 32));
    for (uint32_t splits = 1; splits <= 9; splits++)
        CHECK(chunks(&p, splits, 2) == splits, "%u of %u", chunks(&p, splits, 2), splits);
    p.layout = ATTN_TOKEN_MAJOR;
    CHECK(chunks(&p, 0, 2) == 2, "%u: eight heads cut together", chunks(&p, 0, 2));
    p.layout = ATTN_CONTIGUOUS;
    p.kv_heads = 1;
    p.context = 32;
    CHECK(chunks(&p, 9, 1) == 2, "%u: no chunk is shorter than the grain", chunks(&p, 9, 1));
    CHECK(attn_cut_slots(&p, 128, 65536, 2) == 2, "room for chunks without tokens");
    p.context = 4096;
    p.batch = 2;
    p.ragged = 75;
    CHECK(chunks(&p, 0, 5) == 4, "%u: the long sequence is four fifths", chunks(&p, 0, 5));
}

int main(void)
{
    test_chunks();
    test_heads();
    test_coverage();
    test_balance();
    test_fair_decode();
    return test_exit();
}
