#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What measures other programs, without those programs: arguments, a missing network, a virtual
# environment left half installed, and the rows made of a PyTorch and an ONNX Runtime that are
# played by a few lines of numpy (below and in tests/ort), right and wrong, of our data.
# Arguments: attn-bench, and the kernel that writes its input to a file.
set -u -o pipefail
bench=$(realpath "$1")
dump=$(realpath "$2")
tests=$(cd "$(dirname "$0")" && pwd)
peers=$(cd "$tests/../scripts/peers" && pwd)
python=$(for p in python3 /usr/bin/python3; do
    "$p" -c 'import numpy, sys; print(sys.executable)' 2>/dev/null && break
done) || { echo "no python3 with numpy"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
# says STATUS "the last line of stderr, a glob" COMMAND...
says() {
    local status=0 wanted=$1 sentence=$2 line
    shift 2
    "$@" >out 2>err || status=$?
    line=$(tail -n 1 err)
    [ $status -eq "$wanted" ] || fail "$*: status $status: $line"
    # shellcheck disable=SC2053  # a glob
    [[ $line == $sentence ]] || fail "$*: said: $line"
}

# ---- nothing reaches a network from here
export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 PIP_INDEX_URL=http://127.0.0.1:9
export PIP_CONFIG_FILE=/dev/null ATTN_PEERS_VENV=$dir/venv PYTHON=$python PKG_CONFIG_LIBDIR=$dir
unset PIP_EXTRA_INDEX_URL PIP_NO_INDEX PIP_FIND_LINKS HTTP_PROXY HTTPS_PROXY no_proxy NO_PROXY
says 2 "python.sh: there is no peer 'jax'; torch and ort are the ones" \
    "$peers/python.sh" --peer=jax x.json
says 2 "python.sh: unknown option '--fast'; --help shows what there is" "$peers/python.sh" --fast
if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    says 77 'python.sh: skipped: the packages could not be fetched (is there a network?): *' \
        "$peers/python.sh" --install_only
    [ ! -e venv/installed ] || fail "half an environment counts as one"
    "$peers/python.sh" --install_only >out 2>err
    grep -q 'incomplete or outdated; making it anew' err || fail "half an environment: $(cat err)"

    # A marker without the packages it speaks of, and with what passes for them.
    "$python" -m venv --without-pip --clear venv && touch venv/made-by-attnbench
    site=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    for package in numpy onnx onnxruntime torch; do touch "$site/$package.py"; done
    grep -v '^#' "$peers/requirements.txt" >venv/installed
    says 0 '' "$peers/python.sh" --install_only
    rm "$site/onnx.py"
    says 77 'python.sh: skipped: the packages could not be fetched (is there a network?): *' \
        "$peers/python.sh" no-such-result.json
    grep -q Traceback err && fail "packages that are gone: $(cat err)"
    [ ! -e venv/installed ] || fail "an environment without packages counts as one"

    # What its links led to is gone.
    mkdir -p lost/bin && touch lost/made-by-attnbench && ln -s "$dir/no-python" lost/bin/python
    ATTN_PEERS_VENV=$dir/lost "$peers/python.sh" --install_only >out 2>err
    grep -q '/lost was made of a Python that is gone; making it anew' err ||
        fail "a Python that is gone: $(cat err)"
fi
ln -s "$dir/nowhere" dangling
says 2 'python.sh: */dangling is a link to */nowhere, which is not there; make that directory or *' \
    env ATTN_PEERS_VENV="$dir/dangling" "$peers/python.sh" --install_only
[ -L dangling ] || fail "a link of somebody else was removed"
says 77 'python.sh: skipped: there is no no-python' \
    env PYTHON=no-python "$peers/python.sh" --install_only
mkdir other && touch other/mine
says 2 'python.sh: */other is no virtual environment; give another in ATTN_PEERS_VENV' \
    env ATTN_PEERS_VENV="$dir/other" "$peers/python.sh" --install_only
[ -e other/mine ] || fail "a directory of somebody else was removed"

says 1 'ggml.sh: pkg-config knows no ggml; *' "$peers/ggml.sh"
says 1 'ggml.sh: there is no */nowhere/include/ggml.h; *' "$peers/ggml.sh" --prefix="$dir/nowhere"
mkdir -p empty/include && touch empty/include/ggml.h
says 1 'ggml.sh: no libggml.so beside */empty; *' "$peers/ggml.sh" --prefix="$dir/empty"
touch empty/include/ggml-cpu.h
says 1 'ggml.sh: no libggml-cpu.so beside */empty; *' "$peers/ggml.sh" --prefix="$dir/empty"
mkdir -p empty/lib && touch empty/lib/libggml.so empty/lib/libggml-cpu.so
says 2 "ggml.sh: 'a b' is no name of a kernel; use a-z, 0-9 and _" \
    "$peers/ggml.sh" --prefix="$dir/empty" --name='a b'

# ---- rows, of a PyTorch and an ONNX Runtime of ours
mkdir fake && cp "$tests"/ort/*.py fake
cat >fake/torch.py <<'PYTHON'
import os, numpy as np
__version__ = "0"
float32, float16, bfloat16 = np.float32, np.float16, np.float32
class Tensor(np.ndarray):
    def to(self, kind): return self.astype(kind)
    def unsqueeze(self, axis): return np.expand_dims(self, axis)
    def squeeze(self, axis): return np.asarray(self).squeeze(axis).view(Tensor)
    def clone(self): return self.copy()
    def float(self): return self.astype(np.float32)
    def numpy(self): return np.asarray(self)
def from_numpy(x): return x.view(Tensor)
def set_grad_enabled(on): pass
def set_num_threads(n): pass
class nn:
    class functional:
        @staticmethod
        def scaled_dot_product_attention(q, k, v, enable_gqa):
            if os.environ.get("FAKE") == "raises":
                raise RuntimeError("no kernel\n  for this")
            group = q.shape[1] // k.shape[1]
            k, v = (np.repeat(x.astype(np.float64), group, 1) for x in (k, v))
            s = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
            p = np.exp(s - s.max(-1, keepdims=True))
            out = np.einsum("bhqk,bhkd->bhqd", p / p.sum(-1, keepdims=True), v)
            out[0, -1] += 0.2 if os.environ.get("FAKE") == "wrong" else 0
            out *= 1.1 if os.environ.get("FAKE") == "tenth" else 1
            return out.astype(q.dtype).view(Tensor)
PYTHON
export PYTHONPATH=$dir/fake
"$bench" --kv_heads=1,4 --heads=4 --dim=16 --context=64,100 --kv_type=f32,f16 --threads=1 --cache=hot \
    --kernel=best,ref,ceil_read --window=0,7 --benchmark_min_time=1x --benchmark_repetitions=2 \
    --benchmark_out=result.json >out 2>err || fail "attn-bench: $(tail -n 1 err)"
peer() { FAKE=$2 "$python" "$peers/peers.py" --peer="$1" result.json -o peers.json; }
for peer in torch ort; do
    says 0 '*8 shapes are left out: *' peer $peer right
    "$python" - $peer <<'PYTHON' || fail "rows of $peer: $(head -c 600 peers.json)"
import json, sys
ours, theirs = json.load(open("result.json")), json.load(open("peers.json"))
names = {r["run_name"].split("/", 2)[2] for r in ours["benchmarks"]}
kernel = "peer_" + sys.argv[1]
assert theirs["context"]["seed"] == ours["context"]["seed"]
assert theirs["context"]["peers"] == kernel + " 0", theirs["context"]["peers"]
rows = theirs["benchmarks"]
assert not [r for r in rows if "error_occurred" in r or "skipped" in r], rows
got = {r["run_name"] for r in rows}
assert len(got) == 8 and all(n.startswith(f"decode/{kernel}/") for n in got), got
assert all(n.split("/", 2)[2] in names for n in got)
by = {r["name"].split("/", 2)[2]: r for r in ours["benchmarks"] if "/ref/" in r["name"]}
for r in rows:
    same = by[r["name"].split("/", 2)[2]] if r["run_type"] == "iteration" else None
    for key in ("kv_bytes", "bytes", "flops", "threads") if same else ():
        assert r[key] == same[key], (key, r[key], same[key])
    assert r["max_abs_error"] <= r["error_bound"] and r["real_time"] > 0
    assert r["max_abs_error"] < (1e-6 if "/kv:f32/" in r["name"] else 1e-3), r
assert {r.get("aggregate_name") for r in rows} == {None, "mean", "median", "stddev"}
PYTHON
    for lie in wrong raises; do
        says 0 '*' peer $peer $lie
        "$python" - $peer $lie <<'PYTHON' || fail "$peer $lie: $(head -c 600 peers.json)"
import json, sys
rows = json.load(open("peers.json"))["benchmarks"]
title = {"torch": "PyTorch", "ort": "ONNX Runtime"}[sys.argv[1]]
text = {"wrong": "wrong result before timing: ", "raises": title + ": no kernel for this"}
text = text[sys.argv[2]]
assert len(rows) == 8, rows
assert all(r["error_message"].startswith(text) and "real_time" not in r for r in rows), rows
PYTHON
    done
done

# ---- outputs of narrow floats are small beside what they are made of, and a tenth of one counts
"$bench" --heads=4 --kv_heads=1,4 --dim=128 --context=8,64,3000 --kv_type=f16,bf16 --threads=1 \
    --cache=hot --kernel=ref --benchmark_min_time=1x --benchmark_out=narrow.json >out 2>err ||
    fail "narrow: $(tail -n 1 err)"
for lie in right tenth; do
    FAKE=$lie "$python" "$peers/peers.py" --peer=torch narrow.json -o peers.json >out 2>err
    "$python" - $lie <<'PYTHON' || fail "narrow, $lie: $(head -c 600 peers.json)"
import json, sys
rows = json.load(open("peers.json"))["benchmarks"]
wrong = [r for r in rows if r.get("error_message", "").startswith("wrong result before timing: ")]
assert len(wrong) == (12 if sys.argv[1] == "tenth" else 0), rows
assert wrong or not any("error_occurred" in r or "skipped" in r for r in rows), rows
PYTHON
done

# ---- the same data, bit for bit
seed=12345678901234567890
for batch in 1 3; do
    for type in f32 f16 bf16; do
        DUMP=$type-$batch.raw "$bench" --load="$dump" --kernel=dump --kv_type=$type --batch=$batch \
            --heads=6 --kv_heads=3 --dim=20 --context=77 --cache=hot --seed=$seed >out 2>err ||
            fail "dump: $(cat err)"
    done
done
"$python" -B - "$peers" $seed <<'PYTHON' || fail "the data of a peer is not ours"
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import peers
seed = int(sys.argv[2])
for batch in 1, 3:
    for kind in "f32", "f16", "bf16":
        p = dict(batch=batch, heads=6, kv_heads=3, dim=20, context=77, kv=kind)
        ours = np.fromfile(f"{kind}-{batch}.raw", np.uint32)
        theirs = np.concatenate([x.ravel() for x in peers.data_of(p, seed)]).view(np.uint32)
        assert np.array_equal(ours, theirs), (kind, batch, ours[:8], theirs[:8])
# Of fill_value() with seed 7, on either side of index 2^32.
wanted = np.array([-0.512405157, 0.960511327, 0.197167039, -0.21596849], np.float32)
assert np.array_equal(peers.filled(7, (1 << 32) - 2, 4), wanted), peers.filled(7, (1 << 32) - 2, 4)
PYTHON

# ---- what only one of the two can do, with threads, cold, and a batch
"$bench" --batch=2 --heads=4 --kv_heads=2 --dim=16 --context=64 --kv_type=f16,bf16 --threads=2 \
    --benchmark_min_time=1x --benchmark_out=both.json >out 2>err || fail "both: $(tail -n 1 err)"
sed -i 's/"env.llc_bytes": .*/"env.llc_bytes": "65536",/' both.json
says 0 '' env FAKE_THREADS=2 "$python" "$peers/peers.py" both.json -o peers.json
"$python" - <<'PYTHON' || fail "both peers: $(head -c 600 peers.json)"
import json
theirs = json.load(open("peers.json"))
assert theirs["context"]["peers"] == "peer_torch 0 peer_ort 0", theirs["context"]["peers"]
rows = theirs["benchmarks"]
skipped = [r for r in rows if "skipped" in r]
sentence = "ONNX Runtime: GroupQueryAttention of its CPU provider knows no bf16"
assert [r["name"].split("/")[1:3] for r in skipped] == [["peer_ort", "kv:bf16"]], skipped
assert skipped[0]["skip_message"] == sentence and "real_time" not in skipped[0], skipped
timed = [r for r in rows if "real_time" in r]
assert len(timed) == len(rows) - 1 and {r["run_name"].split("/")[1] for r in timed} == {
    "peer_torch", "peer_ort"}
assert all(r["copies"] == 32 and r["threads"] == 2 for r in timed), timed[0]
PYTHON

# ---- peers that are not there
mkdir none && echo 'raise ImportError("it is not here")' | tee none/onnx.py >none/torch.py
says 77 'peers.py: skipped: none of the peers is installed' \
    env PYTHONPATH="$dir/none" "$python" "$peers/peers.py" result.json -o none.json
grep -q '^peers.py: ort is left out: it is not here$' err || fail "a missing peer: $(cat err)"
[ ! -e none.json ] || fail "without peers a file was written"
rm none/torch.py
says 0 'peers.py: ort is left out: it is not here' \
    env PYTHONPATH="$dir/none:$dir/fake" "$python" "$peers/peers.py" result.json -o one.json
grep -q '"peers": "peer_torch 0"' one.json || fail "one peer of two: $(head -c 600 one.json)"

says 2 'peers.py: -o would overwrite the file the cases are from' \
    "$python" "$peers/peers.py" --peer=torch result.json -o result.json
echo '{"context": 3}' >bad.json
says 2 'peers.py: bad.json is no result file of attn-bench: *' \
    "$python" "$peers/peers.py" --peer=torch bad.json
says 2 'peers.py: none.json is no result file of attn-bench: *' \
    "$python" "$peers/peers.py" --peer=torch none.json

exit $((failures > 0))
