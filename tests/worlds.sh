#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Machines on which counters are missing, one kind after the other: the run goes on and says once
# why, what needs no privilege is counted all the same, and who demanded counters is told the reason
# and nothing else. Takes attn-bench and the library that makes the machine worse.
set -u -o pipefail
bench=$(realpath "$1")
library=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export TMPDIR=$dir
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done
echo 2 >paranoid_2
echo 3 >paranoid_3
echo 4 >paranoid_4
failures=0
tiny=(--heads=4 --kv_heads=2 --dim=16 --context=32 --threads=2 --cache=hot --kernel=ref
    --benchmark_min_time=3x --benchmark_repetitions=2)

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# world NAME STATE "words of the reason"
world() {
    local name=$1 state=$2 words=$3 status=0
    export ATTN_WORLD=$name
    LD_PRELOAD=$library "$bench" "${tiny[@]}" --benchmark_format=json \
        --benchmark_perf_counters=page-faults,PAPI_TOT_INS >out 2>err || status=$?
    [ "$status" -eq 0 ] || fail "$name: status $status: $(cat err)"
    [ ! -s err ] || fail "$name: said: $(cat err)"
    python3 - "$name" "$state" "$words" <<'PYTHON' || fail "$name: $(grep -E '"(counters|warning_)' out)"
import json, sys
name, state, words = sys.argv[1:]
d = json.load(open("out"))
c = d["context"]
assert "PAPI_TOT_INS: " + state in c["counters"], c["counters"]
assert "page-faults: ok" in c["counters"], c["counters"]
assert c["byte_sources"].endswith("7 modelled: used"), c["byte_sources"]
said = [v for k, v in c.items() if k.startswith("warning_") and "no hardware counters" in v]
assert len(said) == 1 and words in said[0] and "(~)" in said[0], said
rows = d["benchmarks"]
assert rows and all("page-faults" in r for r in rows), rows
central = [r for r in rows if r.get("aggregate_name") in (None, "mean", "median")]
assert all(r["byte_source_id"] == 7 and "dram_bytes" not in r for r in central), central
assert not any("PAPI_TOT_INS" in r or "instructions" in r for r in rows), rows
PYTHON
    status=0
    LD_PRELOAD=$library "$bench" "${tiny[@]}" --counters=require >out 2>err || status=$?
    [ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] &&
        grep -q "^attn-bench: --counters=require: instructions are $state: .*$words" err ||
        fail "$name, --counters=require: status $status, $(cat err)"
    status=0
    LD_PRELOAD=$library "$bench" "${tiny[@]}" --counters=off --benchmark_format=json >out 2>err ||
        status=$?
    [ "$status" -eq 0 ] && grep -q '"counters": "off"' out && ! grep -q 'no hardware' out err ||
        fail "$name, --counters=off: status $status, $(cat err)"
}

world no_pmu absent 'no such'
world seccomp forbidden 'in a container, give it --cap-add=PERFMON'
world no_perf off 'CONFIG_PERF_EVENTS'
world paranoid_3 forbidden 'sudo sysctl kernel.perf_event_paranoid=2'
world paranoid_4 forbidden 'kernel.perf_event_paranoid is 4'
world no_setting off 'CONFIG_PERF_EVENTS'
world out_of_files broken 'ulimit -n'
world taken broken 'somebody else holds the counter'

# What the cores do in user mode is everybody's, what the kernel does is not. Whether there are
# hardware counters is this machine's affair.
export ATTN_WORLD=paranoid_2
LD_PRELOAD=$library "$bench" "${tiny[@]}" --benchmark_format=json \
    --benchmark_perf_counters=cpu-migrations,context-switches,page-faults >out 2>err ||
    fail "paranoid_2: status $?: $(cat err)"
grep -q '"counters": "cpu-migrations: forbidden, kernel.perf_event_paranoid is 2; sudo sysctl kernel.perf_event_paranoid=1, .*; context-switches: ok; page-faults: ok' out ||
    fail "paranoid_2: $(grep '"counters"' out)"
! grep -q '"cpu-migrations":' out || fail "paranoid_2: counted what is forbidden"
unset ATTN_WORLD

# PAPI reads counters with an instruction that valgrind dies of.
if command -v valgrind >/dev/null; then
    status=0
    valgrind -q "$bench" "${tiny[@]}" --benchmark_format=json >out 2>err || status=$?
    [ "$status" -eq 0 ] && grep -q '"counters": ".*valgrind does not know' out ||
        fail "valgrind: status $status, $(tail -n 3 err)"
fi

[ "$failures" -eq 0 ] && echo "ok"
exit $((failures > 0))
