#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-bench from outside: every kind of bad input (one line on stderr, status 1, nothing on
# stdout), and what a run leaves behind when all goes well, when it is interrupted and when it is
# resumed. Takes the program as its argument; measures next to nothing.
set -u -o pipefail
bench=$(realpath "$1")
[ -x "$bench" ] || { echo "no program $bench"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
# Flags of the harness from the environment would change what is tested.
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# refuse "the sentence" ARGS...: status 1, that line alone on stderr, nothing on stdout.
refuse() {
    local sentence=$1 status=0
    shift
    "$bench" "$@" >out 2>err || status=$?
    [ "$status" -eq 1 ] || fail "$*: status $status"
    [ ! -s out ] || fail "$*: wrote to stdout: $(head -c 200 out)"
    [ "$(cat err)" = "$sentence" ] || fail "$*: said: $(cat err)"$'\n'"  instead of: $sentence"
}

# accept ARGS...: status 0, output in the files out and err.
accept() {
    local status=0
    "$bench" "$@" >out 2>err || status=$?
    [ "$status" -eq 0 ] || fail "$*: status $status: $(tail -n 3 err)"
}

json() { python3 -c "import json, sys; d = json.load(open(sys.argv[1])); $2" "$1"; }

tiny=(--heads=4 --kv_heads=2 --dim=16 --context=32 --threads=1 --cache=hot --kernel=ref
    --benchmark_min_time=1x)

# ---- bad input: numbers
refuse 'attn-bench: --heads: 0 is too small, the smallest is 1' --heads=0
refuse 'attn-bench: --heads: "-8" is not a whole number from 1 to 4096' --heads=-8
refuse 'attn-bench: --heads: "many" is not a whole number from 1 to 4096' --heads=many
refuse 'attn-bench: --heads: the value is empty' --heads=
refuse 'attn-bench: --heads needs a value; give --heads=32' --heads
refuse 'attn-bench: --batch: 99999999999999999999 is too large, the largest is 65536' \
    --batch=99999999999999999999
refuse 'attn-bench: --context: 128M is too large, the largest is 67108864' --context 128M
refuse 'attn-bench: --context: the range "1-8" does not say its step; write 1-8+1 or 1-8*2' --context=1-8
refuse 'attn-bench: --context: the range "8-1+1" is empty, its end is below its beginning' \
    --context=8-1+1
refuse 'attn-bench: --threads: 2000 is too large, the largest is 1024' --threads=2000
refuse 'attn-bench: no combination can be run: kv_heads 5 does not divide heads 32' --kv_heads=5
refuse 'attn-bench: no combination can be run: kv_heads 5 does not divide heads 32 (the first of them)' \
    --kv_heads=5,7
refuse 'attn-bench: no combination can be run: q_len 8 is more than the context of 4 tokens, which includes it' \
    --q_len=8 --context=4
refuse 'attn-bench: no combination can be run: the ring layout keeps one window of tokens: give a window' \
    --layout=ring

refuse 'attn-bench: --scale: "1e-300" is neither auto nor a number above 0, up to 1e6' --scale=1e-300
refuse 'attn-bench: --softcap: "1e-300" is not a number from 0 to 1e6' --softcap=1e-300
refuse 'attn-bench: --benchmark_repetitions: 0 is too small, the smallest is 1' \
    --benchmark_repetitions=0

# ---- bad input: words
refuse 'attn-bench: unknown option --; --help lists them all' --=3
refuse 'attn-bench: --kernel: no kernel matches "two?lines"; --list_kernels shows them all' \
    --kernel=$'two\nlines'
refuse 'attn-bench: --kv_type: "+f16" lacks a type beside its +; write f16+i8' --kv_type=+f16
refuse 'attn-bench: unknown option --kv_hads; did you mean --kv_heads?' --kv_hads=8
refuse 'attn-bench: unknown option --benchmark_filtr; did you mean --benchmark_filter?' \
    --benchmark_filtr=x
refuse 'attn-bench: unexpected argument "quick"; options are spelled --name=value' quick
refuse 'attn-bench: --kernel: no kernel is called "onlin"; did you mean online?' --kernel=onlin
refuse 'attn-bench: --kernel: no kernel matches "x*y"; --list_kernels shows them all' --kernel='x*y'
refuse 'attn-bench: --kv_type: "f15" is none of f32, f16, bf16, i8, i4, e4m3, e5m2, i8c, i4c; did you mean f16?' \
    --kv_type=f15
refuse 'attn-bench: --prefetch: "9" is neither auto nor none nor a number from 1 to 4' --prefetch=9
refuse 'attn-bench: --layout: "paged99999": a page has from 1 to 65536 tokens' --layout=paged99999
refuse 'attn-bench: --pages: "huge" is none of 4k, thp, hugetlb' --pages=huge
printf '5 1 1\n4 1 1\n' >backwards.txt
refuse 'attn-bench: --trace: backwards.txt:2: time goes backwards: this request arrives at step 4, the one before it at 5' \
    --phase=generate --trace=backwards.txt
printf '0 9 8\n' >long.txt
refuse 'attn-bench: long.txt:1: 9 tokens of prompt and 8 of output are more than the context of 16' \
    --phase=generate --trace=long.txt --context=16
refuse 'attn-bench: --trace: cannot read the trace none.txt: No such file or directory' \
    --phase=generate --trace=none.txt
refuse 'attn-bench: --load: ./mine.so: No such file or directory' --load=./mine.so
refuse 'attn-bench: --counters: "requir" is none of auto, off, require; did you mean require?' \
    --counters=requir
refuse 'attn-bench: --counters=off and --benchmark_perf_counters contradict each other; give one of them' \
    "${tiny[@]}" --counters=off --benchmark_perf_counters=page-faults
refuse 'attn-bench: --benchmark_perf_counters: no event is called "page-fautls"; did you mean page-faults?' \
    "${tiny[@]}" --benchmark_perf_counters=page-fautls
refuse 'attn-bench: --benchmark_perf_counters: "page-faults," lacks a name beside a comma' \
    "${tiny[@]}" --benchmark_perf_counters=page-faults,
refuse 'attn-bench: --benchmark_perf_counters: r065 is one event too many; 64 can be counted in a run' \
    "${tiny[@]}" --benchmark_perf_counters="$(printf ',r%03d' $(seq 66) | cut -c2-)"
refuse 'attn-bench: --counters=require: none/event=1,umask=2/ is absent: this machine has no PMU none' \
    "${tiny[@]}" --counters=require --benchmark_perf_counters=none/event=1,umask=2/

# ---- bad input: suites, models, files
refuse 'attn-bench: cannot read the suite ./none.sweep: No such file or directory' \
    --suite=./none.sweep
printf '[a]\ncontext = 0\n' >bad.sweep
refuse 'attn-bench: bad.sweep:2: context: 0 is too small, the smallest is 1' --suite=bad.sweep
printf '[a]\n= 3\n' >keyless.sweep
refuse 'attn-bench: keyless.sweep:2: "= 3" lacks its key' --suite=keyless.sweep
printf '# nothing\n' >empty.sweep
refuse 'attn-bench: empty.sweep: the suite has no [block]' --suite=empty.sweep
"$bench" --suite=qick >out 2>err
grep -q '^attn-bench: no suite is called "qick"; did you mean quick? There are ' err ||
    fail "--suite=qick: $(cat err)"
for bad in '{' '[]' '{"num_attention_heads": 8}' '{"num_attention_heads": 0, "hidden_size": 64}'; do
    echo "$bad" >config.json
    status=0
    "$bench" --model=config.json >out 2>err || status=$?
    [ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] ||
        fail "--model with $bad: status $status, $(cat err)"
done
refuse 'attn-bench: --model: ./none/config.json: No such file or directory' --model=./none/config.json
refuse 'attn-bench: ./none.json: No such file or directory' "${tiny[@]}" --resume=./none.json

# ---- bad input: flags of the harness
for bad in --benchmark_min_time=soon --benchmark_repetitions=-1 --benchmark_format=xml \
    "--benchmark_filter=(" --benchmark_out=/nonexistent/r.json; do
    status=0
    "$bench" "${tiny[@]}" "$bad" >out 2>err || status=$?
    [ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] ||
        fail "$bad: status $status, stdout $(wc -c <out) bytes, stderr: $(cat err)"
done
[ ! -e /nonexistent ] || fail "made /nonexistent"

# ---- a result must not take the place of what it was made from
printf '\357\273\277[a]\r\nheads = 4\r\nkv_heads = 2\r\n' >windows.sweep
refuse 'attn-bench: --benchmark_out=./windows.sweep would overwrite the suite; give another file' \
    --suite=windows.sweep --benchmark_out=./windows.sweep
accept --suite=windows.sweep --plan
echo '{"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}' >config.json
refuse 'attn-bench: --benchmark_out=config.json would overwrite the description of the model; give another file' \
    --model=./config.json --benchmark_out=config.json
refuse 'attn-bench: --benchmark_out and --benchmark_dump_samples are one file, one; give two' \
    "${tiny[@]}" --benchmark_out=one --benchmark_dump_samples=one
[ ! -e one ] || fail "left a file behind"

# ---- what there is
accept -h
accept --help
grep -q -- '--kv_heads=8 ' out && grep -q -- '--benchmark_filter=' out || fail "--help"
accept --version
grep -Eq '^attn-bench [0-9]+\.[0-9]+\.[0-9]+' out || fail "--version: $(cat out)"
accept --list_kernels
grep -q '^ref ' out || fail "--list_kernels"
accept --list_suites
for suite in quick decode ceilings amplification quant generate; do
    grep -q "^$suite " out || fail "--list_suites lacks $suite"
done
XDG_CACHE_HOME=$dir accept --machine --benchmark_dry_run
grep -q '^CPU ' out || fail "--machine"

# ---- a plan runs nothing
accept "${tiny[@]}" --plan --benchmark_out=plan.json
grep -q '1 cases\? of 1 problems\?' out || fail "--plan: $(cat out)"
[ ! -e plan.json ] || fail "--plan left a result file"
accept --plan --kv_heads=8,5 --context=512
grep -q '^attn-bench: 1 combination dropped: kv_heads 5 does not divide heads 32$' err ||
    fail "one line about what was dropped: $(cat err)"
# All that the papers on shared heads measured, attention and steps, in one suite.
accept --suite=paper --plan
for shape in 'decode/.*/heads:64/kv_heads:1/dim:64/' 'decode/.*/batch:128/heads:8/kv_heads:1/dim:128/' \
    'model/.*/heads:64/kv_heads:64/dim:64/.*/form:t5/' 'model/.*/heads:64/kv_heads:1/dim:64/.*/form:t5/' \
    'model/.*/heads:8/kv_heads:8/dim:128/.*/form:t5/' 'model/.*/kv_heads:1/dim:128/.*/window:32/' \
    'layer/.*/batch:1/heads:32/kv_heads:32/' 'layer/.*/batch:16/heads:32/kv_heads:1/'; do
    grep -q " $shape" out || fail "suite paper has no $shape"
done

# ---- with a trace the context is room, and the row says what was reached of it
printf '0 9 3\n1 20 5\n' >requests.txt
accept --phase=generate --trace=requests.txt --heads=4 --kv_heads=2 --dim=16 --width=64 --ffn=64 \
    --layers=1 --vocab=50 --context=64 --threads=1 --kernel=online --benchmark_min_time=1x \
    --benchmark_repetitions=1 --counters=off --benchmark_out=generated.json
json generated.json 'assert [r["longest"] for r in d["benchmarks"]] == [20 + 5]' ||
    fail "the longest sequence of a trace"

# ---- spelling
accept --kv-heads 2 --heads 4 --dim=16 --context=32 --threads 1 --cache=hot --kernel=ref \
    --benchmark-min-time 1x --benchmark-list-tests
want=decode/ref/kv:f16/batch:1/heads:4/kv_heads:2/dim:16/context:32/cache:hot/real_time/threads:1
[ "$(cat out)" = "$want" ] || fail "names: $(cat out)"

# ---- a run
accept "${tiny[@]}" --seed=7 --benchmark_format=json --benchmark_out=r.json
[ ! -s err ] || fail "stderr is not silent under JSON: $(cat err)"
for file in out r.json; do
    json $file '
c, rows = d["context"], d["benchmarks"]
assert c["seed"] == "7" and c["attnbench_schema"] == "1" and "7 modelled: " in c["byte_sources"], c
assert "--seed=7" in c["command_line"] and c["git_commit"], c
assert [r["run_type"] for r in rows] == ["iteration"] * 5 + ["aggregate"] * 4, rows
r = rows[0]
assert r["name"] == "'$want'", r["name"]
assert r["threads"] == 1 and r["iterations"] == 1 and r["real_time"] > 0, r
assert r["kv_bytes"] == 2 * 32 * 2 * 16 * 2 and r["copies"] == 1, r
assert r["bytes"] == r["kv_bytes"] + 2 * 4 * 16 * 4, r
assert r["flops"] == 2 * 4 * (16 + 16) * 32, r
assert 0 <= r["max_abs_error"] <= r["error_bound"], r
' || fail "rows of $file"
done

accept "${tiny[@]}" --seed=1K --benchmark_format=json \
    "--benchmark_filter=$(printf 'x%.0s' {1..5000})|decode"
json out 'assert d["context"]["seed"] == "1024", d["context"]["seed"]' || fail "--seed=1K"

# ---- at a terminal: what the names share once, then a column for each key that varies
python3 - "$bench" "${tiny[@]}" <<'PYTHON' || fail "the table"
import os, pty, sys
out = b""
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:] + ["--kv_heads=4,2", "--kv_type=i8,f16", "--kernel=ceil_idot.c"])
while True:
    try:
        part = os.read(fd, 65536)
    except OSError:
        break
    if not part:
        break
    out += part
assert os.waitpid(pid, 0)[1] == 0
lines = [l.rsplit("\x1b[K", 1)[-1].strip() for l in out.decode().strip().split("\n")]
table = lines[lines.index("decode/ceil_idot.c/batch:1/heads:4/dim:16/context:32/cache:hot/real_time/threads:1"):]
assert table[2].split() == ["kv", "kv_heads", "time", "spread", "GB/s", "ceiling"], table[2]
assert [l.split()[:2] for l in table[3:7]] == [["i8", "4"], ["i8", "2"], ["f16", "4"], ["f16", "2"]], table
assert "skipped: ceil_idot.c does not read a K cache of f16" in table[5], table[5]
assert "nothing was kept" in lines[-1], lines[-1]
PYTHON

# ---- a kernel that does not split is not run under the name of one that does
accept "${tiny[@]}" --kernel=naive.c,ref,online.c --splits=2 --benchmark_repetitions=1 \
    --benchmark_out=r.json
json r.json '
skipped = {r["name"].split("/")[1]: r["skip_message"] for r in d["benchmarks"] if r.get("skipped")}
assert skipped == {k: k + " lets nobody choose its splits" for k in ("naive.c", "ref")}, skipped
ran = [r for r in d["benchmarks"] if "splits_used" in r]
assert ran and all("/online.c/" in r["name"] and r["splits_used"] == 2 for r in ran), ran
' || fail "splits of a kernel that has none"

# ---- what a glob could not run: the first, why, and how many more
accept "${tiny[@]}" --kernel='ceil_idot.c*' --kv_type=i8,f16 --benchmark_repetitions=1
grep -q 'not every kernel of a glob could run: ceil_idot.c does not read a K cache of f16$' err ||
    fail "the kernel of a glob: $(cat err)"
accept "${tiny[@]}" --kernel='ceil_idot.c*' --kv_type=i8,f16,f32,bf16 --plan
grep -q ' ceil_idot.c does not read a K cache of f16; and 2 more$' err ||
    fail "the kernels of a glob: $(cat err)"

# ---- pages much larger than the context are not copied whole
accept --kernel=online.c --layout=paged65536 --context=64 --plan
grep -Eq ' [0-9.]+ (MiB|GiB) .*online.c' out && ! grep -Eq ' [0-9]{2,}[0-9.]* GiB .*online.c' out ||
    fail "memory of large pages: $(cat out)"

# ---- ceilings stand beside rungs
accept "${tiny[@]}" --kernel=online.c --benchmark_repetitions=1 --benchmark_out=r.json
json r.json '
r, = d["benchmarks"]
best = max(r["ceiling_read_ns"], r["ceiling_fma_ns"])
assert abs(r["ceiling_fraction"] - best / r["real_time"]) < 1e-6 * r["ceiling_fraction"], r
' || fail "ceilings"

# ---- too large: a skip row that says how much, before anything is allocated
accept --context=64M --batch=16 --benchmark_out=r.json
json r.json '
r, = d["benchmarks"]
assert r["skipped"] and "needs" in r["skip_message"] and "free" in r["skip_message"], r
' || fail "a case larger than memory"

# Sanitizers need addresses without end.
if [ "$(ulimit -v)" = unlimited ] && grep -q '"env.sanitizer": "none"' r.json; then
    (
        ulimit -v 4000000
        accept "${tiny[@]}" --context=16M --heads=16 --kv_heads=16 --benchmark_out=r.json
        exit "$failures"
    ) && json r.json '
r, = d["benchmarks"]
assert r["skipped"] and "needs" in r["skip_message"] and "free" in r["skip_message"], r
' || fail "a case larger than ulimit -v"
fi
accept --context=64M --batch=16 --plan
grep -q ' skipped .*: more memory than is free$' out && grep -q '1 of them skipped' out ||
    fail "plan of a case larger than memory: $(cat out)"

# ---- resume: finished rows are taken over as they stand, the rest is run
accept "${tiny[@]}" --benchmark_repetitions=2 --benchmark_out=old.json
accept "${tiny[@]}" --context=32,64 --benchmark_repetitions=2 --resume=old.json \
    --benchmark_out=new.json
python3 - <<'PYTHON' || fail "resume"
import json
old, new = (json.load(open(f))["benchmarks"] for f in ("old.json", "new.json"))
assert new[:len(old)] == old, "rows were not taken over as they stand"
assert {r["run_name"] for r in new[len(old):]} == {old[0]["run_name"].replace(":32/cache", ":64/cache")}
PYTHON
"$bench" "${tiny[@]}" --seed=2 --resume=old.json >out 2>err
[ $? -eq 1 ] && grep -q '^attn-bench: old.json cannot be resumed: its seed is 1, here it is 2$' err ||
    fail "resume with another seed: $(cat err)"
echo '{"context": {}, "benchmarks": []}' >foreign.json
sed 's/"real_time": [0-9.e+-]*/"real_time": NaN/' old.json >nan.json
refuse 'attn-bench: nan.json cannot be resumed: it holds NaN or Infinity, which attn-bench never writes' \
    "${tiny[@]}" --resume=nan.json
sed 's/"real_time": [0-9.e+-]*/"real_time": -5/' old.json >negative.json
accept "${tiny[@]}" --benchmark_repetitions=2 --resume=negative.json --benchmark_out=new.json
json new.json 'assert all(r["real_time"] > 0 for r in d["benchmarks"] if "iterations" in r), d' ||
    fail "resume with times below zero"
accept "${tiny[@]}" --context=32,64 --benchmark_repetitions=2 --resume=old.json --plan
grep -Eq ' finished  decode/.*context:32/' out && grep -q ' 1 of them finished before; ' out ||
    fail "plan of the rest: $(cat out)"
refuse 'attn-bench: ./none.json: No such file or directory' "${tiny[@]}" --plan --resume=./none.json
# All of it is there: a document of what was finished, and no word of a filter.
accept "${tiny[@]}" --benchmark_repetitions=2 --resume=old.json --benchmark_format=json \
    --benchmark_out=new.json
[ ! -s err ] || fail "resume of a finished run: $(cat err)"
python3 -c '
import json
assert len({str(json.load(open(f))["benchmarks"]) for f in ("old.json", "new.json", "out")}) == 1
' || fail "resume of a finished run"
refuse 'attn-bench: foreign.json was not written by attn-bench' "${tiny[@]}" --resume=foreign.json

# ---- Ctrl-C: the file is whole, the status says so
# (Python starts it, because a shell's background jobs ignore the signal.)
python3 - "$bench" "${tiny[@]}" <<'PYTHON' || fail "SIGINT"
import json, os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:] + ["--context=32-512*2", "--benchmark_min_time=0.5s",
                                     "--benchmark_repetitions=1", "--benchmark_out=cut.json"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(600):
    time.sleep(0.05)
    if os.path.exists("cut.json"):
        break
p.send_signal(signal.SIGINT)
assert p.wait(60) == 130, p.returncode
d = json.load(open("cut.json"))
assert "context" in d and len(d["benchmarks"]) < 5, len(d["benchmarks"])
PYTHON

# ---- a reader that goes away: said once, and the file is whole
python3 - "$bench" "${tiny[@]}" <<'PYTHON' || fail "a reader that goes away"
import json, os, subprocess, sys
p = subprocess.Popen(sys.argv[1:] + ["--context=32-96+32", "--benchmark_min_time=0.2s",
                                     "--benchmark_repetitions=1", "--benchmark_out=piped.json"],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
os.read(p.stdout.fileno(), 10)
p.stdout.close()
said = p.stderr.read().decode()
assert p.wait() == 1, p.returncode
assert said.count("error: cannot write the results: Broken pipe\n") == 1, said
assert len(json.load(open("piped.json"))["benchmarks"]) == 3
PYTHON

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
echo passed
