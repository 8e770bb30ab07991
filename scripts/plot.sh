#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Draws every figure of the given results; without any, of the newest run. The whole report comes
# with them, since a picture without its table and machine is soon a riddle.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/plot.sh [-o DIR] [RESULT.json...]
  -o DIR        folder for pictures and report; default results/figures
  RESULT.json   default: the newest result.json under results/runs
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
directory=$root/results/figures
results=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    -o)
      if [ $# -lt 2 ]; then
        echo "plot.sh: -o needs the folder to draw into" >&2
        exit 2
      fi
      directory=$2
      shift ;;
    -*)
      echo "plot.sh: unknown option '$1'; -o DIR is the one it takes" >&2
      exit 2 ;;
    *) results+=("$1") ;;
  esac
  shift
done

if [ ${#results[@]} -eq 0 ]; then
  newest=
  for file in "$root"/results/runs/*/result.json; do
    if [ -f "$file" ] && { [ -z "$newest" ] || [ "$file" -nt "$newest" ]; }; then
      newest=$file
    fi
  done
  if [ -z "$newest" ]; then
    echo "plot.sh: there is no run under results/runs; scripts/run.sh makes one" >&2
    exit 2
  fi
  results=("$newest")
fi

stat=
for build in "$root/build" "$root"/build-*; do
  if [ -x "$build/analysis/attn-stat" ]; then
    stat=$build/analysis/attn-stat
    break
  fi
done
: "${stat:=$(command -v attn-stat || true)}"
if [ -z "$stat" ]; then
  echo "plot.sh: attn-stat is not built; scripts/run.sh or 'ninja -C build' builds it" >&2
  exit 2
fi

"$stat" report -o "$directory" "${results[@]}"
echo "report   $directory/index.html"
echo "figures  $directory/plots"
