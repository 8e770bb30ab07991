/* SPDX-License-Identifier: Apache-2.0 */
/* The filter. A lone '-' negates the empty expression, which is in every name: it selects nothing.
 */
#include "bench/harness/filter.h"

#include <errno.h>
#include <string.h>

/* regcomp() recurses over what it has parsed, so that enough operators overflow the stack. */
enum { MOST_OPERATORS = 4096 };

static size_t count_operators(const char *text)
{
    size_t count = 0;
    for (text = strpbrk(text, "()*+?{|"); text; text = strpbrk(text + 1, "()*+?{|"))
        count++;
    return count;
}

int bm_filter_compile(struct filter *filter, const char *text, FILE *err)
{
    if (!*text || strcmp(text, "all") == 0)
        text = ".*";
    filter->negated = *text == '-';
    text += filter->negated;
    if (count_operators(text) > MOST_OPERATORS) {
        fprintf(err, "Could not compile benchmark re: more than %d operators\n", MOST_OPERATORS);
        return -EINVAL;
    }
    const int code = regcomp(&filter->regex, text, REG_EXTENDED | REG_NOSUB);
    if (!code)
        return 0;
    char reason[128];
    regerror(code, &filter->regex, reason, sizeof(reason));
    fprintf(err, "Could not compile benchmark re: %s: `%s`\n", reason, text);
    return -EINVAL;
}

bool bm_filter_matches(const struct filter *filter, const char *name)
{
    return (regexec(&filter->regex, name, 0, NULL, 0) == 0) != filter->negated;
}

void bm_filter_free(struct filter *filter)
{
    regfree(&filter->regex);
}
