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
# Launches differ as the count of them says, so that noise is the same in every run of this test.
offset=0
if [ "$noise" != 0 ]; then
  printf . >>"$noise"
  offset=$(($(stat -c %s "$noise") * 7 % 17 * 20000))
fi
echo "benchmark_worker $greeting"
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
# The same of programs that pretend: their times are what they are, whatever the machine does.
pretend() { # status, text, base, head, more arguments
  ab "$1" "$2" --keep_disturbed "$work/$3" "$work/$4" "${@:5}"
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
program foreign help=no cases=a
program foreign_slower help=no cases=a ns=110000
program foreign_crash help=no cases=a crash=a
program noisy "noise=$work/launches"

pretend 0 'as fast as before' base base
pretend 1 '2 regressions' base slower "--json=$work/run.json" "--junit=$work/run.xml" \
  "--markdown=$work/run.md"
pretend 0 '2 improvements' base faster
pretend 0 'of unchanged code' same same
pretend 0 'as fast as before' same same --no_fingerprint
pretend 4 'head: crashed with signal 11' base crash
grep -q 'out of luck' "$work/out" || fail "the last words of a crash are lost"
pretend 0 'base: crashed' crash base
pretend 4 'did not answer for 4 s' base hang --timeout=4s
pretend 4 'head: element 3 is off by 7' base wrong
pretend 4 'head does not have this case' base less
pretend 0 '1 new' base more
pretend 4 'not on this machine' base skip
pretend 0 'UNSTABLE' noisy noisy --budget=20s --seed=1
pretend 2 'speaks another protocol' base old
pretend 1 'REGRESSED' foreign foreign_slower
pretend 0 'a process of its own' foreign less
pretend 4 'crashed with signal 11' foreign foreign_crash
pretend 0 'the budget of 0.01 s ended the run early' base slower --budget=0.01s
pretend 5 'INCONCLUSIVE' base slower --budget=0.01s --strict

# What was stored says the same again, and by other rules something else.
ab 1 '2 regressions' --replay "$work/run.json"
ab 0 '2 as fast as before' --replay "$work/run.json" --effect=20%
ab 1 'q 5 %' --replay "$work/run.json" --profile=bare --test=sign
ab 2 '--test=t' --replay "$work/run.json" --test=t
# What was exchanged at random says nothing.
ab 0 'runs with exchanged sides would have failed' --replay "$work/run.json" --swaps 200
grep -q '^0 of 200' "$work/out" || fail "exchanged sides fail: $(cat "$work/out")"

# Rounds that were disturbed are no sample, unless somebody says so; switches, seconds of the round
# and of those the stolen ones, the yardstick, the ratio and the number of turns close each round.
rounds() { # file, keep_disturbed, four cells of every round, turns
  sed -E -e "s/\"keep_disturbed\":(true|false)/\"keep_disturbed\":$2/" \
    -e "s/(\[[01](,[^],]*){7})(,[^],]*){4}(,[^],]*),[^],]*\]/\\1,$3\\4,$4]/g" \
    "$work/run.json" >"$work/$1"
}
rounds calm.json false 0,0.02,0,50000 1
rounds robbed.json false 0,0.02,0.001,50000 1
rounds pushed.json false 30,0.02,0,50000 1
rounds kept.json true 30,0.02,0.001,50000 1
# The median of many turns stands what a single sample does not, up to half of the round.
rounds many.json false 0,0.02,0.009,50000 8
rounds most.json false 0,0.02,0.011,50000 8
ab 1 '; 0.0 % of rounds dropped' --replay "$work/many.json"
ab 0 '100 % of the rounds were disturbed' --replay "$work/most.json"
# Runs from before there were turns end with the yardstick.
sed -E 's/(\[[01](,[^],]*){11}),[^],]*,[^],]*\]/\1]/g' "$work/run.json" >"$work/older.json"
ab 1 '2 regressions' --replay "$work/older.json"
ab 1 '; 0.0 % of rounds dropped' --replay "$work/calm.json"
ab 0 '100 % of the rounds were disturbed: this run is too noisy' --replay "$work/robbed.json"
ab 0 '100 % of the rounds were disturbed: this run is too noisy' --replay "$work/pushed.json"
ab 3 'not gated' --replay "$work/robbed.json" --strict
ab 1 '100.0 % of rounds disturbed but kept' --replay "$work/kept.json"
ab 1 '100.0 % of rounds disturbed but kept' --replay "$work/robbed.json" --keep_disturbed
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

# Programs that do not come to an end.
printf '#!/bin/sh\n[ "$1" = --help ] || { exec >&-; exec sleep 60; }\n' >"$work/mute"
printf '#!/bin/sh\n[ "$1" = --help ] || exec yes a/case\n' >"$work/endless"
chmod +x "$work/mute" "$work/endless"
ab 2 'closed its output and went on' "$work/mute" "$work/mute" --timeout=20s
ab 4 'closed its output and went on' "$work/base" "$work/mute" --timeout=20s
printf '#!/bin/sh\n[ "$1" = --help ] || kill -SEGV $$\n' >"$work/broken"
chmod +x "$work/broken"
ab 4 'crashed with signal 11' "$work/base" "$work/broken"
ab 2 'crashed with signal 11' "$work/broken" "$work/base"
ab 2 'lists cases without end' "$work/endless" "$work/endless" --timeout=20s

# Without a stderr nobody's pipe may take its number; and files are there for whoever reads no more.
"$stat" regress ab --keep_disturbed "$work/base" "$work/base" 2>&- >"$work/out" ||
  fail "without stderr: $? $(cat "$work/out")"
rm -f "$work/piped.json"
"$stat" regress ab --keep_disturbed "$work/base" "$work/base" "--json=$work/piped.json" | :
[ -s "$work/piped.json" ] || fail "no file for a reader that went away"

# Files of anybody: cases only head has, skipped there or not, with times that are none.
file() { # name, rows
  printf '{"context": {}, "benchmarks": [%s]}\n' "$2" >"$work/$1.json"
}
row='"run_type": "iteration", "time_unit": "ns", "cpu_time": 1, "real_time":'
file old "{\"name\": \"a\", $row 5}"
file new "{\"name\": \"a\", $row -5}, {\"name\": \"b\", $row 5},
  {\"name\": \"c\", $row 0, \"skipped\": true, \"skip_message\": \"not here\"}"
"$stat" regress check "$work/old.json" "$work/new.json" >"$work/out" 2>&1
code=$?
[ $code = 4 ] && grep -q 'head has times that are none' "$work/out" &&
  grep -q 'c: head skips it: not here' "$work/out" ||
  fail "regress check: status $code: $(cat "$work/out")"

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
