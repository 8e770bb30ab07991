#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scripts/run.sh with programs that only pretend to measure, in a tree of its own: what it leaves
# behind when all goes well, when a word is wrong, when somebody interrupts and when nothing builds.
set -uo pipefail
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree="$work/a tree"
mkdir -p "$work/bin" "$tree/scripts" "$tree/build"
cp "$(dirname "$0")/../scripts/run.sh" "$tree/scripts/"
failed=0

fake() { # path; its text comes from the standard input
  { echo '#!/bin/bash'; cat; } >"$1"
  chmod +x "$1"
}
fake "$tree/scripts/setup.sh" <<<'exit 0'
fake "$work/bin/meson" <<<'echo "[{\"name\": \"buildtype\", \"value\": \"release\"}]"'
fake "$work/bin/ninja" <<<'[ -z "${NO_BUILD:-}" ] || { echo "error: a missing brace"; exit 1; }'
fake "$tree/build/attn-bench" <<'TEXT'
for word in "$@"; do
  case $word in
    --suite=quick) ;;
    --suite=*) echo "attn-bench: no suite '${word#*=}'" >&2; exit 1 ;;
    --benchmark_out=*) out=${word#*=} ;;
    --plan) plan=yes ;;
  esac
done
[ -z "${plan:-}" ] || exit 0
echo "$*" >"$ASKED"
[ -z "${NO_ROWS:-}" ] || exit 1
echo '{}' >"$out"
exit ${MEASURED:-0}
TEXT
fake "$tree/build/attn-stat" <<<'echo "$*" >>"$3/index.html"'
touch "$tree/build/build.ninja"

try() { # runs the script; leaves its status, out and err
  rm -rf "$tree/results"
  status=0
  env PATH="$work/bin:$PATH" ASKED="$work/asked" "$tree/scripts/run.sh" "$@" \
    >"$work/out" 2>"$work/err" </dev/null || status=$?
  reports=("$tree"/results/runs/*/index.html)
  [ -f "${reports[0]}" ] || reports=()
}
expect() { # what, expected, found
  [ "$2" = "$3" ] && return
  echo "$1: expected '$2', found '$3'"
  cat "$work/out" "$work/err"
  failed=1
}
left() { find "$tree/results" -type d -path '*/runs/*' 2>/dev/null | wc -l; }

try
expect 'quick, status' 0 $status
expect 'quick, reports' 1 ${#reports[@]}
expect 'quick, where to look' 1 "$(grep -c "^report  *$tree/results/runs/.*/index.html" "$work/out")"

try quick -- --heads=8 --benchmark_out_format=csv
expect 'options, status' 0 $status
expect 'options, given on' 1 "$(grep -c -e '--suite=quick --heads=8 .*format=json$' "$work/asked")"

try slow
expect 'unknown suite, status' 1 $status
expect 'unknown suite, sentence' "attn-bench: no suite 'slow'" "$(cat "$work/err")"
expect 'unknown suite, output' '' "$(cat "$work/out")"
expect 'unknown suite, directories' 0 "$(left)"

MEASURED=130 try
expect 'interrupted, status' 130 $status
expect 'interrupted, reports' 1 ${#reports[@]}

NO_ROWS=1 try
expect 'no rows, status' 1 $status
expect 'no rows, directories' 0 "$(left)"

NO_BUILD=1 try
expect 'no build, status' 1 $status
expect 'no build, reason' 1 "$(grep -c 'a missing brace' "$work/err")"
expect 'no build, directories' 0 "$(left)"

exit $failed
