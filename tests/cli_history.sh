#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-stat regress history from outside: two writers at once, writers that are killed, a disk that
# is full, a range that is bisected with a comparison of our own. Argument: attn-stat.
set -uo pipefail
export LC_ALL=C

stat=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

history() { "$stat" regress history "$@"; }

ends() { # status, text in the output, words of history
  local wanted=$1 text=$2 code
  shift 2
  history "$@" >out 2>err
  code=$?
  [ $code = "$wanted" ] || fail "history $*: status $code: $(cat out err)"
  grep -qF -- "$text" out err || fail "history $*: lacks '$text': $(cat out err)"
  [ "$wanted" != 2 ] || [ "$(wc -l <err)" = 1 ] || fail "history $*: $(cat err)"
}

if [[ $(history 2>&1) == *'without SQLite'* ]]; then
  echo "this build has no SQLite"
  exit 77
fi

# Sixty days of one case: 100 us, from the 41st on 106 us, and noise of a simple kind.
result() { # day, ns
  local month=$((1 + $1 / 28)) day=$((1 + $1 % 28)) repetition rows=
  for repetition in 0 1 2; do
    rows+=",{\"name\": \"case\", \"run_type\": \"iteration\", \"repetition_index\": $repetition,"
    rows+=" \"real_time\": $(($2 + (($1 * 7919 + repetition * 104729) % 500) - 250)),"
    rows+=" \"cpu_time\": 1, \"time_unit\": \"ns\"}"
  done
  printf '{"context": {"date": "2026-%02d-%02dT00:00:00Z", "git_commit": "%s",' \
    $month $day "${3:-$1}"
  printf ' "num_cpus": 2}, "benchmarks": [%s]}\n' "${rows:1}"
}
mkdir results
for ((day = 0; day < 60; day++)); do
  result $day $((day < 40 ? 100000 : 106000)) >results/$day.json
done

ends 2 'begins one' check none.db
ends 2 'did you mean check?' chek none.db
ends 2 'needs a history and result files' import h.db
ends 2 'No such file' import h.db nowhere.json
[ -e h.db ] && fail "a history was begun for nothing"
echo '{"benchmarks": []}' >undated.json
ends 2 'give --time' import h.db undated.json
ends 2 'it takes a moment' import h.db results/0.json --time=yesterday
ends 2 '--wait=-1' import h.db results/0.json --wait=-1
ends 2 'No such file' import no/such/h.db results/0.json
ends 2 '":memory:" is no name of a file' import :memory: results/0.json
ends 2 '"" is no name of a file' import '' results/0.json
echo '{"context": {"date": "2026-01-01T00:00:00Z"}, "benchmarks": []}' >nothing.json
ends 2 'has no case with a time' import nothing.db nothing.json

# What files say is data: a class that ends a comment of the chart's script is no command.
sed 's/"num_cpus": 2/"num_cpus": 2, "env.cpu_model": "x\\nsystem(\\"touch commanded\\")\\n#"/' \
  results/0.json >class.json
ends 0 'points added' import class.db class.json
if command -v gnuplot >/dev/null; then
  ends 0 '.svg' trend class.db -o charts
  [ ! -e commanded ] || fail "a class was run by gnuplot"
  mkdir full && ln -s /dev/full "full/$(basename charts/*.svg)"
  ends 2 'is the disk full?' trend class.db -o full
fi
grep -q '^system' charts/*.gp 2>/dev/null && fail "a class begins a line of a script"

# Files that differ in their counts alone are two.
count() { # instructions
  sed "s/\"real_time\"/\"sim_instructions\": $1, \"real_time\"/g" results/0.json
}
count 1000 >many.json
count 500 >few.json
ends 0 'points added' import counts.db many.json
ends 0 'points added' import counts.db few.json
ends 0 'known already' import counts.db many.json

# Both writers' files are all there in the end.
history import two.db results/[0-4]*.json >first 2>&1 &
one=$!
history import two.db results/[5-9]*.json >second 2>&1 || fail "second writer: $(cat second)"
wait $one || fail "first writer: $(cat first)"
added=$(cat first second | grep -c 'points added')
[ "$added" = 60 ] || fail "two writers added $added of 60 files"
ends 1 '1 series, 60 points: 1 regression' check two.db

# What was reported as added survives any kill; the rest can be added.
for delay in 0.01 0.03 0.06 0.1; do
  rm -f killed.db*
  "$stat" regress history import killed.db results/*.json >log 2>&1 & # not its shell
  writer=$!
  sleep $delay
  kill -9 $writer 2>/dev/null
  wait $writer 2>/dev/null
  grep 'points added' log | sed 's/:.*//' >told
  mapfile -t told <told
  if [ ${#told[@]} -gt 0 ]; then
    history import killed.db "${told[@]}" >out 2>&1
    known=$(grep -c 'known already' out)
    [ "$known" = ${#told[@]} ] ||
      fail "killed after $delay s: of ${#told[@]} files reported as added $known are there: $(cat out)"
  fi
  history import killed.db results/*.json >out 2>&1 || fail "after a kill: $(cat out)"
  ends 1 '1 series, 60 points' check killed.db
done

# A file system without room: nothing is added, and nothing is lost.
cp two.db full.db
size=$(($(wc -c <full.db) / 1024))
mkdir more
for ((day = 0; day < 40; day++)); do
  result $day 100000 "another$day" | sed 's/"case"/"case '"$day"'"/g' >more/$day.json
done
(
  trap '' XFSZ
  ulimit -f $((size + 4))
  history import full.db more/*.json
) >out 2>err
[ $? = 2 ] || fail "a full disk: $(cat out err)"
[ "$(wc -l <err)" = 1 ] || fail "a full disk: $(cat err)"
ends 1 '60 points' check full.db --case=case
ends 0 'points added' import full.db more/39.json

head -c 5000 two.db >cut.db
ends 2 'left as it is' check cut.db
ends 2 'left as it is' import cut.db results/0.json
[ "$(wc -c <cut.db)" = 5000 ] || fail "a damaged history was written to"
echo 'not a database' >text.db
ends 2 'not a history' check text.db
ends 2 'not a history' import text.db results/0.json
grep -q 'not a database' text.db || fail "a text was overwritten"

ends 1 'REGRESSED' check two.db --format=csv
ends 0 'no regression stands' check two.db --effect=20% --creep=20%
ends 2 'none of the 1 series' check two.db --case=other
ends 2 '--effect=much' check two.db --effect=much
ends 2 'needs --reason' accept two.db
ends 2 'no UTF-8' accept two.db --reason=$'caf\xe9'
if command -v python3 >/dev/null; then
  cp counts.db strange.db
  python3 -c 'import sqlite3; sqlite3.connect("strange.db").execute("PRAGMA user_version=-5")'
  ends 2 'of no known schema (-5)' import strange.db results/1.json
  ends 2 'of no known schema (-5)' check strange.db
fi
ends 2 'no series changed at commit 7' accept two.db --commit=7 --reason=x
ends 0 'accepted from 40 on' accept two.db --commit=40 --reason='a larger cache line'
ends 0 'a larger cache line' check two.db
ends 2 'no regression stands' accept two.db --reason=x
ends 2 'needs -o' trend two.db
ends 0 charts/case-real_ns trend two.db -o charts
grep -q '+6.0% 40 accepted' charts/*.gp || fail "the chart does not show the change"
if command -v gnuplot >/dev/null; then
  grep -q '</svg>' charts/*.svg || fail "no chart was drawn"
fi
PATH=/nowhere "$stat" regress history trend two.db -o scripts >out 2>err ||
  fail "without gnuplot: $(cat err)"
grep -q 'gnuplot is not installed' err || fail "without gnuplot: $(cat err)"

for word in "check two.db" "trend two.db -o charts" "import two.db results/0.json"; do
  # shellcheck disable=SC2086
  history $word >/dev/full 2>err
  [ $? = 2 ] || fail "history $word on a full disk: $(cat err)"
done

if command -v git >/dev/null; then
  git init -q tree
  commit() { git -C tree -c user.name=t -c user.email=t@t commit -q --allow-empty -m "$1"; }
  for ((n = 0; n < 12; n++)); do
    commit $n
  done
  at() { git -C tree rev-parse "HEAD~$((11 - $1))"; }
  # Slower from commit 7 on; noisy the first time it is asked about commit 5.
  cat >tree/compare <<'SH'
#!/usr/bin/env bash
number() { git log -1 --format=%s "$1"; }
echo "$*" >>log
if [ "$(number "$2")" = 5 ] && [ ! -e asked ]; then touch asked; exit 5; fi
[ "$(number "$1")" -lt 7 ] && [ "$(number "$2")" -ge 7 ] && exit 1
exit 0
SH
  chmod +x tree/compare
  ends 1 "confirmed: $(at 7) made it slower" bisect --repository=tree --with=./compare \
    "$(at 0)" "$(at 11)" -- --suite=ci
  grep -q -- '--strict --budget=120s -- --suite=ci' tree/log || fail "no longer try: $(cat tree/log)"
  ends 0 'not confirmed' bisect --repository=tree --with=./compare "$(at 8)" "$(at 11)"
  ends 2 'does not come after' bisect --repository=tree --with=./compare "$(at 8)" "$(at 2)"
  ends 2 'is no commit' bisect --repository=tree --with=./compare 'HEAD;id' "$(at 2)"
  ends 2 'unknown option --all' bisect --repository=tree --with=./compare --all "$(at 2)"
  ends 2 'cannot run ./nothing' bisect --repository=tree --with=./nothing "$(at 0)" "$(at 11)"
  rm -f commits.db*
  for ((day = 0; day < 12; day++)); do
    result $day $((day < 7 ? 100000 : 106000)) "$(at $day)" >commit.json
    history import commits.db commit.json >/dev/null || fail "import of a commit"
  done
  : >tree/log
  ends 1 "confirmed: $(at 7) made it slower" bisect --repository=tree --with=./compare commits.db
  # Its case alone is measured, and its time.
  [ "$(grep -cF -- '-- --benchmark_filter=^case$' tree/log)" = "$(wc -l <tree/log)" ] ||
    fail "bisecting a case: $(cat tree/log)"
  ends 2 'only real_ns is bisected' bisect --repository=tree commits.db --metric='sim_*'
  printf '#!/bin/sh\nexit 2\n' >tree/lost
  chmod +x tree/lost
  ends 2 'chooses the case as it was measured' bisect --repository=tree --with=./lost commits.db
fi

[ "$failures" = 0 ] && echo "all as promised"
exit $((failures > 0))
