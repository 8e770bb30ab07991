#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The adapter for ggml without ggml: built by its script against the stand-in in tests/ggml, once as
# a ggml of today and once as that of ik_llama.cpp, then run beside our oracle. Arguments:
# attn-bench, then the compiler, word by word.
set -u -o pipefail
bench=$(realpath "$1")
shift
tests=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
for name in $(env | grep -o '^BENCHMARK_[A-Z_]*'); do unset "$name"; done
unset STANDIN_THREADS STANDIN_LIES
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# ---- two places where a ggml is installed
printf '#!/bin/sh\nexec' >cc && printf ' %q' "$@" >>cc && echo ' "$@"' >>cc && chmod +x cc
export CC=$dir/cc
library() { # prefix, name, sources
    local prefix=$1 name=$2
    shift 2
    ./cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -shared -fPIC -I "$tests/.." \
        -isystem "$prefix/include" "${@/#/$tests/ggml/}" -o "$prefix/lib/lib$name.so" -lm ||
        { echo "FAIL: $name does not compile"; exit 1; }
}
mkdir -p new/{include,lib} ik/{include,lib}
cp "$tests"/ggml/*.h new/include
cp "$tests/ggml/ggml.h" ik/include
library new ggml-base base.c
library new ggml-cpu cpu.c
library ik ggml base.c cpu.c
touch new/lib/libggml.so
for prefix in new ik; do
    "$tests/../scripts/peers/ggml.sh" --prefix="$dir/$prefix" >out 2>err ||
        fail "$prefix: $(cat err)"
    [ ! -s err ] || fail "$prefix: the adapter compiles with warnings: $(cat err)"
done
[ -f peer_ggml.so ] && [ -f peer_ik.so ] || { echo "FAIL: no adapter"; exit 1; }
"$tests/../scripts/peers/ggml.sh" --prefix="$dir/new" --name=mine -o mine.so >/dev/null ||
    fail "another name"
"$bench" --load=mine.so --list_kernels >out 2>err
grep -q '^mine_q ' out || fail "a name of one's own: $(cat err)"

tiny=(--batch=2 --heads=8 --kv_heads=2 --dim=64 --context=96 --threads=1 --cache=hot
    --benchmark_min_time=1x --benchmark_repetitions=1 --benchmark_out=out.json)
run() { # OBJECT KERNEL ARGS...: results in out.json
    rm -f out.json
    "$bench" "${tiny[@]}" --load="$1.so" --kernel="$2" "${@:3}" >out 2>err ||
        fail "$*: $(tail -n 1 err)"
}
# right NUMBER OBJECT KERNEL ARGS...: so many rows, as exact as double makes them
right() {
    run "${@:2}"
    python3 - "$1" <<'PYTHON' || fail "${*:2}: $(grep -m 1 message out.json)"
import json, sys
rows = json.load(open("out.json"))["benchmarks"]
assert len(rows) == int(sys.argv[1]), len(rows)
for r in rows:
    assert r["max_abs_error"] < 1e-6 and r["real_time"] > 0, r
PYTHON
}
# none "the message" OBJECT KERNEL ARGS...: that in every row, and no time
none() {
    run "${@:2}"
    python3 - "$1" <<'PYTHON' || fail "${*:2}: $(grep -m 1 message out.json)"
import json, sys
rows = json.load(open("out.json"))["benchmarks"]
assert rows
for r in rows:
    assert r.get("skip_message", r.get("error_message", "")).startswith(sys.argv[1]), r
    assert not r.get("real_time"), r
PYTHON
}

# ---- what it computes: places, windows, scale, cap, codes, threads
right 18 peer_ggml peer_ggml --kv_type=f32,f16,bf16 --layout=contiguous,token_major --kv_heads=1,2,8
right 4 peer_ggml peer_ggml --context=37,100 --window=0,33
right 4 peer_ggml peer_ggml --scale=0.3 --softcap=0,1.5 --dim=64,96+32
right 16 peer_ggml peer_ggml_q --k_type=i8,i4 --v_type=f16,f32,i8,i4 --layout=contiguous,token_major
right 4 peer_ggml peer_ggml --k_type=f16 --v_type=i8,i4 --window=0,33
right 2 peer_ggml peer_ggml_q --kv_type=i4 --window=33 --dim=64,96+32
right 8 peer_ik peer_ik --kv_type=f16 --layout=contiguous,token_major --window=0,32 --softcap=0,1.5
right 4 peer_ik peer_ik_q --kv_type=i8,i4 --window=0,32
for peer in ggml ik; do
    STANDIN_THREADS=$dir/threads right 2 peer_$peer peer_$peer --threads=1,2
    [ "$(uniq threads | paste -sd ' ')" = '1 2' ] || fail "$peer: threads $(uniq threads | xargs)"
    rm -f threads
done
# One process, problems in turns: the graph is that of the case.
right 8 peer_ggml peer_ggml --context=96,128 --kv_type=f16,f32 --heads=4,8 \
    --benchmark_enable_random_interleaving=true

# ---- what it leaves alone, and says so
peer=(peer_ggml peer_ggml)
masks='peer_ggml: this adapter builds no masks: no sinks, biases, chunks, ragged batches nor trees'
none 'peer_ggml: this adapter passes one query token, which needs no mask' "${peer[@]}" --q_len=3
for what in --sinks=on --alibi=on --rel_bias=on --chunk=16 --ragged=50 --mask=full; do
    none "$masks" "${peer[@]}" $what
done
none 'peer_ggml: ggml maps query heads to KV heads in blocks' "${peer[@]}" --head_map=cyclic
none 'peer_ggml: this adapter passes V as a tensor of its own' "${peer[@]}" --v_in_k=on --kv_heads=1
none 'peer_ggml_q: ggml cuts a head into whole blocks of 32 elements' peer_ggml peer_ggml_q \
    --kv_type=i8 --dim=48
none "peer_ik: ik_llama.cpp's fast way takes a multiple of 32 tokens" peer_ik peer_ik --context=100
none "peer_ik: ik_llama.cpp's fast way takes a multiple of 32 tokens" peer_ik peer_ik --window=33

# ---- an answer that is wrong, and a ggml that ends the process, are rows without a time
STANDIN_LIES=1 none 'wrong result before timing: ' "${peer[@]}" --kv_type=f32,f16
STANDIN_LIES=1 none 'wrong result before timing: ' peer_ik peer_ik_q --kv_type=i8
STANDIN_LIES=ends none 'peer_ggml.so: crashed (SIGABRT)' "${peer[@]}"

[ $failures -eq 0 ] && echo "all is well"
exit $((failures > 0))
