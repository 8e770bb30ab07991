#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-stat regress ab from outside, against programs that only pretend to measure: their times are
# what the test says, so verdicts and exit statuses are known, and they crash, hang, lie and end as
# real programs do. Arguments: attn-stat, and attn-bench, which serves for real.
set -uo pipefail
export LC_ALL=C

stat=$1
bench=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# A program that serves: cases a and b and what else it is told; each word of its first argument
# after the name of the file is KEY=VALUE.
cat >"$work/fake" <<'TEXT'
#!/usr/bin/env bash
ns=100000 spread=200 cases='a b' crash= hang= wrong= skip= code=- help=yes noise=0 greeting=1
for word in "$@"; do
  case $word in
    --*) ;;
    *=*) declare "${word%%=*}=${word#*=}" ;;
  esac
done
case " $* " in
  *' --help '*)
    [ "$help" = no ] || echo '  --benchmark_worker={true|false}'
    exit 0 ;;
  *' --benchmark_list_tests=true '*) printf '%s\n' $cases; exit 0 ;;
  *' --benchmark_format=json '*)
    line=$*
    filter=${line##*--benchmark_filter=^}
    name=${filter%%\$*}
    [ "$name" != "$crash" ] || kill -SEGV $$
    t=$((ns + RANDOM % spread))
    echo "{\"benchmarks\": [{\"name\": \"$name\", \"run_type\": \"iteration\", \"real_time\": $t,
      \"cpu_time\": $t, \"time_unit\": \"ns\"}]}"
    exit 0 ;;
esac
echo "benchmark_worker $greeting"
offset=$((noise ? RANDOM % noise : 0))
while read -r word rest; do
  case $word in
    list)
      for name in $cases; do echo "case $code $name"; done
      echo "ok 2" ;;
    prepare)
      [ "$rest" != "$hang" ] || sleep 60
      if [ "$rest" = "$skip" ]; then echo "skipped not on this machine"; continue; fi
      name=$rest
      echo ok ;;
    calibrate) echo "ok 1" ;;
    run)
      if [ "$name" = "$crash" ]; then echo "out of luck" >&2; kill -SEGV $$; fi
      echo "ok $((ns + offset + RANDOM % spread)) 1 0 0" ;;
    drop)
      if [ "$name" = "$wrong" ]; then echo "error element 3 is off by 7"; else echo ok; fi ;;
    quit) exit 0 ;;
  esac
done
TEXT
chmod +x "$work/fake"
# Two programs, the second with KEY=VALUE words of its own.
program() { # file, words
  local file=$1
  shift
  printf '#!/bin/sh\nexec "%s/fake" %s "$@"\n' "$work" "$(printf "'%s' " "$@")" >"$work/$file"
  chmod +x "$work/$file"
}

ab() { # status, text of stdout or stderr, arguments
  local expected=$1 text=$2
  shift 2
  "$stat" regress ab "$@" >"$work/out" 2>"$work/err"
  local code=$?
  [ "$code" = "$expected" ] ||
    fail "regress ab $*: status $code, not $expected: $(cat "$work/out" "$work/err")"
  grep -qF -- "$text" "$work/out" "$work/err" ||
    fail "regress ab $*: lacks '$text': $(cat "$work/out" "$work/err")"
}

program base
program slower ns=110000
program faster ns=90000
program crash crash=b
program hang hang=b
program wrong wrong=b
program less cases=a
program more 'cases=a b c'
program skip skip=b
program same code=c0de
program old greeting=0
program foreign help=no
program foreign_slower help=no ns=110000
program foreign_crash help=no crash=b
program noisy noise=40000

ab 0 'as fast as before' "$work/base" "$work/base"
ab 1 '2 regressions' "$work/base" "$work/slower" "--json=$work/run.json" "--junit=$work/run.xml" \
  "--markdown=$work/run.md"
ab 0 '2 improvements' "$work/base" "$work/faster"
ab 0 'of unchanged code' "$work/same" "$work/same"
ab 0 'as fast as before' "$work/same" "$work/same" --no_fingerprint
ab 4 'head: crashed with signal 11' "$work/base" "$work/crash"
grep -q 'out of luck' "$work/out" || fail "the last words of a crash are lost"
ab 0 'base: crashed' "$work/crash" "$work/base"
ab 4 'did not answer for 1 s' "$work/base" "$work/hang" --timeout=1s
ab 4 'head: element 3 is off by 7' "$work/base" "$work/wrong"
ab 4 'head does not have this case' "$work/base" "$work/less"
ab 0 '1 new' "$work/base" "$work/more"
ab 4 'not on this machine' "$work/base" "$work/skip"
ab 0 'UNSTABLE' "$work/noisy" "$work/noisy" --budget=20s
ab 2 'speaks another protocol' "$work/base" "$work/old"
ab 1 'REGRESSED' "$work/foreign" "$work/foreign_slower"
ab 1 'a process of its own' "$work/foreign" "$work/slower"
ab 4 'crashed with signal 11' "$work/foreign" "$work/foreign_crash"
ab 0 'the budget of 0.01 s ended the run early' "$work/base" "$work/slower" --budget=0.01s
ab 5 'INCONCLUSIVE' "$work/base" "$work/slower" --budget=0.01s --strict

# What was stored says the same again, and what was exchanged at random says nothing.
ab 1 '2 regressions' --replay "$work/run.json"
ab 0 'runs with exchanged sides would have failed' --replay "$work/run.json" --swaps 200
grep -q '^0 of 200' "$work/out" || fail "exchanged sides fail: $(cat "$work/out")"
head -c 2000 "$work/run.json" >"$work/cut.json"
sed 's/"schema":1/"schema":9/' "$work/run.json" >"$work/newer.json"
sed 's/"rounds":\[\[0/"rounds":[[-7/' "$work/run.json" >"$work/broken.json"
ab 2 'line 1' --replay "$work/cut.json"
ab 2 'has schema 9' --replay "$work/newer.json"
ab 2 'incomplete or malformed' --replay "$work/broken.json"
ab 2 'No such file' --replay "$work/nowhere.json"
echo '{"benchmarks": []}' >"$work/other.json"
ab 2 'is no run stored' --replay "$work/other.json"

# Outputs, read by others.
grep -q '^<!-- attn-stat regress ab -->' "$work/run.md" || fail "no mark in the Markdown"
grep -q 'failures="2" errors="0"' "$work/run.xml" || fail "JUnit: $(cat "$work/run.xml")"
if command -v python3 >/dev/null; then
  python3 -c '
import json, sys, xml.etree.ElementTree as tree
run = json.load(open(sys.argv[1]))
assert run["status"] == 1 and len(run["run"]["rounds"]) > 100, run["status"]
assert all(case["verdict"] == "REGRESSED" and case["ratio"] > 1.05 for case in run["cases"])
assert len(tree.parse(sys.argv[2]).findall(".//failure")) == 2' \
    "$work/run.json" "$work/run.xml" || fail "the outputs cannot be read"
fi

# Refused before anything is started.
ab 2 'needs two programs' "$work/base"
ab 2 'No such file' "$work/base" "$work/nothing"
ab 2 'Permission denied' "$work/base" "$work/run.json"
ab 2 '--budget=soon' "$work/base" "$work/base" --budget=soon
ab 2 '--profile=metal' "$work/base" "$work/base" --profile=metal
ab 2 '--test=t' "$work/base" "$work/base" --test=t
ab 2 '--swaps needs' "$work/base" "$work/base" --swaps=3
ab 2 'cannot write' "$work/base" "$work/base" "--json=$work/no/such/file"
ab 2 'takes no programs' "$work/base" --replay="$work/run.json"
program empty cases=
ab 2 'neither program has a case' "$work/empty" "$work/empty"
ab 2 'cannot write /dev/full: No space left' "$work/base" "$work/base" --json=/dev/full
ab 2 'ended with status' "$bench" "$bench" -- --kernl=best
grep -q 'did you mean --kernel' "$work/err" || fail "the program's own words: $(cat "$work/err")"

# The real thing: equal files are recognised, and a served run comes to its end.
cp "$bench" "$work/copy"
shape='--heads=2 --kv_heads=1 --dim=16 --context=16 --cache=hot --threads=1 --kernel=naive.c'
# shellcheck disable=SC2086
ab 0 'of unchanged code' "$bench" "$work/copy" -- $shape
# Each case says what code it runs, unless the objects of this build could not be read.
# shellcheck disable=SC2086
printf 'list\nquit\n' | "$bench" --benchmark_worker $shape 2>/dev/null >"$work/out"
grep -qE '^case ([0-9a-f]{32}|-) decode/naive' "$work/out" || fail "list: $(cat "$work/out")"
# The commit names the build and is no code.
# shellcheck disable=SC2086
commit=$("$bench" $shape --benchmark_min_time=1x --benchmark_repetitions=1 --benchmark_format=json |
  sed -n 's/.*"git_commit": "\(.*\)".*/\1/p')
sed "s/$commit/${commit//?/x}/" "$bench" >"$work/copy"
# shellcheck disable=SC2086
ab 0 'of unchanged code' "$bench" "$work/copy" -- $shape
# shellcheck disable=SC2086
ab 0 'profile vm' "$bench" "$work/copy" --no_fingerprint --budget=1s -- $shape

[ "$failures" = 0 ] && echo "all as promised"
exit $((failures > 0))
