#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The long search that the tests only begin: every libFuzzer target for so many seconds (600), one
# after the other, in a clang build of its own under build-test/. What a target finds on its way
# stays in the build directory, what breaks it lies in crash-* there; the exit status is 1 then.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=600
only=''
for argument; do
  case $argument in
    --seconds=*) seconds=${argument#*=} ;;
    --target=*) only=${argument#*=} ;;
    --help | -h)
      echo "usage: scripts/fuzz.sh [--seconds=N] [--target=NAME]"
      exit 0 ;;
    *)
      echo "fuzz.sh: unknown argument '$argument'; --seconds and --target are those it takes" >&2
      exit 2 ;;
  esac
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || {
  echo "fuzz.sh: --seconds=$seconds is no number of seconds" >&2
  exit 2
}

build=$root/build-test/fuzz
[ -f "$build/build.ninja" ] ||
  CC=clang meson setup --wrap-mode=nodownload -Dauto_features=disabled "$build" "$root"
# Without a libFuzzer the build has no such targets.
mapfile -t targets < <(ninja -C "$build" -t targets all | sed -n 's,^tests/\(fuzz_[a-z]*\):.*,\1,p')
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz.sh: this clang has no libFuzzer; apt-get install libclang-rt-14-dev brings it" >&2
  exit 77
fi
status=0 found=0
for target in "${targets[@]}"; do
  [ -z "$only" ] || [ "$target" = "$only" ] || continue
  found=1
  ninja -C "$build" "tests/$target"
  kept=$root/tests/corpus/${target#fuzz_} own=$build/tests/found_$target
  mkdir -p "$own"
  echo "== $target: $seconds s"
  "$build/tests/$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$build/tests/" "$own" "$kept" || status=1
done
[ $found = 1 ] || {
  echo "fuzz.sh: no target $only; there are ${targets[*]}" >&2
  exit 2
}
exit $status
