#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-stat regress sim from outside, with programs that answer as attn-bench does and whose counts
# are ours to choose. Argument: attn-stat.
set -uo pipefail
export LC_ALL=C

stat=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export TMPDIR=$work
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

ends() { # status, text in the output, arguments of regress sim
  local wanted=$1 text=$2 code
  shift 2
  "$stat" regress sim "$@" >out 2>err
  code=$?
  [ $code = "$wanted" ] || fail "sim $*: status $code: $(cat out err)"
  grep -qF -- "$text" out err || fail "sim $*: lacks '$text': $(cat out err)"
  [ "$wanted" != 2 ] || [ "$(wc -l <err)" = 1 ] || fail "sim $*: $(cat err)"
}

# A program: name, compiler, then rows "case instructions dram_bytes scratch_bytes".
program() {
  local name=$1 compiler=$2
  shift 2
  {
    echo '#!/usr/bin/env bash'
    printf 'compiler=%q\nrows=(' "$compiler"
    printf '%q ' "$@"
    echo ')'
    cat <<'SH'
for word in "$@"; do
  case $word in
    --benchmark_out=*) out=${word#*=} ;;
    --sim_out=*) folder=${word#*=} ;;
    --benchmark_filter=*) filter=${word#*=} ;;
    --crash) kill -SEGV $$ ;;
    --wrong) echo "attn-bench: unknown option --wrong" >&2; exit 1 ;;
  esac
done
list= n=0
for row in "${rows[@]}"; do
  read -r name instructions dram scratch <<<"$row"
  [[ ! $name =~ ${filter:-.} ]] && continue
  # what is not a number grows with every run
  [ "$instructions" != drifts ] || instructions=$(($(date +%N | sed 's/^0*//') + 1))
  list+=",{\"name\": \"$name\", \"run_name\": \"$name\", \"run_type\": \"iteration\","
  list+=" \"iterations\": 1, \"real_time\": 5, \"cpu_time\": 5, \"time_unit\": \"ns\","
  list+=" \"sim_instructions\": $instructions, \"sim_dram_bytes\": $dram,"
  list+=" \"scratch_bytes\": $scratch}"
  n=$((n + 1))
  {
    printf 'version: 1\npart: 1\n\ndesc: Trigger: Client Request: %s\n' "$name"
    printf 'events: Ir Dr\nfn=run\n0 100 3\ncfn=scores\ncalls=1 0\n0 %s\n' "$instructions"
    printf 'fn=scores\n0 %s 1\ntotals: %s\n' $((instructions - 100)) "$instructions"
  } >"$folder/$n.cg"
done
printf '{"context": {"env.compiler": "%s"}, "benchmarks": [%s]}\n' "$compiler" "${list:1}" >"$out"
SH
  } >"$name"
  chmod +x "$name"
}

program base gcc 'a/x 10000 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'
program same gcc 'a/x 10000 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'
program more gcc 'a/x 10200 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'
program less gcc 'a/x 9000 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'
program dram gcc 'a/x 10000 740000 64' 'b/y 20000 60000 64' 'c/z 30000 0 64'
program room gcc 'a/x 10000 640000 64' 'b/y 20000 0 128' 'c/z 30000 0 64'
program lost gcc 'a/x 10000 640000 64' 'b/y 20000 0 64' 'd/w 30000 0 64'
program other clang 'a/x 11000 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'
program drift gcc 'a/x drifts 640000 64' 'b/y 20000 0 64' 'c/z 30000 0 64'

sim=--tool=callgrind
ends 0 'as fast as before' $sim base same
ends 0 '+2.00%' $sim base more
ends 1 'by function: scores +200 (+2.0%)' $sim base more --ir_threshold=1%
ends 0 IMPROVED $sim base less
ends 1 '100000 more bytes from or to DRAM' $sim base dram
[ "$(grep -c REGRESSED out)" = 1 ] || fail "less than 64 KiB of DRAM was gated: $(cat out)"
ends 1 '64 more bytes of scratch' $sim base room
ends 4 MISSING $sim base lost
ends 0 'compiler is clang and was gcc' $sim base other
ends 3 'not comparable' $sim base other --strict
ends 1 REGRESSED $sim base dram --junit=found.xml
ends 0 'not comparable' $sim base other --format=json --junit=found.xml
[ "$(head -n 1 out)" = '[]' ] || fail "no JSON where nothing can be gated: $(cat out)"
grep -q 'tests="0"' found.xml || fail "a file of the run before: $(cat found.xml)"
ends 0 'not gated: counting a/x twice' $sim base drift
ends 3 'not gated: counting a/x twice' $sim base drift --strict
ends 0 'not gated' $sim same drift
ends 0 IMPROVED $sim drift base --no_self_test
ends 4 'crashed with signal 11' $sim base same -- --crash
ends 4 'unknown option --wrong' $sim base same -- --wrong

# On a terminal what all names have in common stands above.
program long gcc 'a/x/n:1/hot 10000 0 64' 'a/x/n:2/hot 10000 0 64'
if command -v script >/dev/null; then
  script -qec "'$stat' regress sim $sim long long" /dev/null </dev/null >out 2>&1
  grep -q '^all: a/x/hot' out || fail "on a terminal: $(cat out)"
  grep -q '^OK *n:2 ' out || fail "on a terminal: $(cat out)"
fi

# What is saved is a base.
ends 0 'a base for later' $sim base --save=kept.json
ends 0 'as fast as before' kept.json same $sim
ends 1 REGRESSED kept.json more $sim --ir_threshold=0.5%
ends 1 '"verdict": "REGRESSED"' kept.json more $sim --ir_threshold=0.5% --format=json
ends 1 REGRESSED kept.json more $sim --ir_threshold=0.5% --junit=out.xml
grep -q '<failure' out.xml || fail "JUnit: $(cat out.xml)"
ends 2 'cannot write' $sim base --save=/no/such/folder/x.json
cp kept.json before.json
"$stat" regress sim $sim base --save=/dev/full 2>err && fail "saved to a full disk"
cmp -s kept.json before.json || fail "a base was touched"

ends 2 'needs two programs' base
ends 2 '--ir_threshold=few' base same --ir_threshold=few
ends 2 '--tool=magic' base same --tool=magic
ends 2 'No such file' nowhere.json same
echo '{"benchmarks": [{"name": "a", "real_time": 1, "time_unit": "ns"}]}' >timed.json
ends 2 'holds no counted instructions' timed.json same $sim
row='{"name": "a", "run_name": "a", "run_type": "iteration", "real_time": 0, "time_unit": "ns"'
echo "{\"benchmarks\": [$row, \"error_occurred\": true, \"error_message\": \"it is ill\"}]}" >ill.json
ends 4 'no case could be counted; a: it is ill' ill.json same $sim
echo '{"benchmarks": []}' >none.json
ends 2 'has no case' none.json same $sim
left=$(find "$work" -name 'attn-stat-sim.*')
[ -z "$left" ] || fail "left behind: $left"

[ "$failures" = 0 ] && echo "all as promised"
exit $((failures > 0))
