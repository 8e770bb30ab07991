#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job cut to seconds: the suite quick at short contexts, measured, read back and reported.
# Every row must have been checked and none may be an error; rows of a library that is not built in
# are skips with a reason, and the page must come out all the same.
set -uo pipefail
export LC_ALL=C

bench=$1
stat=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

expect() { # what, expected, found
  [ "$2" = "$3" ] && return
  echo "FAIL: $1: found '$3', expected '$2'"
  failures=$((failures + 1))
}

"$bench" --suite=quick --context=512,1K --benchmark_min_time=2x --benchmark_repetitions=2 \
  --benchmark_format=json --benchmark_out="$work/result.json" >"$work/stdout" 2>"$work/stderr"
expect 'status of attn-bench' 0 $?
expect 'stderr under JSON' '' "$(cat "$work/stderr")"
expect 'the file and stdout hold the same rows' "$(grep -c '"name"' "$work/stdout")" \
  "$(grep -c '"name"' "$work/result.json")"
expect 'error rows' 0 "$(grep -c error_occurred "$work/result.json")"
rows=$(grep -c '"run_type": "iteration"' "$work/result.json")
skips=$(grep -c '"skipped": true' "$work/result.json")
errors=$(grep -c '"max_abs_error"' "$work/result.json")
[ "$rows" -gt 20 ] || expect 'rows' 'more than 20' "$rows"
[ "$errors" -ge $((rows - skips)) ] || expect 'rows with an error column' "$((rows - skips))" "$errors"
python3 - "$work/result.json" <<'PY' || failures=$((failures + 1))
import json, sys

def refuse(word):
    raise ValueError(word)

result = json.load(open(sys.argv[1]), parse_constant=refuse)
for row in result["benchmarks"]:
    if row["run_type"] != "iteration" or row.get("skipped"):
        continue
    assert row["max_abs_error"] <= row["error_bound"], row["name"]
    assert 0 < row["ceiling_fraction"], row["name"]
PY

"$stat" csv "$work/result.json" >"$work/summary.csv"
expect 'status of attn-stat csv' 0 $?
"$stat" report -o "$work/report" "$work/result.json" >"$work/said" 2>&1
expect 'status of attn-stat report' 0 $?
expect 'page' 1 "$(grep -c '</html>' "$work/report/index.html")"
expect 'rows of the report and of csv' "$(wc -l <"$work/summary.csv")" \
  "$(wc -l <"$work/report/summary.csv")"
if command -v gnuplot >/dev/null; then
  for figure in cache-versus-speed latency-versus-context speedup-versus-kv-heads kernels; do
    expect "figure $figure" 1 "$(find "$work/report/plots" -name "*-$figure.svg" | wc -l)"
  done
fi
echo "$rows rows, $skips skipped, $failures failures"
exit $((failures > 0))
