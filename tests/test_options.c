/* SPDX-License-Identifier: Apache-2.0 */
/* Value lists and the command line of attn-bench: what is accepted, and every refusal's sentence.
 */
#include "tests/test.h"

#include "bench/cases/list.h"
#include "bench/cases/options.h"

#include <errno.h>

static void join(const struct attn_list *list, char *buf, size_t size)
{
    buf[0] = '\0';
    for (size_t i = 0, n = 0; i < list->n; i++)
        n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? " " : "", list->item[i]);
}

static void test_lists(void)
{
    static const struct {
        const char *text, *items;
    } good[] = {
        {"1", "1"},
        {"1,2,4", "1 2 4"},
        {" 1 , 2 ", "1 2"},
        {"512-4096*2", "512 1024 2048 4096"},
        {"512-4096x2", "512 1024 2048 4096"},
        {"1-8+1", "1 2 3 4 5 6 7 8"},
        {"1-8+3", "1 4 7"},
        {"1K-4K*2,1M", "1024 2048 4096 1048576"},
        {"7-7*2", "7"},
        {"3-100*10", "3 30"},
        {"128,192+128", "128 192+128"},
        {"auto", "auto"},
        {"2097151-2097152+1", "2097151 2097152"},
    };
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "the value is empty"},
        {"1,,2", "\"1,,2\" has an empty place"},
        {"1,", "\"1,\" has an empty place"},
        {"0", "0 is too small, the smallest is 1"},
        {"-4", "\"-4\" is not a whole number from 1 to 2097152 nor auto"},
        {"+4", "\"+4\" lacks a number beside its +; write 192+128"},
        {"4+", "\"4+\" lacks a number beside its +; write 192+128"},
        {"4x", "\"4x\" is not a whole number from 1 to 2097152 nor auto"},
        {"1.5", "\"1.5\" is not a whole number from 1 to 2097152 nor auto"},
        {"0x10", "\"0x10\" is not a whole number from 1 to 2097152 nor auto"},
        {"1e3", "\"1e3\" is not a whole number from 1 to 2097152 nor auto"},
        {"eight", "\"eight\" is not a whole number from 1 to 2097152 nor auto"},
        {"3M", "3M is too large, the largest is 2097152"},
        {"99999999999999999999999", "99999999999999999999999 is too large, the largest is 2097152"},
        {"18446744073709551615K", "18446744073709551615K is too large, the largest is 2097152"},
        {"8-1+1", "the range \"8-1+1\" is empty, its end is below its beginning"},
        {"1-8", "the range \"1-8\" does not say its step; write 1-8+1 or 1-8*2"},
        {"1-", "the range \"1-\" has no end; write it as 1-8+1 or 1-8*2"},
        {"1-2-3", "\"2-3\" is not a whole number from 1 to 2097152 nor auto"},
        {"1-8*99999999999999999999",
         "the step of the range \"1-8*99999999999999999999\" is too large"},
        {"1-8*1", "the step of the range \"1-8*1\" must be a whole number, at least 2"},
        {"1-8+0", "the step of the range \"1-8+0\" must be a whole number, at least 1"},
        {"1-8*", "the step of the range \"1-8*\" must be a whole number, at least 2"},
        {"1-99999+1", "the list has more than 4096 values"},
        {"1-b*2", "\"b\" is not a whole number from 1 to 2097152 nor auto"},
    };
    const struct attn_bounds bounds = {.min = 1, .max = 2 << 20, .pairs = true, .word = "auto"};
    struct attn_list list;
    struct attn_message why;
    char text[256];
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        CHECK(attn_list_numbers(good[i].text, &bounds, &list, &why) == 0, "%s: %s", good[i].text,
              why.text);
        join(&list, text, sizeof(text));
        CHECK_STR(text, good[i].items);
        attn_list_free(&list);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(attn_list_numbers(bad[i].text, &bounds, &list, &why) == -EINVAL, "%s", bad[i].text);
        CHECK(list.n == 0 && !list.item, "%s left items", bad[i].text);
        CHECK_STR(why.text, bad[i].message);
    }
}

/* Ranges that end at the edge of what fits must end, not wrap. */
static void test_edge(void)
{
    const struct attn_bounds bounds = {.min = 0, .max = UINT64_MAX};
    struct attn_list list;
    struct attn_message why;
    CHECK(attn_list_numbers("18446744073709551614-18446744073709551615+1", &bounds, &list, &why) ==
              0,
          "%s", why.text);
    CHECK(list.n == 2, "%zu items", list.n);
    attn_list_free(&list);
    CHECK(attn_list_numbers("9223372036854775808-18446744073709551615*2", &bounds, &list, &why) ==
              0,
          "%s", why.text);
    CHECK(list.n == 1, "%zu items", list.n);
    attn_list_free(&list);
    CHECK(attn_list_numbers("0-8*2", &bounds, &list, &why) == -EINVAL, "never leaves 0");
}

static int parse(const char *line, struct attn_settings *settings, struct attn_message *why)
{
    static char copy[512];
    char *argv[32] = {(char *)(uintptr_t) "attn-bench"};
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
        argv[argc++] = at;
    const int error = attn_options_parse(argc, argv, settings, why);
    return error ? error : attn_options_check_kernel(settings, why);
}

static void test_command_line(void)
{
    static const struct {
        const char *line;
        enum attn_option_id id;
        const char *text;
    } good[] = {
        {"--kv_heads=8", ATTN_OPT_KV_HEADS, "8"},
        {"--kv-heads=8", ATTN_OPT_KV_HEADS, "8"},
        {"--kv_heads 8", ATTN_OPT_KV_HEADS, "8"},
        {"--kv-heads 8,heads", ATTN_OPT_KV_HEADS, "8,heads"},
        {"--kv_heads=4 --kv-heads=2", ATTN_OPT_KV_HEADS, "2"},
        {"--head_map=cyclic", ATTN_OPT_HEAD_MAP, "cyclic"},
        {"--layout=token_major,paged16", ATTN_OPT_LAYOUT, "token_major,paged16"},
        {"--kv_type=f16+bf16", ATTN_OPT_KV_TYPE, "f16+bf16"},
        {"--scale=0.125,auto", ATTN_OPT_SCALE, "0.125,auto"},
        {"--plan", ATTN_OPT_PLAN, "true"},
        {"--plan --context=1", ATTN_OPT_CONTEXT, "1"},
        {"--counters=off", ATTN_OPT_COUNTERS, "off"},
        {"--seed=0", ATTN_OPT_SEED, "0"},
        {"--sim=false", ATTN_OPT_SIM, "false"},
    };
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"--kv_hads=8", "unknown option --kv_hads; did you mean --kv_heads?"},
        {"--frobnicate", "unknown option --frobnicate; --help lists them all"},
        {"--list-kernel", "unknown option --list-kernel; did you mean --list_kernels?"},
        {"decode", "unexpected argument \"decode\"; options are spelled --name=value"},
        {"-x", "unexpected argument \"-x\"; options are spelled --name=value"},
        {"--heads", "--heads needs a value; give --heads=32"},
        {"--heads --dim=8", "--heads needs a value; give --heads=32"},
        {"--heads=", "--heads: the value is empty"},
        {"--heads=0", "--heads: 0 is too small, the smallest is 1"},
        {"--heads=-1", "--heads: \"-1\" is not a whole number from 1 to 4096"},
        {"--context=4G0", "--context: \"4G0\" is not a whole number from 1 to 67108864"},
        {"--context=128M", "--context: 128M is too large, the largest is 67108864"},
        {"--head_map=cylic",
         "--head_map: \"cylic\" is none of block, cyclic; did you mean cyclic?"},
        {"--cache=lukewarm", "--cache: \"lukewarm\" is none of cold, hot"},
        {"--phase=generat", "--phase: \"generat\" is none of decode, prefill, generate, layer, "
                            "model; did you mean generate?"},
        {"--phase=decod", "--phase: \"decod\" is none of decode, prefill, generate, layer, model; "
                          "did you mean decode?"},
        {"--kv_type=f61",
         "--kv_type: \"f61\" is none of f32, f16, bf16, i8, i4, e4m3, e5m2, i8c, i4c; did "
         "you mean f16?"},
        {"--layout=paged", "--layout: \"paged\" does not say the page size; write paged16, or "
                           "another number of tokens from 1 to 65536"},
        {"--layout=pagedK", "--layout: \"pagedK\" does not say the page size; write paged16, or "
                            "another number of tokens from 1 to 65536"},
        {"--layout=paged0", "--layout: \"paged0\": a page has from 1 to 65536 tokens"},
        {"--layout=paged99999", "--layout: \"paged99999\": a page has from 1 to 65536 tokens"},
        {"--prefetch=9", "--prefetch: \"9\" is neither auto nor none nor a number from 1 to 4"},
        {"--prefetch=nome",
         "--prefetch: \"nome\" is neither auto nor none nor a number from 1 to 4"},
        {"--softcap=nan", "--softcap: \"nan\" is not a number from 0 to 1e6"},
        {"--scale=0", "--scale: \"0\" is neither auto nor a number above 0, up to 1e6"},
        {"--counters=always", "--counters: \"always\" is none of auto, off, require"},
        {"--load_timeout=0", "--load_timeout: 0 is too small, the smallest is 1"},
        {"--plan=perhaps", "--plan: \"perhaps\" is neither true nor false"},
        {"--seed=1,2", "--seed: \"1,2\" is a list; give one value"},
        {"--kernel=reff", "--kernel: no kernel is called \"reff\"; did you mean ref?"},
        {"--kernel=zzz*", "--kernel: no kernel matches \"zzz*\"; --list_kernels shows them all"},
    };
    struct attn_settings settings;
    struct attn_message why;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        CHECK(parse(good[i].line, &settings, &why) == 0, "%s: %s", good[i].line, why.text);
        const char *const text = settings.text[good[i].id];
        CHECK_STR(text ? text : "(none)", good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(parse(bad[i].line, &settings, &why) == -EINVAL, "%s", bad[i].line);
        CHECK_STR(why.text, bad[i].message);
    }
}

/* The table is the manual: no line without its help, no default its own check refuses. */
static void test_table(void)
{
    struct attn_message why;
    for (int i = 0; i < ATTN_OPTIONS; i++) {
        const struct attn_option *const o = &attn_options[i];
        CHECK(o->name && o->help, "option %d", i);
        if (o->value && !o->unset)
            CHECK(attn_option_check((enum attn_option_id)i, o->value, &why) == 0, "--%s: %s",
                  o->name, why.text);
        CHECK(i >= ATTN_AXES || o->value, "--%s shows nothing after its =", o->name);
    }
}

int main(void)
{
    test_lists();
    test_edge();
    test_command_line();
    test_table();
    return test_exit();
}
