#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-stat from outside: exit status, one clear line on stderr and nothing on stdout when it was
# asked for something it cannot do, and the answers that are promised to the byte.
set -uo pipefail
export LC_ALL=C

stat=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# Refused with status 2, an empty stdout, and one line on stderr that holds the given text.
refuses() { # text, arguments of attn-stat
  local text=$1 code
  shift
  "$stat" "$@" >"$work/out" 2>"$work/err"
  code=$?
  [ "$code" = 2 ] || fail "attn-stat $*: status $code"
  [ -s "$work/out" ] && fail "attn-stat $*: wrote to stdout"
  [ "$(wc -l <"$work/err")" = 1 ] || fail "attn-stat $*: $(cat "$work/err")"
  grep -qF -- "$text" "$work/err" || fail "attn-stat $*: $(cat "$work/err") lacks '$text'"
}

answers() { # text, arguments of attn-stat
  local text=$1
  shift
  "$stat" "$@" >"$work/out" 2>"$work/err" || fail "attn-stat $*: status $?: $(cat "$work/err")"
  [ -s "$work/err" ] && fail "attn-stat $*: $(cat "$work/err")"
  grep -qF -- "$text" "$work/out" || fail "attn-stat $*: $(cat "$work/out") lacks '$text'"
}

row() { # name, ns
  echo "{\"name\": \"$1\", \"real_time\": $2, \"cpu_time\": $2, \"time_unit\": \"ns\"}"
}
echo "{\"benchmarks\": [$(row BM/n:1 10), $(row BM/n:2 20)]}" >"$work/a.json"
echo "{\"benchmarks\": [$(row BM/n:1 12), $(row BM/n:3 20)]}" >"$work/b.json"
echo "{\"benchmarks\": [$(row CM 12)]}" >"$work/c.json"
head -c 40 "$work/a.json" >"$work/cut.json"
: >"$work/empty.json"

answers '1073741824 bytes = 1 GiB for all 32 layers' \
  kv --model=llama-3.1-8b --context=8192 --kv_type=f16
answers '"batch_bytes": 1073741824' kv --model llama-3.1-8b --context 8K --kv-type f16 --format json
# Latents as their papers count them: 512 + 64, 2 * 256 + 64 and 3 * 128 + 64 numbers a token.
answers '(MLA, from command line): 1152 bytes' \
  kv --layers=1 --heads=48 --latent=512 --rope=64 --context=1
answers '(GLA-2, from command line): 1152 bytes' \
  kv --layers=1 --heads=48 --kv_heads=2 --latent=256 --rope=64 --context=1
answers '(GTA-3, from command line): 896 bytes' \
  kv --layers=1 --heads=48 --kv_heads=3 --latent=128 --rope=64 --context=1
answers '1152 bytes a token and layer in its rows, not 896' \
  kv --layers=1 --heads=48 --kv_heads=3 --latent=128 --rope=64 --context=1
refuses 'a cache keeps K and V, or a latent' kv --layers=1 --heads=4 --dim=64 --latent=64
refuses 'only a latent has a rotary part' kv --layers=1 --heads=4 --dim=64 --rope=32
answers 'llama-3.1-8b' models llama
printf '{"num_hidden_layers": 2, "num_attention_heads": 4, "head_dim": 8,
  "_name_or_path": "a\\nb\\u001b[31m"}' >"$work/config.json"
answers 'a?b?[31m (MHA, from ' kv --model="$work/config.json"
answers 'qwen2.5-7b,1073741824,1,1,18724' \
  capacity --model=qwen2.5-7b --memory=1GiB --batch=1 --format=csv
answers 'kv_bytes' columns
answers 'BM/n:1,,,' csv "$work/a.json"
answers 'usage: attn-stat kv' kv --help
answers 'roofline' --help
answers '| 2 |' table "$work/a.json" --format=md
answers 'n  BM' table "$work/a.json" --columns=family
answers 'only after' compare "$work/a.json" "$work/b.json"

# 24 cases of 20 GB/s, 100 GFLOP/s and 5 us a call, on top of which nothing else.
ours() {
  awk 'BEGIN {
    printf "{\"context\": {}, \"benchmarks\": ["
    for (g = 1; g <= 32; g *= 2)
      for (s = 512; s <= 32768; s *= 4) {
        ns = 5000 + sqrt((512 * g * s / 20) ^ 2 + (512 * 32 * s / 100) ^ 2)
        printf "%s{\"name\": \"decode/split.avx2/kv:f16/batch:1/heads:32/kv_heads:%d/dim:128/context:%d/real_time/threads:2\", \"real_time\": %f, \"cpu_time\": 1, \"time_unit\": \"ns\"}", n++ ? "," : "", g, s, ns
      }
    print "]}" }'
}
ours >"$work/ours.json"
answers 'gflop_per_second' fit "$work/ours.json"
answers '"cases": 24' fit "$work/ours.json" --format=json --leave_out=context
answers 'held_out' fit "$work/ours.json" --residuals
answers 'inside the measured range' predict --model=llama-3.1-8b --context=8K "$work/ours.json"
answers 'batch 8 is 8 times the largest measured (1)' \
  predict --model=llama-3.1-8b --context=8K --batch=8 "$work/ours.json"
answers '"outside_factor": 2,' predict --model=gemma-3-4b --context=16K --format=json "$work/ours.json"

answers 'arXiv 2305.13245, table 1' \
  advise "$work/ours.json" --memory=16GiB --context=60K --batch=8 --model=llama-3.1-8b
answers 'does not fit: MHA of 32 x 128, f16; its cache of 240 GiB' \
  advise "$work/ours.json" --memory=16GiB --context=60K --batch=8 --heads=32 --dim=128 --layers=32
answers '"why_not": "its cache of' advise "$work/ours.json" --memory=1GiB --context=60K \
  --model=llama-3.1-8b --format=json
answers 'No design fits.' advise "$work/ours.json" --memory=1 --context=60K --model=gpt2
answers '### At 32K tokens of context, multi' report --format=md "$work/ours.json"
answers '| BM/n:1 | 10 ns |' report --format=md "$work/a.json"
refuses 'did you mean capacity?' capcity
refuses 'did you mean --context?' kv --model=gpt2 --contxt=4
refuses 'did you mean llama-3.1-8b?' kv --model=llama-3.1-8
refuses 'needs a value' kv --model
refuses '--context=-1' kv --model=gpt2 --context=-1
refuses '--context=99999999999999999999' kv --model=gpt2 --context=99999999999999999999
refuses 'must divide' kv --model=llama-3.1-8b --kv_heads=3
refuses 'no such type' kv --model=gpt2 --kv_type=q7
refuses '--kv_heads=0: out of range; it takes a whole number from 1' kv --model=gpt2 --kv_heads=0
refuses '--context=0: out of range' kv --model=gpt2 --context=0
refuses '--batch=5000000000: it must lie between 1 and 4294967295' kv --model=gpt2 --batch=5000000000
refuses '--memory=0: out of range; it takes a size' capacity --model=gpt2 --memory=0
refuses '--batch=0: out of range' capacity --model=gpt2 --memory=1GiB --batch=0
refuses 'no model "two?lines"' models $'two\nlines'
refuses 'needs --memory' capacity --model=gpt2
refuses 'needs --model' kv
refuses 'no model "zebra"' models zebra
refuses 'needs a result file' csv
refuses 'No such file' csv "$work/nowhere.json"
refuses 'the file is empty' csv "$work/empty.json"
refuses 'line 1: the file is cut off here' table "$work/cut.json"
refuses 'cut off' compare "$work/a.json" "$work/cut.json"
refuses 'two result files' compare "$work/a.json"
refuses 'no case in common' compare "$work/a.json" "$work/c.json"
refuses 'no axis "batc"; did you mean batch?' table "$work/a.json" --rows=batc
refuses 'no figure "real_n"; did you mean real_ns?' table "$work/a.json" --value=real_n
refuses 'is no filter' table "$work/a.json" --filter=x
refuses 'no case passes' table "$work/a.json" --filter=n=7
refuses 'no case of attn-bench' roofline "$work/a.json"
refuses 'no case of attn-bench' fit "$work/a.json"
refuses 'did you mean context?' fit "$work/ours.json" --leave_out=contxt
refuses 'no set of cases is large enough' fit "$work/ours.json" --filter=context=512 --filter=kv_heads=1
refuses 'cache of type i8; it has f16 with 2 threads' \
  predict --model=gpt2 --kv_type=i8 "$work/ours.json"
refuses 'needs one result file' predict --model=gpt2
refuses 'needs --memory and --context' advise --model=gpt2 "$work/ours.json"
refuses 'needs p99_ns' advise --model=gpt2 --memory=1GiB --context=1K --p99_ms=5 "$work/ours.json"
refuses '--p99_ms=-1' advise --model=gpt2 --memory=1GiB --context=1K --p99_ms=-1 "$work/ours.json"
refuses '--top=0' advise --model=gpt2 --memory=1GiB --context=1K --top=0 "$work/ours.json"
refuses 'it must lie between 1 and' predict --model=gpt2 --context=1G "$work/ours.json"
refuses 'one machine' predict --model=gpt2 --ranks=2 "$work/ours.json"
ln -s a.json "$work/link.csv"
refuses 'would overwrite the results it is made from' csv "$work/a.json" -o "$work/link.csv"
[ "$(head -c 1 "$work/a.json")" = '{' ] || fail "csv -o took the place of its input"
mkdir "$work/page"
cp "$work/a.json" "$work/page/summary.csv"
ln -s page "$work/other_name"
refuses 'would overwrite' report "$work/page/summary.csv" -o "$work/other_name"
[ "$(head -c 1 "$work/page/summary.csv")" = '{' ] || fail "report took the place of its input"
mkdir "$work/bin"
printf '#!/bin/sh\nexit 3\n' >"$work/bin/gnuplot"
chmod +x "$work/bin/gnuplot"
PATH=$work/bin:$PATH "$stat" report "$work/ours.json" -o "$work/undrawn" 2>"$work/err"
grep -q 'installed but fails: gnuplot --version ends with status 3' "$work/err" ||
  fail "a failing gnuplot: $(cat "$work/err")"
refuses '--format=pdf: it is html or md' report --format=pdf "$work/a.json"
refuses '-o is for html' report --format=md -o "$work/page" "$work/a.json"
refuses 'where to?' report "$work/a.json"
refuses 'cannot write' csv "$work/a.json" -o "$work/no/such/place.csv"

# Verdicts: the same times again, twelve a side, then times that are a fifth longer, then too few.
repeat() { # times, ns, file
  local i rows=
  for ((i = 0; i < $1; i++)); do rows+=${rows:+,}$(row BM "$2.$i"); done
  echo "{\"benchmarks\": [$rows]}" >"$3"
}
repeat 12 100 "$work/twelve.json"
repeat 12 120 "$work/slower.json"
repeat 3 120 "$work/three.json"
judges() { # status, text, arguments of attn-stat regress
  local expected=$1 text=$2
  shift 2
  "$stat" regress "$@" >"$work/out" 2>"$work/err"
  local code=$?
  [ "$code" = "$expected" ] || fail "attn-stat regress $*: status $code: $(cat "$work/err")"
  grep -qF -- "$text" "$work/out" || fail "attn-stat regress $*: $(cat "$work/out") lacks '$text'"
}
judges 0 '1 as fast as before (1 case)' check "$work/twelve.json" "$work/twelve.json"
judges 1 'REGRESSED' check "$work/twelve.json" "$work/slower.json"
judges 0 'IMPROVED' check "$work/slower.json" "$work/twelve.json"
judges 0 'OK' check --effect=25% "$work/twelve.json" "$work/slower.json"
judges 0 '7 a side can' check "$work/twelve.json" "$work/three.json" -q 0.1%
judges 5 'INCONCLUSIVE' check "$work/twelve.json" "$work/three.json" -q 0.1% --strict
judges 4 'head does not have this case' check "$work/a.json" "$work/c.json"
judges 0 'check' --help
refuses 'did you mean check?' regress chekc
refuses 'needs a word' regress
refuses 'needs two result files' regress check "$work/a.json"
refuses '--effect=much' regress check --effect=much "$work/a.json" "$work/a.json"
refuses '-q 2' regress check -q 2 "$work/a.json" "$work/a.json"
refuses 'cut off' regress check "$work/a.json" "$work/cut.json"

for command in "kv --model=gpt2" "models" "columns" "csv $work/a.json" "table $work/a.json" \
  "regress check $work/a.json $work/a.json"; do
  # shellcheck disable=SC2086
  "$stat" $command >/dev/full 2>"$work/err"
  [ $? = 2 ] || fail "attn-stat $command on a full disk: $(cat "$work/err")"
done

[ "$failures" = 0 ] && echo "all as promised"
exit $((failures > 0))
