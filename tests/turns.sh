#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scripts/turns.py on cases that are small: what it pairs, what it writes, and what it says where
# there is nothing to pair. Argument: attn-bench.
set -uo pipefail
export LC_ALL=C

bench=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small=(--heads=4 --dim=64 --context=64 --batch=1 --threads=1 --kv_heads=2 --kv_type=f32)
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

ends() { # status, text in the output, arguments of turns.py
  local wanted=$1 text=$2 code
  shift 2
  "$root/scripts/turns.py" --seconds=0.05 "$@" >out 2>err
  code=$?
  [ $code = "$wanted" ] || fail "turns.py $*: status $code: $(cat out err)"
  grep -qF -- "$text" out err || fail "turns.py $*: lacks '$text': $(cat out err)"
  ! grep -q Traceback err || fail "turns.py $*: $(cat err)"
}

ends 0 'naive.c 1, online.c ' --by=kernel --out=rows.json "$bench" -- "${small[@]}" \
  --kernel=naive.c,online.c
ends 0 '(40 turns)' --by=kernel --out=launches.json --seconds=0.0001 --launches=2 "$bench" -- \
  "${small[@]}" --kernel=naive.c,online.c
grep -q '"launch": 1' launches.json || fail "no second launch"
ends 2 'above 0' --by=kernel --launches=0 "$bench"
python3 -c '
import json, sys
result = json.load(open("rows.json"))
rows = result["benchmarks"]
context = result["context"]
assert context["num_cpus"] > 0 and context["turns.by"] == "kernel"
assert context["env.cpu_model"] and context["git_commit"] and context["date"]
assert context["executable"] == "attn-bench", context["executable"]
names = {row["name"] for row in rows}
assert len(names) == 2, names
for name in names:
    own = [row for row in rows if row["name"] == name]
    assert len(own) >= 20 and all(row["real_time"] > 0 for row in own), name
    assert [row["repetition_index"] for row in own] == list(range(len(own))), name
' || fail "the rows of two kernels"
ends 0 'context:128/' --by=kv_heads "$bench" -- "${small[@]}" --kernel=online.c --kv_heads=1,4 \
  --context=64,128
[ "$(wc -l <out)" = 2 ] || fail "two contexts are two sets: $(cat out)"
ends 2 "no two cases differ in 'layout' alone" --by=layout "$bench" -- "${small[@]}" \
  --kernel=online.c
ends 2 'No such file' --by=kernel ./nowhere
ends 2 'serves no requests' --by=kernel /bin/echo
ends 2 'ended with status 1' --by=kernel /bin/false
ends 2 'ended with status' --by=kernel "$bench" -- --kernel=none
# A program that dies in the middle costs its set, and the status says so.
cat >dies <<'SH'
#!/bin/sh
echo benchmark_worker 1
while read -r word rest; do
  case $word in
    list) echo "case - decode/a/context:1"; echo "case - decode/b/context:1"; echo "ok 2" ;;
    calibrate) echo "ok 1" ;;
    run) exit 7 ;;
    *) echo ok ;;
  esac
done
SH
# One that measures twice as long for b, and one that refuses b.
sed -e 's/run) exit 7/run) case $is in *b*) echo "ok 200 1 0 0";; *) echo "ok 100 1 0 0";; esac/' \
  -e 's/\*) echo ok ;;/prepare) is=$rest; echo ok ;;\n    *) echo ok ;;/' dies >double
sed 's/prepare) is=$rest; echo ok/prepare) is=$rest; case $is in *b*) echo "error b is wrong";; *) echo ok;; esac/' \
  double >refuses
chmod +x dies double refuses
ends 1 'ended with status 7' --by=kernel ./dies
ends 0 'decode/context:1: a 1, b 2.000' --by=kernel ./double
ends 1 'decode/b/context:1: b is wrong' --by=kernel --out=refused.json ./refuses
grep -q '"error_message": "b is wrong"' refused.json || fail "no error row: $(cat refused.json)"
# The context of the first launch is kept, and one on another build is not passed over.
{
  echo '#!/bin/sh'
  echo 'case $* in *format=json*) echo >>looks'
  echo '  echo "{\"context\": {\"git_commit\": \"c$(wc -l <looks)\"}}"; exit ;; esac'
  sed 1d double
} >rebuilt
chmod +x rebuilt
ends 0 'a 1, b 2.000' --by=kernel --out=one.json ./rebuilt
! grep -q 'turns.other' one.json || fail "one launch is of one build: $(cat one.json)"
rm looks
ends 1 'git_commit was c1 and is c2' --by=kernel --launches=3 --out=two.json ./rebuilt
grep -q '"git_commit": "c1"' two.json || fail "not the first launch: $(head -9 two.json)"
grep -q '"turns.other.git_commit": "c2"' two.json || fail "no other build: $(head -9 two.json)"
ends 0 'says nothing of its machine' --by=kernel --out=silent.json ./double

[ $failures = 0 ] || exit 1
