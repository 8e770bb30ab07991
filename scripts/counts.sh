#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Do the cases of suite ci need more instructions, DRAM traffic or scratch than the base that is
# kept in results/baseline says? Counts have no noise, so this gate holds on any machine; but they
# belong to a compiler, its flags and a version of valgrind, and where those are others nothing is
# gated. With --save the base is renewed: in the commit that means to change it.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: scripts/counts.sh [--save]
  --save  take what is built now for the new base, results/baseline/counts.json
Exit status: that of attn-stat regress sim; 0 too if nothing could be gated, which it says.
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
base=$root/results/baseline/counts.json
case ${1-} in
  '') arguments=("$base") ;;
  --save) arguments=("--save=$base") ;;
  --help | -h) usage; exit 0 ;;
  *)
    echo "counts.sh: unknown argument '$1'; --save is the one it takes" >&2
    exit 2 ;;
esac
if [ "${arguments[0]}" = "$base" ] && [ ! -f "$base" ]; then
  echo "counts.sh: not gated: there is no $base; --save makes one"
  exit 0
fi
if ! command -v valgrind >/dev/null; then
  echo "counts.sh: not gated: valgrind is not installed; scripts/setup.sh --test brings it"
  exit 0
fi
# A simulator that is older than the CPU or the C library may not start at all.
if ! said=$(valgrind -q --tool=callgrind --callgrind-out-file=/dev/null "$BASH" -c : 2>&1); then
  echo "counts.sh: not gated: valgrind does not run here: ${said##*$'\n'}"
  exit 0
fi

# What scripts/test.sh has just built will do.
build=$root/build-test/gcc
[ -x "$build/bench/cases/attn-bench" ] || build=$root/build-test/counts
log=$build.log
mkdir -p "$root/build-test" "$(dirname "$base")"
if ! {
  [ -f "$build/build.ninja" ] || meson setup --buildtype=release "$build" "$root"
  ninja -C "$build" bench/cases/attn-bench analysis/attn-stat
} >"$log" 2>&1 </dev/null; then
  tail -n 30 "$log" >&2
  exit 2
fi

exec "$build/analysis/attn-stat" regress sim --tool=callgrind "${arguments[@]}" \
  "$build/bench/cases/attn-bench" -- "--suite=$root/bench/suites/ci.sweep"
