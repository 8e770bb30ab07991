#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Counts by simulation. Sharing KV heads divides DRAM traffic by the number that share, a kernel
# that takes heads one by one reads what they share once a head, and the same call counts the same
# twice: none of it depends on the machine. Then everything that can be wrong with a simulator
# which is somebody else's program. Takes attn-bench as its argument.
set -u -o pipefail
bench=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir tmp
export TMPDIR=$dir/tmp
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

refuse() { # sentence, arguments; valgrind is looked for in $simulators
    local sentence=$1 status=0
    shift
    PATH=${simulators:-$PATH} "$bench" "$@" >out 2>err || status=$?
    [ "$status" -eq 1 ] && [ ! -s out ] && [ "$(cat err)" = "$sentence" ] ||
        fail "$*: status $status, stdout $(wc -c <out) bytes, said: $(cat err)"$'\n'"  instead of: $sentence"
}

simulate() { # arguments; rows go to r.json
    "$bench" --sim --threads=1 --benchmark_dry_run --benchmark_format=json --benchmark_out=r.json \
        "$@" >out 2>err || fail "$*: status $?: $(cat err)"
}

# The rows by kernel and number of KV heads, as `at`.
rows() {
    python3 - "$1" <<PYTHON || fail "$2"
import json, sys
d = json.load(open(sys.argv[1]))
c, rows = d["context"], [r for r in d["benchmarks"] if r["run_type"] == "iteration"]
at = {}
for r in rows:
    part = r["name"].split("/")
    at[part[1].split(".")[0], int(part[5].split(":")[1])] = r
$3
PYTHON
}

tiny=(--heads=4 --kv_heads=1 --dim=64 --context=64 --kernel=online --kv_type=f32)

# ---- bad input, before anything is started
refuse 'attn-bench: --sim_cache: "8M" is not the sizes of a first and a last cache, as 32K+8M' \
    --sim --sim_cache=8M
refuse 'attn-bench: --sim_cache: "32K+9M": simulated caches are powers of two, as 32K+8M' \
    --sim --sim_cache=32K+9M
refuse 'attn-bench: --sim_cache: "8M+32K": the first simulated cache is larger than the last' \
    --sim --sim_cache=8M+32K
refuse 'attn-bench: --sim_cache: "32K+8T": the largest simulated cache is 1G' --sim --sim_cache=32K+8T
refuse 'attn-bench: --sim_cache: "64+8M": the smallest simulated caches are 512+1024 bytes' \
    --sim --sim_cache=64+8M
refuse 'attn-bench: --sim_cache says how to simulate; give --sim as well' --sim_cache=32K+1M
refuse 'attn-bench: --sim_out says how to simulate; give --sim as well' --sim_out=x --sim=off

"$bench" --sim "${tiny[@]}" --benchmark_list_tests >out 2>err
if grep -q 'not in this build' err; then
    [ "$failures" -eq 0 ] || exit 1
    echo "this build cannot simulate: $(cat err)"
    exit 77
fi
simulators=/nonexistent refuse 'attn-bench: --sim needs valgrind, which cannot be started (No such file or directory); install it, on Debian with apt-get install valgrind' --sim "${tiny[@]}"
if ! command -v valgrind >/dev/null; then
    [ "$failures" -eq 0 ] || exit 1
    echo "valgrind is not installed"
    exit 77
fi

# ---- a simulator that is not what it says it is
mkdir fake
imitate() { # what it does instead of simulating; the file it is to write is in $out
    cat >fake/valgrind <<TEXT
#!/bin/sh
[ "\$1" != --version ] || { echo valgrind-0.0.0; exit 0; }
for word; do case \$word in --callgrind-out-file=*) out=\${word#*=} ;; esac; done
$1
TEXT
    chmod +x fake/valgrind
    (PATH=$dir/fake:$PATH simulate "${tiny[@]}" && exit "$failures") || failures=$((failures + 1))
    rows r.json "a simulator that does: $1" "
r, = rows
assert r['error_occurred'] and r['real_time'] == 0, r
assert r['error_message'] == 'simulation failed: ' + '''$2''', r['error_message']"
}
imitate 'echo "==7== no space left" >&2; exit 3' \
    'the simulated run ended with status 3: no space left'
imitate 'exit 1' 'the simulated run ended with status 1: it said nothing'
imitate 'kill -ILL $$' 'valgrind does not know an instruction of this kernel'
imitate 'kill -SEGV $$' 'the simulated run died of signal 11 (Segmentation fault)'
out=$TMPDIR/attn-sim.
imitate 'echo totals: 3 >$out.1; cp $out.1 '"$dir"'/left; printf %s "$out" >'"$dir"'/path; exit 4' \
    'the simulated run ended with status 4: it said nothing'
[ ! -e "$(cat path)" ] && [ -z "$(ls tmp)" ] || fail "files were left behind: $(ls -R tmp)"
printf '#!/bin/sh\nexit 1\n' >fake/valgrind
simulators=$dir/fake refuse 'attn-bench: --sim needs valgrind, which cannot be started (No such file or directory); install it, on Debian with apt-get install valgrind' --sim "${tiny[@]}"

"$bench" "${tiny[@]}" --benchmark_dry_run >out 2>&1
if grep -q 'env.sanitizer: [^n]' out; then
    [ "$failures" -eq 0 ] || exit 1
    echo "a build with sanitizers does not run under valgrind"
    exit 77
fi

# ---- the same twice, and callgrind's files kept
for i in 1 2; do
    simulate "${tiny[@]}" --cache=cold,hot --sim_out=kept
    cp r.json "run$i.json"
done
rows run1.json "counts of a small case" '
cold, hot = rows
assert c["sim.tool"].startswith("callgrind of valgrind-"), c
assert c["sim.cache"].startswith("I1 and D1 32768 bytes 8 ways, LL 8388608 bytes 16 ways"), c
assert cold["sim_instructions"] > 1000 and cold["sim_dram_bytes"] >= cold["bytes"], cold
assert hot["sim_dram_bytes"] < cold["bytes"] / 8, hot
assert cold["sim_amplification"] * cold["bytes"] == cold["sim_dram_bytes"], cold
again = json.load(open("run2.json"))["benchmarks"]
for key in "sim_instructions", "sim_dram_bytes":
    assert [r[key] for r in rows] == [r[key] for r in again if r["run_type"] == "iteration"], key
'
file='kept/decode-online.auto-kv_f32-batch_1-heads_4-kv_heads_1-dim_64-context_64-real_time-threads_1.cg'
[ "$(find kept -name '*.cg' | wc -l)" -eq 2 ] && [ "$(find kept | wc -l)" -eq 3 ] &&
    grep -q '^fn=' "$file" || fail "--sim_out: $(ls kept)"
[ -z "$(ls tmp)" ] || fail "files were left behind: $(ls -R tmp)"

# A file of rows that were simulated in other caches, or not at all, cannot be gone on with.
refuse 'attn-bench: r.json cannot be resumed: its sim.cache is I1 and D1 32768 bytes 8 ways, LL 8388608 bytes 16 ways, lines of 64, here it is I1 and D1 32768 bytes 8 ways, LL 1048576 bytes 16 ways, lines of 64' \
    --sim --sim_cache=32K+1M --threads=1 "${tiny[@]}" --resume=r.json
touch file
refuse 'attn-bench: --sim_out: file is not a folder that can be written to' --sim --sim_out=file
refuse 'attn-bench: cannot make a folder for the counts, no/such: No such file or directory' \
    --sim --sim_out=no/such
TMPDIR=/nonexistent refuse 'attn-bench: cannot make a folder for the counts in /nonexistent: No such file or directory' --sim "${tiny[@]}"

# ---- Ctrl-C ends a simulation as well
python3 - "$bench" <<'PYTHON' || fail "SIGINT"
import os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "--sim", "--context=64K", "--kernel=online", "--threads=1",
                      "--benchmark_dry_run", "--benchmark_out=cut.json", "--sim_out=cut"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(1200):
    time.sleep(0.05)
    if os.path.isdir("cut") and os.listdir("cut"):
        break
p.send_signal(signal.SIGINT)
assert p.wait(20) == 130, p.returncode
PYTHON
! grep -q '"real_time": [1-9]' cut.json || fail "a case that was cut short looks finished: $(cat cut.json)"

# ---- what it is for
"$bench" --list_kernels >out
if ! awk '/^split\./ && !/not on this CPU/ { found = 1 } END { exit !found }' out; then
    [ "$failures" -eq 0 ] || exit 1
    echo passed, but this CPU has no kernel that takes a group at a time
    exit 0
fi
# An eighth of the caches and of the context: 4 MiB of KV heads each 1 MiB.
simulate --kernel=split,perhead --sim_cache=32K+256K --kv_type=f16 --heads=16 --kv_heads=4 \
    --dim=64 --context=4096
rows r.json "amplification" '
assert 0.9 <= at["split", 4]["sim_amplification"] <= 1.1, at["split", 4]
assert at["perhead", 4]["sim_amplification"] > 2, at["perhead", 4]
'
simulate --kernel=split --kv_type=f32 --heads=32 --kv_heads=32,8,1 --dim=64 --context=16384
rows r.json "MHA : GQA-8 : MQA" '
bytes = {g: at["split", g]["sim_dram_bytes"] for g in (32, 8, 1)}
print(bytes)
for g in 32, 8:
    assert abs(bytes[g] / bytes[1] / g - 1) <= 0.03, (g, bytes)
'

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
echo passed
