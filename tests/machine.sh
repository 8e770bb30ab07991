#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The survey of the machine from outside: what it prints in each form, what it keeps, what a run
# takes over from that, and what becomes of files that are broken, of another machine, or in places
# that cannot be written. One iteration a reading: figures are looked at for being there, not for
# being right. Takes attn-bench as its argument.
set -u -o pipefail
bench=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_CACHE_HOME=$dir/cache
# A machine of small caches, if the topology is hwloc's: its memory is surveyed in less time.
export HWLOC_THISSYSTEM=0
export HWLOC_SYNTHETIC='pack:1 l3:1(size=4194304) l2:2(size=262144) l1d:1(size=32768) core:1 pu:1'
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

survey() { # arguments
    "$bench" --machine --benchmark_min_time=1x --benchmark_repetitions=2 "$@" >out 2>err ||
        fail "--machine $*: status $?: $(tail -n 3 err)"
}

run() { # arguments; a tiny case, its results in r.json
    "$bench" --heads=4 --kv_heads=2 --dim=16 --context=32 --threads=1 --cache=hot --kernel=ref \
        --benchmark_dry_run --benchmark_format=json --benchmark_out=r.json "$@" >out 2>err ||
        fail "$*: status $?: $(tail -n 3 err)"
    # (A described machine has no CPUs to bind threads to.)
    ! grep -v 'run unbound' err || fail "not silent under JSON"
}

json() { python3 -c "import json, sys; d = json.load(open(sys.argv[1])); c = d['context']; $2" "$1"; }

# ---- nothing is known yet
run
json r.json 'assert c["ceiling.machine"].startswith("not surveyed"), c' || fail "before a survey"

# ---- the tables
survey
for line in '^CPU ' '^read, GB/s ' '^L1 ' '^memory ' '^f32 multiply-add, GFLOP/s' \
    '^i8 multiply-add, Gop/s' '^latency, ns' '^clock ' '^kept in ' '^env.kernel '; do
    grep -q "$line" out || fail "the tables lack $line: $(cat out)"
done
! grep -Eq '^(repeats|differs) ' out || fail "compares with nothing: $(cat out)"
[ ! -s err ] || fail "said: $(cat err)"
file=$(find cache -type f)
[[ $file == cache/attnbench/machine-*.json ]] || fail "kept: $(ls -R cache)"
json "$file" 'assert float(c["ceiling.read_memory_bytes_per_second.threads_1"]) > 0, c' ||
    fail "what is kept: $(cat "$file")"

# ---- the same again: agrees with the first or says with what it does not, and why
survey
grep -Eq '^repeats +every ceiling is within 10 % of the survey [0-9]+ (s|min) ago$' out ||
    { grep -Eq '^differs +from the survey [0-9]+ (s|min) ago by more than 10 %:$' out &&
        grep -q '^because ' out; } || fail "the second survey: $(cat out)"

# ---- a run takes it over
run
json r.json '
assert float(c["ceiling.read_l1_bytes_per_second.threads_1"]) > 0, c
assert float(c["ceiling.latency_memory_ns.threads_1"]) > 0, c
assert 0 <= int(c["ceiling.age_seconds"]) < 600 and "unstable" in " ".join(c), c
' || fail "what a run takes over"

# ---- forms of the harness
cp "$file" before
survey --benchmark_format=json --benchmark_out=m.json --benchmark_filter='L1|threads:1$'
for form in out m.json; do
    json $form '
rows = [r for r in d["benchmarks"] if r["run_type"] == "iteration"]
assert any(r["name"] == "machine/read/L1/real_time/threads:1" and
           r["best_bytes_per_second"] > 0 for r in rows), rows
assert any(r["name"] == "machine/latency/L1/real_time/threads:1" and
           r["best_latency_ns"] > 0 for r in rows), rows
' || fail "rows of $form"
done
json m.json 'assert float(c["ceiling.read_l1_bytes_per_second.threads_1"]) > 0, c' ||
    fail "ceilings in the file"
[ "$(cat err)" = "attn-bench: the readings are not kept, because some were left out" ] ||
    fail "filtered: $(cat err)"
cmp -s "$file" before || fail "a filtered survey was kept"
survey --benchmark_format=csv --benchmark_filter=latency/L1
[ "$(wc -l <out)" -ge 2 ] || fail "CSV: $(cat out)"
survey --benchmark_list_tests
grep -q '^machine/read/memory/real_time/threads:1$' out || fail "names: $(cat out)"

# ---- files that are no survey of this machine
spoil() { # sentence, command that writes the file
    eval "$2" >"$file"
    run
    json r.json "
assert any('$1' in v and v.endswith('attn-bench --machine writes it anew')
           for k, v in c.items() if k.startswith('warning')), c
assert not any(k.startswith('ceiling.') for k in c), c
" || fail "a file made by $2"
}
spoil 'the file is cut off here' 'head -c 300 before'
spoil 'is no survey of a machine' 'echo "{\"context\": {}, \"benchmarks\": []}"'
spoil 'cannot be; it is not used' 'sed "s/_ns.threads_1\": \"/&-/" before'
spoil 'is of another machine (elsewhere' 'sed "s/\"ceiling.machine\": \"/&elsewhere, /" before'
spoil 'is from no known time' 'sed "s/taken_at_seconds\": \"/&9999/" before'
spoil 'is no survey of a machine' 'head -c 2000000 /dev/zero'
rm "$file" && mkfifo "$file"
run
json r.json 'assert any("is no survey" in str(v) for v in c.values()), c' || fail "a pipe"
rm "$file"
head -c 300 before >"$file"
survey --benchmark_format=json
json out 'assert any("it is not used" in v for k, v in c.items() if k.startswith("warning")), c' ||
    fail "a survey over a broken file"
run
json r.json 'assert "ceiling.read_l1_bytes_per_second.threads_1" in c, c' || fail "written anew"

# ---- places that cannot be written
XDG_CACHE_HOME=/proc/nowhere survey
grep -q '^attn-bench: the readings are not kept: /proc/nowhere/attnbench/machine-' err ||
    fail "a cache folder that cannot be made: $(cat err)"
env -u XDG_CACHE_HOME -u HOME "$bench" --machine --benchmark_min_time=1x --benchmark_repetitions=1 \
    >out 2>err || fail "without a home: status $?"
grep -q 'neither XDG_CACHE_HOME nor HOME' err || fail "without a home: $(cat err)"
"$bench" --machine --benchmark_min_time=1x --benchmark_filter=L1 >/dev/full 2>err && fail "a full disk: status 0"

# ---- a machine of absurd caches
if HWLOC_SYNTHETIC='pack:1 l3:1(size=99999999999999) l2:1(size=1) core:2 pu:1' \
    survey --benchmark_filter=L && grep -q '99999999999999 bytes is no size of a cache' out; then
    grep -q "^not read  L2 read of 1 thread: a thread's share of it is too small" out ||
        fail "a cache of one byte: $(cat out)"
else
    grep -q '^topology .*(hwloc' out && fail "absurd caches: $(cat out)"
fi

# ---- Ctrl-C keeps nothing
cp before "$file"
python3 - "$bench" <<'PYTHON' || fail "SIGINT"
import signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "--machine", "--benchmark_min_time=1s"],
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
p.stdout.readline()
time.sleep(0.5)
p.send_signal(signal.SIGINT)
p.stdout.read()
assert p.wait(60) == 130, p.returncode
PYTHON
cmp -s "$file" before || fail "an interrupted survey was kept"

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
echo passed
