#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Is an instruction ever executed that the CPU does not have? Runs every kernel on simulated old
# CPUs, which refuse what they are not supposed to know: one without AVX at all, and one with AVX2
# and nothing wider. The first run is of a program that does use AVX2, for a simulator that lets it
# pass would prove nothing.
# Arguments: attn-bench, that program.
set -u -o pipefail
bench=$1
above=$2
command -v qemu-x86_64 >/dev/null || { echo "qemu-x86_64 is not installed"; exit 77; }
unset OPENBLAS_CORETYPE # would choose BLAS kernels for another CPU than the simulated one
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

qemu-x86_64 -cpu Haswell "$above" 2>/dev/null || { echo "this qemu knows no AVX2"; exit 77; }
{ (ulimit -c 0; exec qemu-x86_64 -cpu Nehalem "$above"); } >/dev/null 2>&1 &&
    { echo "this qemu lets Nehalem execute AVX2"; exit 77; }

# on CPU "FEATURES" "KERNELS THAT RUN" "KERNELS THAT DO NOT" "BEST"
on() {
    local cpu=$1 features=$2 runs=$3 other=$4 best=$5 status=0
    local types=f32,f16,bf16,i8,i4,e4m3,e5m2,i8c+i8,i4c+i4
    (ulimit -c 0; qemu-x86_64 -cpu "$cpu" "$bench" --kernel="*,ceil_*,best" --heads=6 --kv_heads=2 \
        --dim=40 --context=70 --kv_type=$types --threads=2 --cache=hot \
        --benchmark_min_time=1x --benchmark_repetitions=1 --benchmark_out="$dir/out.json") \
        >"$dir/out" 2>"$dir/err" || status=$?
    [ $status -eq 0 ] || fail "$cpu: status $status: $(tail -n 2 "$dir/err")"
    python3 - "$dir/out.json" "$features" "$runs" "$other" "$best" <<'PYTHON' || fail "$cpu"
import json, sys
path, features, runs, other, best = sys.argv[1:]
result = json.load(open(path))
assert result["context"]["env.cpu_features"] == features, result["context"]["env.cpu_features"]
rows = result["benchmarks"]
assert not [r for r in rows if "error_occurred" in r], rows
kernels = {r["name"].split("/")[1] for r in rows}
missing = set(runs.split()) - kernels | {best} - kernels
assert not missing and not set(other.split()) & kernels, (missing, kernels)
for kv in "f32 f16 bf16 i8 i4 e4m3 e5m2 i8c+i8 i4c+i4".split():
    assert [r for r in rows if f"/kv:{kv}/" in r["name"]], kv
print(f"{features}: {len(rows)} rows of {len(kernels)} kernels")
PYTHON
}
on Nehalem portable naive.c "naive.auto split_idot.avx2 split_bdot.avx2" online.c
on Haswell avx2 "split.avx2 split_idot.avx2 split_bdot.avx2" \
    "split.avx512 split_idot.avx512vnni split_bdot.avx512bf16" split.avx2

[ $failures -eq 0 ]
