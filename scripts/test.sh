#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything that has to hold before a change lands, on two cores in minutes: both compilers with
# every optional part and with none, then the sanitizers, each configuration in a build directory
# of its own under build-test/. A build that fails counts as a failure, a compiler that is missing
# as a skip. Why something was skipped stands before the last line, which is always
# "N passed, N failed, N skipped"; the exit status is 1 if anything failed.
set -uo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
builds=$root/build-test
quick=no
case "${1-}" in
  '') ;;
  --quick) quick=yes ;;
  --help | -h)
    echo "usage: scripts/test.sh [--quick]"
    echo "  --quick  gcc with every optional part, and nothing else"
    exit 0 ;;
  *)
    echo "test.sh: unknown argument '$1'; --quick is the one it takes" >&2
    exit 2 ;;
esac

# A report from a sanitizer ends the program, so that it cannot pass for a success.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1

passed=0 failed=0 skipped=0
notes=()

# Adds up one configuration from meson's own log, one JSON object a line. It is not kept anywhere
# else: the log holds the whole environment of the tests.
count() { # name, log
  local kind text number
  while IFS=$'\t' read -r kind text; do
    case $kind in
      counts)
        read -r -a number <<<"$text"
        passed=$((passed + number[0]))
        failed=$((failed + number[1]))
        skipped=$((skipped + number[2])) ;;
      note) notes+=("$1: $text") ;;
    esac
  done < <(python3 - "$2" <<'PYTHON'
import json, sys

counts = [0, 0, 0]
with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
    for line in log:
        test = json.loads(line)
        result = test["result"]
        name = test["name"].split(" / ")[-1]
        if result in ("OK", "EXPECTEDFAIL"):
            counts[0] += 1
        elif result == "SKIP":
            said = [s.strip() for s in (test.get("stdout") or "").splitlines() if s.strip()]
            counts[2] += 1
            print("note", f"{name} skipped: {said[-1] if said else 'no reason given'}", sep="\t")
        else:
            counts[1] += 1
            print("note", f"{name} FAILED ({result.lower()})", sep="\t")
print("counts", "{} {} {}".format(*counts), sep="\t")
PYTHON
  )
}

# Shows the log of a command that failed and counts it; a directory is made anew when the options
# it was made with are not the ones asked for.
build() { # directory, meson options
  local directory=$1
  shift
  if [ "$(cat "$directory/asked" 2>/dev/null)" != "$CC $*" ]; then rm -rf "$directory"; fi
  if [ ! -f "$directory/build.ninja" ]; then
    rm -rf "$directory"
    mkdir -p "$directory"
    meson setup --wrap-mode=nodownload -Dwerror=true "$@" "$directory" "$root" || return 1
    echo "$CC $*" >"$directory/asked"
  fi
  ninja -C "$directory" -j"$(nproc)"
}

configuration() { # name, compiler, options of meson test, then -- and options of meson setup
  local name=$1 directory=$builds/$1 log=$builds/$1.log choice=() ended=0 before=$failed
  export CC=$2
  shift 2
  while [ "$1" != -- ]; do choice+=("$1"); shift; done
  shift
  if ! command -v "$CC" >/dev/null; then
    skipped=$((skipped + 1))
    notes+=("$name: the whole configuration skipped: $CC is not installed")
    return
  fi
  printf '\n== %s: %s %s\n' "$name" "$CC" "$*"
  mkdir -p "$builds"
  if ! build "$directory" "$@" </dev/null >"$log" 2>&1; then
    tail -n 60 "$log"
    failed=$((failed + 1))
    notes+=("$name: the build FAILED")
    return
  fi
  rm -f "$directory"/meson-logs/testlog*.json
  # A busy machine or a sanitizer may take its time; a test that hangs is still ended.
  meson test -C "$directory" --no-rebuild --print-errorlogs --timeout-multiplier 4 \
    "${choice[@]}" </dev/null || ended=$?
  for log in "$directory"/meson-logs/testlog*.json; do
    [ ! -f "$log" ] || count "$name" "$log"
  done
  if [ $ended -ne 0 ] && [ $failed -eq "$before" ]; then
    failed=$((failed + 1))
    notes+=("$name: meson test FAILED and named no test ($ended)")
  fi
}

"$root/scripts/setup.sh" --test </dev/null || echo "test.sh: going on with what is here" >&2

configuration gcc gcc -- -Dauto_features=enabled
if [ $quick = no ]; then
  # What reads the tree and not the build is asked once, in the first configuration.
  configuration clang clang --no-suite tree -- -Dauto_features=enabled
  configuration gcc-bare gcc --no-suite tree -- -Dauto_features=disabled
  # The kernels' loops are long and this build changes nothing of them that the last did not.
  configuration clang-bare clang --no-suite tree --no-suite serial -- -Dauto_features=disabled
  # A report names lines; to follow variables as well takes a quarter of the build.
  configuration asan gcc --no-suite tree -- \
    -Dauto_features=enabled -Dbuildtype=debugoptimized -Dc_args=-g1 -Db_sanitize=address,undefined
  # ThreadSanitizer cannot place its shadow where the kernel randomises addresses too widely.
  still=()
  if setarch -R true 2>/dev/null; then still=(--wrap 'setarch -R'); fi
  configuration tsan clang --no-suite tree --no-suite serial "${still[@]}" -- \
    -Dauto_features=enabled -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
fi

echo
[ ${#notes[@]} -eq 0 ] || printf '%s\n' "${notes[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
