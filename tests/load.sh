#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Kernels from shared objects: the two examples run beside ours, and for every lie of
# tests/plugins/liar.c there is a sentence and no crash. Takes attn-bench and the directory of the
# shared objects; measures next to nothing.
set -u -o pipefail
bench=$(realpath "$1")
plugins=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cp "$plugins"/{scalar,adapter,liar,undefined}.so . || exit 1
cp "$plugins"/liblanes.so . || exit 1
export LD_LIBRARY_PATH=$dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
failures=0
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

tiny=(--heads=4 --kv_heads=2 --dim=16 --context=37 --kv_type=f32 --threads=2 --cache=hot
    --benchmark_min_time=1x --benchmark_repetitions=2)

# refuse LIE "the sentence" ARGS...: status 1, that line alone on stderr, nothing on stdout.
refuse() {
    local lie=$1 sentence=$2 status=0
    shift 2
    LIE=$lie "$bench" --load_timeout=5 "$@" >out 2>err || status=$?
    [ "$status" -eq 1 ] || fail "$lie: status $status"
    [ ! -s out ] || fail "$lie: wrote to stdout: $(head -c 200 out)"
    [ "$(cat err)" = "attn-bench: $sentence" ] ||
        fail "$lie: said: $(cat err)"$'\n'"  instead of: attn-bench: $sentence"
}

# run LIE ARGS...: status 0, results in out.json.
run() {
    local lie=$1 status=0
    shift
    LIE=$lie "$bench" "${tiny[@]}" --benchmark_out=out.json "$@" >out 2>err || status=$?
    [ "$status" -eq 0 ] || fail "$lie: status $status: $(tail -n 3 err)"
}

# row LIE "the sentence": an error row that says so, and no time in it; ref, which comes after it,
# is right.
row() {
    local lie=$1 sentence=$2
    rm -f out.json
    run "$lie" --load=liar.so --load_timeout="${3:-20}" --kernel=liar,ref ${extra[@]+"${extra[@]}"}
    python3 - "$sentence" <<'PYTHON' || fail "$lie: $(grep -h message out.json)"
import json, re, sys
rows = json.load(open("out.json"))["benchmarks"]
must_fail = "when asked whether" in sys.argv[1]
liars = [r for r in rows if r["name"].startswith("decode/liar/")]
ours = [r for r in rows if r["name"].startswith("decode/ref/")]
assert len(liars) == 1 and len(ours) > 1, (len(liars), len(ours))
assert not any("error_occurred" in r for r in ours), "ours suffers"
said = liars[0].get("error_message", "" if must_fail else liars[0].get("skip_message", ""))
assert re.search(sys.argv[1], said), said
assert not liars[0].get("real_time"), liars[0]
PYTHON
}

# ---- what a shared object may be
refuse '' "--load: nowhere.so: No such file or directory" --load=nowhere.so
echo "int main" >text.so
refuse '' "--load: text.so: cannot be loaded: ./text.so: file too short" --load=text.so
refuse '' "--load: .: cannot be loaded: ./.: cannot read file data: Is a directory" --load=.
refuse '' "--load: liblanes.so: exports no attn_plugin; include kernels/kernel.h and write \
ATTN_PLUGIN(&kernel) at its end" --load=scalar.so,liblanes.so
refuse '' "--load: undefined.so: cannot be loaded: ./undefined.so: undefined symbol: \
nobody_has_this" --load=undefined.so
refuse '' '--load: the value is empty; give SO,...' --load=
refuse '' '--load: "scalar.so,,liar.so" has an empty place' --load=scalar.so,,liar.so
refuse '' '--load: ./scalar.so: there is a kernel scalar already; give it another name' \
    --load=scalar.so,./scalar.so
refuse '' '--kernel: no kernel is called "scaler"; did you mean scalar?' --load=scalar.so \
    --kernel=scaler
refuse '' '--sim counts the kernels of this build alone; leave --load out' --sim --load=scalar.so
refuse '' '--load_timeout: 0 is too small, the smallest is 1' --load_timeout=0

# ---- what it may say of itself
header="compile it again with the header of this program"
refuse abi "--load: liar.so: made for version 2 of kernels/kernel.h, this program has version 1; \
$header" --load=liar.so
refuse plugin_without_size "--load: liar.so: the struct_size of attn_plugin is 0 and not 48; write \
ATTN_PLUGIN(&kernel), with the header of this program" --load=liar.so
refuse newer_plugin "--load: liar.so: compiled with a newer kernels/kernel.h than this program \
(attn_plugin has 56 bytes there and 48 here); $header" --load=liar.so
for lie in newer_args other_kv; do
    LIE=$lie "$bench" --load=liar.so >out 2>err && fail "$lie was accepted"
    grep -q "^attn-bench: --load: liar.so: compiled with another kernels/kernel.h .*$header\$" err ||
        fail "$lie: $(cat err)"
done
# What its header did not know it must not be asked; what it did know it is.
run older_args --load=liar.so --kernel=liar
grep -q '"error_occurred"' out.json && fail "older_args: $(grep error_message out.json)"
extra=(--rel_bias=on)
row older_args 'liar: compiled with a header that did not have rel_bias yet; compile it again'
row '' 'wrong result before timing: '
extra=()
refuse no_kernel '--load: liar.so: exports no kernel' --load=liar.so
refuse taken_name '--load: liar.so: there is a kernel ref already; give it another name' \
    --load=liar.so
refuse bad_name '--load: liar.so: kernel 1 has a name that is not made of a-z, 0-9 and _, or is too long' \
    --load=liar.so
refuse escape '--load: liar.so: kernel liar has no summary, or one with control characters' \
    --load=liar.so
refuse ceiling '--load: liar.so: kernel liar is no rung; an oracle or a ceiling from outside would judge itself' \
    --load=liar.so
refuse unknown_type '--load: liar.so: kernel liar reads no type, or one this program does not know; see ATTN_TYPE_BIT' \
    --load=liar.so
refuse excuse '--load: liar.so: kernel liar has an error_factor that is not between 0 and 2048' \
    --load=liar.so
refuse excuse_levels '--load: liar.so: kernel liar has q_levels that are neither 0 nor at least 7' \
    --load=liar.so
refuse excuse_weights '--load: liar.so: kernel liar has p_levels that are neither 0 nor at least 7' \
    --load=liar.so
refuse excuse_tokens '--load: liar.so: kernel liar has p_tokens that are not between 1 and 4096 beside p_levels, 0 without' \
    --load=liar.so
LIE=no_size "$bench" --load=liar.so >out 2>err && fail "no_size was accepted"
grep -q '^attn-bench: --load: liar.so: the struct_size of kernel 1 is 0 and not [0-9]*; set it' err ||
    fail "no_size: $(cat err)"
refuse no_phase '--load: liar.so: kernel liar has no phase to call' --load=liar.so

# ---- what it may do while it is loaded, asked, and unloaded
refuse crash_at_load '--load: liar.so: crashed (SIGSEGV) when it was loaded' --load=liar.so
refuse exit_at_load '--load: liar.so: ended the whole process (exit status 7) when it was loaded' \
    --load=liar.so
refuse hang_at_load '--load: liar.so: did not return within 1 s when it was loaded' \
    --load=liar.so --load_timeout=1
asked='when asked whether it can do this$'
row crash_in_supports "liar.so: crashed \(SIGSEGV\) $asked"
row exit_in_supports "liar.so: ended the whole process \(exit status 4\) $asked"
row crash_in_first_size "liar.so: crashed \(SIGSEGV\) $asked"
row hang_in_supports "liar.so: did not return within 1 s $asked" 1
grep -q 'no case runs a kernel' err && fail "hang_in_supports: $(cat err)"
run crash_in_first_size --load=liar.so --kernel=liar --plan
run crash_in_supports --load=liar.so --kernel=liar --phase=layer --width=64 --ffn=128
grep -q '"error_message": "liar.so: crashed (SIGSEGV) when asked' out.json ||
    fail "crash_in_supports of layers: $(grep message out.json)"
for lie in crash_at_unload hang_at_unload; do
    run $lie --load=liar.so --kernel=liar --load_timeout=2
    grep -q "liar.so: .* when it was unloaded again; it stays loaded to the end" err || fail "$lie: $(cat err)"
    grep -q '"error_occurred"' out.json && fail "$lie: an error row"
done

# ---- what it may do in a call
row far_past "liar.so: reached outside the output \(SIGSEGV\)"
row one_past "liar.so: reached outside the output \(SIGSEGV\)"
extra=(--dim=15) # now the output ends between two addresses of 64 bytes
row one_past "liar.so: wrote past the end of the output"
extra=()
row one_before "liar.so: wrote before the beginning of the output"
row transposed_shape "liar.so: reached outside the output \(SIGSEGV\)"
row scratch_past "liar.so: reached outside the scratch memory it had asked for \(SIGSEGV\)"
row write_cache "liar.so: wrote into the KV cache, which it may only read \(SIG"
row write_query "liar.so: wrote into its arguments, which it may only read"
row crash_in_call "liar.so: crashed \(SIGSEGV\)"
row abort_in_call "liar.so: crashed \(SIGABRT\)"
row use_up_stack "liar.so: crashed \((SIGSEGV|Segmentation fault)\)"
row exit_in_call "liar.so: ended the whole process \(exit status 3\)"
row hang_in_call "liar.so: did not return within 1 s when tried in" 1
row fail_to_prepare "liar.so: failed to prepare the cache \(-5\)"
row want_everything 'asks for 16 EiB of its scratch memory, which is not there'
row want_too_much 'needs .* of memory|asks for .* of its scratch memory, which is not there'
row fickle 'liar.so: asks for another size of its scratch memory each time it is asked'
row wrong 'wrong result before timing: sequence 0, query 0, head 3, element 15 '
row half 'wrong result before timing: .* is -?nan '
row wrong_later 'wrong result after timing: '
row one_past_later 'wrote past the end of the output in a later call'
row one_before_later 'wrote before the beginning of the output in a later call'
row scratch_past_later 'wrote past the end of its scratch memory in a later call'
row write_cache_later 'wrote into the KV cache, which it may only read'

# Excuses as large as they may be; outputs are small here, their bounds are not.
long=(--heads=8 --kv_heads=2 --dim=64 --context=8192)
whole='wrong result before timing: a row as a whole is off by .* of its length'
extra=("${long[@]}" --kv_type=f16)
LIE_FACTOR=2048 row zeros "wrong result before timing: "
LIE_FACTOR=2048 row half_of_tokens "wrong result before timing: "
LIE_FACTOR=2048 LIE_Q=7 LIE_P=7 row zeros "$whole"
LIE_FACTOR=2048 LIE_Q=127 LIE_P=255 row half_of_tokens "$whole"
extra=("${long[@]}" --kv_type=i8)
LIE_Q=127 row zeros "$whole"
LIE_Q=127 LIE_P=255 row zeros "$whole"
LIE_Q=7 LIE_P=7 row zeros "$whole"
LIE_Q=127 LIE_P=255 row half_of_tokens "$whole"
run '' --load=liar.so --kernel=liar "${extra[@]}"
grep -q '"error_occurred"' out.json && fail "honest on i8: $(grep error_message out.json)"
extra=()

# Cases that are set up together share a cache, which grows after the first of them was sealed.
together=(--context=37,3000 --benchmark_enable_random_interleaving=true)
run '' --load=scalar.so --kernel=scalar,ref "${together[@]}"
grep -q '"error_occurred"' out.json && fail "honest together: $(grep error_message out.json)"
run write_cache_later --load=liar.so --kernel=liar,ref "${together[@]}"
grep -q 'wrote into the KV cache, which it may only read' out.json ||
    fail "write_cache_later together: $(grep error_message out.json)"

# Files are named from where the program was started.
mkdir elsewhere
for lie in go_elsewhere go_elsewhere_later; do
    rm -f out.json
    LIE_FILE=$dir/elsewhere run $lie --load=liar.so --kernel=liar,ref
    [ -s out.json ] || fail "$lie: took the results along"
done

# Its first answer holds for a case.
run fickle_in_program --load=liar.so --kernel=liar,ref
grep -q '"error_occurred"' out.json && fail "fickle_in_program: $(grep error_message out.json)"

# ---- what only the program itself finds out: it ends, and says who ended it
status=0
{ LIE=crash_later "$bench" "${tiny[@]}" --load=liar.so --kernel=liar --benchmark_out=out.json \
    >out 2>err; } 2>shell || status=$?
[ $status -gt 128 ] || fail "crash_later: status $status"
grep -q '^attn-bench: liar.so crashed in decode/liar/.*; rows finished before that are in the' err ||
    fail "crash_later: $(cat err)"

# ends LIE "the line that says so, a pattern" ARGS...: status 1, and what was finished is kept.
ends() {
    local lie=$1 sentence=$2 status=0
    shift 2
    rm -f out.json
    LIE=$lie timeout -s KILL 60 "$bench" "${tiny[@]}" --load=liar.so --load_timeout=1 --kernel=ref,liar \
        --benchmark_out=out.json "$@" >out 2>err || status=$?
    [ $status -eq 1 ] || fail "$lie: status $status"
    grep -q "^attn-bench: $sentence" err || fail "$lie: $(cat err)"
    [ ! -s out.json ] || python3 -c 'import json; json.load(open("out.json"))' ||
        fail "$lie: half a file"
}
ends hang_in_program 'liar.so did not return within 1 s in decode/liar/'
ends hang_later 'liar.so did not return within 1 s in decode/liar/'
for lie in hang_deaf_later stop_later; do
    ends $lie 'liar.so did not return within 1 s in decode/liar/.*; rows finished before that are in'
    [ "$(grep -c '"name": "decode/ref/' out.json)" -gt 1 ] || fail "$lie: took rows with it"
done
ends hang_in_second_load 'liar.so did not return within 1 s while it was loaded'
hanging='liar.so did not return within 1 s when asked how much memory it needs in decode/liar/'
ends hang_in_size "$hanging"
ends hang_in_size "$hanging" --plan
ends hang_in_steps 'liar.so did not return within 1 s in layer/liar/' --phase=layer \
    --width=64 --ffn=128 --benchmark_min_time=50x
ended='liar.so ended the whole process (exit status 0)'
for lie in exit_later quick_exit_later exit_past_handlers_later; do
    ends $lie "$ended in decode/liar/.*; rows finished before that are in the result file"
    [ "$(grep -c '"name": "decode/ref/' out.json)" -gt 1 ] || fail "$lie: took rows with it"
done
ends exit_in_size "$ended when asked how much memory it needs in decode/liar/"
ends exit_in_second_load 'liar.so ended the whole process (exit status 7) while it was loaded'
status=0
{ LIE=kill_later "$bench" "${tiny[@]}" --load=liar.so --kernel=liar >out 2>err; } 2>shell ||
    status=$?
[ $status -eq 137 ] || fail "kill_later: status $status"
grep -q '^attn-bench: the whole process was ended (Killed); called last was liar.so in decode/' err ||
    fail "kill_later: $(cat err)"

# ---- what it starts ends with the run
LIE_FILE=somebody run leave_somebody --load=liar.so --kernel=liar
kill -0 "$(cat somebody)" 2>/dev/null && fail "what a plug-in has started outlives the run"

# ---- a program that waits for another is still one
# start ARGS...: a run that goes on; its process is $pid, the one that works $worker.
start() {
    rm -f out.json err
    LIE='' "$bench" "${tiny[@]}" --load=liar.so --kernel=ref,liar --benchmark_out=out.json \
        --benchmark_repetitions=100000 --benchmark_min_time=0.05s "$@" >out 2>err &
    pid=$!
    for _ in $(seq 200); do
        grep -qs '^Load Average' err && break # measuring begins
        sleep 0.1
    done
    worker=$(pgrep -P $pid -o)
}
state() { sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null || echo gone; }
# becomes PID STATES: within a few seconds.
becomes() {
    for _ in $(seq 100); do
        [[ " $2 " == *" $(state "$1") "* ]] && return
        sleep 0.1
    done
    fail "process $1 is $(state "$1") and should be one of $2"
}
# A signal to the program alone, the way of a script; SIGINT is ignored in what a script starts.
for signal in 15:TERM 1:HUP 2:INT; do
    start
    status=0
    kill -"${signal#*:}" $pid
    wait $pid || status=$?
    [ $status -eq $((128 + ${signal%:*})) ] || fail "SIG${signal#*:}: status $status"
    python3 -c 'import json; assert "benchmarks" in json.load(open("out.json"))' ||
        fail "SIG${signal#*:}: no results"
    grep -q '^attn-bench: .*ended' err && fail "SIG${signal#*:}: $(cat err)"
done
start
kill -TSTP $pid
becomes $pid T
becomes "$worker" T
kill -CONT $pid
becomes $pid 'S R'
becomes "$worker" 'S R'
kill -KILL $pid
{ wait $pid; } 2>shell
becomes "$worker" gone

# ---- an honest one prints what it likes to stderr's account, and results stay JSON
# stdbuf is loaded ahead of a sanitizer, which would rather be first.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
for buffer in L 0 65536; do
    for phase in decode "layer --width=64 --ffn=128"; do
        # shellcheck disable=SC2086
        LIE=print stdbuf -o$buffer "$bench" "${tiny[@]}" --load=liar.so --kernel=liar,ref \
            --benchmark_format=json --phase=$phase >out 2>err || fail "print: $(cat err)"
        python3 -c 'import json; json.load(open("out"))' ||
            fail "print, buffer $buffer, $phase: stdout is not JSON"
        grep -q '^a library that talks' err || fail "print: what it said is lost"
    done
done
LIE=print "$bench" "${tiny[@]}" --load=liar.so --kernel=liar --benchmark_out=/dev/stdout \
    --benchmark_format=csv --plan >out 2>err || fail "print, plan: $(cat err)"
grep -q talks out && fail "print: in the plan"

# ---- the examples beside ours
run '' --load=scalar.so,adapter.so --kernel=best,scalar,peer_lanes --kv_type=f32,f16 \
    --kv_heads=1,2,4 --threads=1,2
python3 - <<'PYTHON' || fail "the examples: $(cat err)"
import json
result = json.load(open("out.json"))
assert result["context"]["load"] == "scalar.so,adapter.so", result["context"].get("load")
rows = [r for r in result["benchmarks"] if r["run_type"] == "iteration"]
assert not any("error_occurred" in r or "skipped" in r for r in rows)
for kernel in "scalar", "peer_lanes":
    mine = [r for r in rows if r["name"].startswith(f"decode/{kernel}/")]
    assert len(mine) == 2 * 3 * 2 * 2, len(mine)
    for r in mine:
        assert r["max_abs_error"] <= r["error_bound"], r
        assert r["ceiling_read_ns"] > 0, r
PYTHON
run '' --load=scalar.so --kernel='scal*' --layout=paged16,ring,token_major --window=8 --q_len=3
grep -q '"error_occurred"' out.json && fail "a layout: $(grep error_message out.json)"
"$bench" --load=scalar.so --list_kernels >out
grep -q '^scalar  *example of a kernel' out || fail "a loaded kernel is not listed"
"$bench" --load=scalar.so --plan --context=1K >out 2>err
grep -q 'no case runs a kernel of scalar.so; name them beside ours, as --kernel=best,scalar' err ||
    fail "a loaded kernel that no case runs: $(cat err)"
run '' --load=scalar.so --kernel=scalar --softcap=20
grep -q '"scalar: softcap, biases and sinks are left out of this example"' out.json ||
    fail "supports(): $(grep message out.json)"

[ $failures -eq 0 ] && echo "all is well"
exit $((failures > 0))
