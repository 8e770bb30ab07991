#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs of others that read Google Benchmark's output, run on ours: compare.py in its three modes
# on executables and on files, ament's converter, Node's strict JSON parser. What is not installed is
# named and left out; with none of them the test is skipped.
# usage: test_harness_consumers.sh EXAMPLE
set -euo pipefail
export LC_ALL=C
example=$1
compare=/usr/share/benchmark/compare.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0

fail() {
  echo "FAILED: $*"
  exit 1
}

"$example" --benchmark_min_time=10x --benchmark_repetitions=3 --benchmark_out="$work/a.json" \
  --benchmark_format=json >"$work/b.json" 2>"$work/err"
[ ! -s "$work/err" ] || fail "under JSON stderr is silent: $(cat "$work/err")"

if [ -e $compare ] && /usr/bin/python3 -c 'import scipy' 2>/dev/null; then
  ran=$((ran + 1))
  run() { /usr/bin/python3 $compare --no-color "$@" >"$work/out" 2>&1 || fail "compare.py $*: $(cat "$work/out")"; }
  for subject in "$work/a.json" "$example"; do
    options=()
    [ "$subject" = "$example" ] && options=(--benchmark_min_time=2x)
    run -d "$work/dump.json" benchmarks "$subject" "$subject" "${options[@]}"
    grep -q 'copy/bytes:64 ' "$work/out" || fail "compare.py benchmarks shows no row: $(cat "$work/out")"
    grep -q OVERALL_GEOMEAN "$work/out" || fail "compare.py benchmarks shows no mean"
    run filters "$subject" copy fill "${options[@]}"
    run benchmarksfiltered "$subject" copy "$subject" fill "${options[@]}"
  done
  run benchmarks "$work/a.json" "$work/b.json"
  grep -q 'copy/bytes:64_pvalue' "$work/out" || fail "no U test: $(cat "$work/out")"
else
  echo "left out: compare.py of libbenchmark-tools with python3-scipy"
fi

if /usr/bin/python3 -c 'import ament_cmake_google_benchmark' 2>/dev/null; then
  ran=$((ran + 1))
  /usr/bin/python3 -c 'import sys, ament_cmake_google_benchmark as a; sys.exit(a.main(sys.argv[1:]))' \
    "$work/a.json" "$work/ament.json" --command true >"$work/out" 2>&1 ||
    fail "ament: $(cat "$work/out")"
else
  echo "left out: python3-ament-cmake-google-benchmark"
fi

if command -v node >/dev/null; then
  ran=$((ran + 1))
  for file in a b; do
    node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$work/$file.json" ||
      fail "node refuses $file.json"
  done
else
  echo "left out: node"
fi

# What other programs take for granted, restated: each line names its reader.
/usr/bin/env python3 - "$work/a.json" <<'PY' || fail "a restated reader"
import json, sys

def refuse(token):
    raise ValueError(token + " is not JSON")

data = json.load(open(sys.argv[1], encoding="utf-8"), parse_constant=refuse)
assert isinstance(data["context"]["caches"], list), "bencher: caches"
assert data["context"]["json_schema_version"] == 1, "compare.py: schema"
for row in data["benchmarks"]:
    name = row["name"]
    assert 1 <= len(name) <= 1024, "bencher: length of a name"
    assert row["time_unit"] in ("ns", "us", "ms", "s"), "bencher: unit"
    for key in ("real_time", "cpu_time", "iterations", "threads"):
        assert isinstance(row[key], (int, float)), "github-action-benchmark: " + key
    if row["run_type"] == "aggregate":
        # archery takes the name up to the last underscore for the benchmark's.
        assert name.rsplit("_", 1) == [row["run_name"], row["aggregate_name"]], "archery: " + name
    else:
        assert name == row["run_name"], "conbench: " + name
assert len(data["benchmarks"]) == 9 * 7
PY

# archery lists first and runs with a suffix; llvm-test-suite wants nothing but JSON on stdout.
[ "$("$example" --benchmark_list_tests --benchmark_filter='^fill' | wc -l)" = 4 ] || fail "archery: list"
"$example" --benchmark_repetitions=1 --benchmark_filter='^fill/512/0$' --benchmark_out="$work/c.json" \
  --benchmark_out_format=json --benchmark_min_time=0.000100s >/dev/null 2>&1 || fail "archery: run"
"$example" --benchmark_nonsense >/dev/null 2>&1 && fail "an unknown flag must not pass"
"$example" --benchmark_repetitions=x >"$work/out" 2>"$work/err" && fail "nor a malformed value"
[ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] || fail "not one line: $(cat "$work/err")"
"$example" --benchmark_filter=copy --benchmark_filter='^fill/512/0$' --benchmark_min_time=1x \
  --benchmark_format=csv 2>/dev/null | grep '^"copy' >/dev/null && fail "the last flag wins"

if [ $ran = 0 ]; then
  echo "none of the programs is installed"
  exit 77
fi
echo "$ran programs read the results"
