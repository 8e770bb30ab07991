#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What measures other programs, without those programs: arguments, a missing network, a virtual
# environment left half installed, and the rows made of a PyTorch that is played by a few lines of
# numpy, once right and once wrong. Argument: attn-bench.
set -u -o pipefail
bench=$(realpath "$1")
peers=$(cd "$(dirname "$0")/../scripts/peers" && pwd)
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
fi
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

# ---- rows, of a PyTorch of ours
mkdir fake
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
            return out.astype(q.dtype).view(Tensor)
PYTHON
export PYTHONPATH=$dir/fake
"$bench" --kv_heads=1,4 --heads=4 --dim=16 --context=64,100 --kv_type=f32,f16 --threads=1 --cache=hot \
    --kernel=best,ref,ceil_read --window=0,7 --benchmark_min_time=1x --benchmark_repetitions=2 \
    --benchmark_out=result.json >out 2>err || fail "attn-bench: $(tail -n 1 err)"
peer() { FAKE=$1 "$python" "$peers/peers.py" --peer=torch result.json -o peers.json; }
says 0 '*8 shapes are left out: *' peer right
"$python" - <<'PYTHON' || fail "rows of a peer: $(head -c 600 peers.json)"
import json
ours, theirs = json.load(open("result.json")), json.load(open("peers.json"))
names = {r["run_name"].split("/", 2)[2] for r in ours["benchmarks"]}
assert theirs["context"]["seed"] == ours["context"]["seed"]
rows = theirs["benchmarks"]
assert not [r for r in rows if "error_occurred" in r or "skipped" in r], rows
got = {r["run_name"] for r in rows}
assert len(got) == 8 and all(n.startswith("decode/peer_torch/") for n in got), got
assert all(n.split("/", 2)[2] in names for n in got)
by = {r["name"].split("/", 2)[2]: r for r in ours["benchmarks"] if "/ref/" in r["name"]}
for r in rows:
    same = by[r["name"].split("/", 2)[2]] if r["run_type"] == "iteration" else None
    for key in ("kv_bytes", "bytes", "flops", "threads") if same else ():
        assert r[key] == same[key], (key, r[key], same[key])
    assert r["max_abs_error"] <= r["error_bound"] and r["real_time"] > 0
assert {r.get("aggregate_name") for r in rows} == {None, "mean", "median", "stddev"}
PYTHON
for lie in wrong raises; do
    says 0 '*' peer $lie
    "$python" - $lie <<'PYTHON' || fail "$lie: $(head -c 600 peers.json)"
import json, sys
rows = json.load(open("peers.json"))["benchmarks"]
text = {"wrong": "wrong result before timing: ", "raises": "PyTorch: no kernel for this"}[sys.argv[1]]
assert rows and all(r["error_message"].startswith(text) and "real_time" not in r for r in rows), rows
PYTHON
done
says 2 'peers.py: -o would overwrite the file the cases are from' \
    "$python" "$peers/peers.py" --peer=torch result.json -o result.json
echo '{"context": 3}' >bad.json
says 2 'peers.py: bad.json is no result file of attn-bench: *' \
    "$python" "$peers/peers.py" --peer=torch bad.json
says 2 'peers.py: none.json is no result file of attn-bench: *' \
    "$python" "$peers/peers.py" --peer=torch none.json

exit $((failures > 0))
