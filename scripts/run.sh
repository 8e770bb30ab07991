#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# From a fresh clone to a report in one command: installs what is missing, builds, measures one
# suite and draws what it found. The suite is planned before anything is written, so a word the
# program does not know costs no directory; an interrupted run keeps and reports its finished rows.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/run.sh [--yes] [SUITE] [-- OPTIONS OF attn-bench]
  SUITE   a name that attn-bench --list_suites prints, or a suite file; default quick
  --yes   install missing packages without asking
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
suite=
setup=()
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    --yes | -y) setup=(--yes) ;;
    --help | -h) usage; exit 0 ;;
    -*)
      echo "run.sh: unknown option '$1'; options of attn-bench stand after --" >&2
      exit 2 ;;
    *)
      if [ -n "$suite" ]; then
        echo "run.sh: one suite at a time, not '$suite' and '$1'" >&2
        exit 2
      fi
      suite=$1 ;;
  esac
  shift
done
: "${suite:=quick}"

"$root/scripts/setup.sh" "${setup[@]}"

build=$root/build
log=$build/build.log
mkdir -p "$build"
made() {
  if [ ! -f "$build/build.ninja" ]; then
    meson setup --buildtype=release "$build" "$root" || return
  elif ! meson introspect --buildoptions "$build" | tr '{' '\n' |
    grep '"buildtype".*"release"' >/dev/null; then
    # Somebody debugs here; figures from such a build would be about the compiler.
    meson configure -Dbuildtype=release "$build" || return
  fi
  ninja -C "$build"
}
if ! made >"$log" 2>&1 </dev/null; then
  tail -n 30 "$log" >&2
  echo "run.sh: the build failed; all of it is in $log" >&2
  exit 1
fi
bench=$(find "$build" -name attn-bench -type f -perm -u+x -print -quit)
stat=$(find "$build" -name attn-stat -type f -perm -u+x -print -quit)

"$bench" "--suite=$suite" "$@" --plan >/dev/null

directory=$root/results/runs/$(uname -n | tr -c 'A-Za-z0-9.\n' _)-$(date +%Y%m%d-%H%M%S)
mkdir -p "$directory"
trap 'rmdir "$directory" 2>/dev/null || true' EXIT
# Ctrl-C is for the program, which closes its file; the report is still wanted.
trap : INT
measured=0
"$bench" "--suite=$suite" "$@" "--benchmark_out=$directory/result.json" \
  --benchmark_out_format=json || measured=$?
if [ -s "$directory/result.json" ]; then
  reported=0
  "$stat" report -o "$directory" "$directory/result.json" || reported=$?
  echo
  echo "report   $directory/index.html"
  echo "rows     $directory/result.json, $directory/summary.csv"
  [ $reported -eq 0 ] || exit $reported
fi
exit $measured
