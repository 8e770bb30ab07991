/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cut: every position of every segment goes to exactly one piece, no two partials share a
 * slot, ranks get equal cost on ragged batches, and the splits a user asks for are what he gets.
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
    uint64_t expected = 0, covered = 0;
    uint32_t last_end = 0, last_q = 0, last_head = 0, last_batch = 0;
    bool first = true;

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
            const bool same = !first && piece.batch == last_batch && piece.kv_head == last_head &&
                              piece.q_first == last_q;
            CHECK(piece.first < piece.end, "an empty piece");
            CHECK(!same || piece.first == last_end, "gap or overlap inside a segment");
            CHECK(piece.rank == rank, "rank %d, not %d", piece.rank, rank);
            if (!piece.whole) {
                CHECK(piece.slot < slots, "slot %zu of %zu", piece.slot, slots);
                CHECK(piece.slot < slots && !used[piece.slot], "slot %zu used twice", piece.slot);
                used[piece.slot < slots ? piece.slot : slots] = 1;
            }
            covered += piece.end - piece.first;
            cost += (double)(piece.end - piece.first) * (piece.q_end - piece.q_first);
            last_batch = piece.batch;
            last_head = piece.kv_head;
            last_q = piece.q_first;
            last_end = piece.end;
            first = false;
        }
        most = cost > most ? cost : most;
        total += cost;
    }
    CHECK(covered == expected, "%llu positions of %llu", (unsigned long long)covered,
          (unsigned long long)expected);
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
        const uint32_t splits =
            test_random(&state) % 3 ? 0 : 1 + (uint32_t)(test_random(&state) % 9);
        walk(&p, 64, splits, 1 + (int)(test_random(&state) % 70));
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
        for (int ranks = 1; ranks <= 64; ranks++) {
            const double share = walk(&p, 64, 0, ranks);
            CHECK(share <= 1.05, "ragged %u, %d ranks: %.3f of the mean", ragged, ranks, share);
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

int main(void)
{
    test_coverage();
    test_balance();
    return test_exit();
}
