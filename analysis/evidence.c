/* SPDX-License-Identifier: Apache-2.0 */
/* The table; a line a finding. */
#include "analysis/evidence.h"

#include <stdio.h>
#include <string.h>

const struct ana_evidence ana_evidence[] = {
    {ANA_PART_GQA | ANA_PART_MQA, "Ainslie et al. 2023, arXiv 2305.13245, table 1",
     "T5-XXL uptrained, mean over seven data sets: MHA 47.2, GQA-8 47.1, MQA 46.6"},
    {ANA_PART_GQA | ANA_PART_MQA, "Touvron et al. 2023, arXiv 2307.09288, appendix A.2.1",
     "30B trained alike, MMLU: MHA 28.0, GQA 26.9, MQA 26.5"},
    {ANA_PART_GQA | ANA_PART_MQA, "DeepSeek-AI 2024, arXiv 2405.04434, table 8",
     "dense 7B, MMLU: MHA 45.2, GQA-8 41.2, MQA 37.9; BBH: 37.0, 35.6, 33.2"},
    {ANA_PART_MQA, "Shazeer 2019, arXiv 1911.02150, table 1",
     "WMT14 EN-DE, test BLEU greedy and beam 4: MHA 27.7 and 28.4, MQA 27.5 and 28.5"},
    {ANA_PART_WINDOW, "Shazeer 2019, arXiv 1911.02150, table 1",
     "decoder self-attention cut to 32 tokens, BLEU beam 4: MHA 28.4 to 28.3, MQA 28.5 to 28.2; "
     "no long contexts in it. Gemma-2, Gemma-3 and gpt-oss ship such mixes"},
    {ANA_PART_SHARE, "Brandon et al. 2024, arXiv 2405.12981, table 1",
     "1B, validation perplexity: MQA 13.54, shared by 2 layers 13.60, by 3 13.77, by 4 13.95; "
     "GQA-4 13.36, shared by 2 13.48; MHA 13.15"},
    {ANA_PART_DIM, "Brandon et al. 2024, arXiv 2405.12981, table 1",
     "1B, MQA, validation perplexity: 16 heads of 128 13.54, 32 of 64 13.81, 64 of 32 14.37"},
    {ANA_PART_NARROW, "Hooper et al. 2024, arXiv 2401.18079",
     "KVQuant loses less than 0.1 perplexity at 3 bits, with a format of its own (keys before "
     "rotation, outliers apart); nothing was found for plain blocks of 32 with one scale"},
};
const size_t ana_evidence_count = sizeof(ana_evidence) / sizeof(*ana_evidence);

void ana_evidence_refs(unsigned parts, char *buf, size_t size)
{
    *buf = '\0';
    for (size_t i = 0; i < ana_evidence_count; i++) {
        const size_t at = strlen(buf);
        if (ana_evidence[i].parts & parts)
            snprintf(buf + at, size - at, "%s%zu", at ? " " : "", i + 1);
    }
}
