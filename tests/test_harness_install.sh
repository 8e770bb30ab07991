#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# An installation, looked at from outside: the programs start, a program that is not ours is built
# with what pkg-config says (it is the one the library's README shows), each manual page can be
# shown and names every option, and the completions can be read by their shells and offer them.
# usage: test_harness_install.sh BUILD_DIRECTORY README COMPILER...
set -euo pipefail
export LC_ALL=C
build=$1
readme=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

if ! command -v meson >/dev/null || ! command -v pkg-config >/dev/null; then
  echo "meson or pkg-config is not on the PATH"
  exit 77
fi
meson install -C "$build" --no-rebuild --destdir "$work/root" >"$work/log" 2>&1 ||
  fail "meson install: $(tail -n 5 "$work/log")"

place() { # the one installed file whose path ends so
  local found
  found=$(find "$work/root" -type f -path "*/$1")
  [ "$(wc -l <<<"$found")" = 1 ] && [ -n "$found" ] || fail "installed as */$1: '$found'"
  echo "$found"
}

bench=$(place bin/attn-bench)
stat=$(place bin/attn-stat)
"$bench" --version >/dev/null || fail "the installed attn-bench does not start"
"$stat" --version >/dev/null || fail "the installed attn-stat does not start"

# The file names its prefix once, so that it can be read where it stands now.
description=$(place pkgconfig/benchmark_c.pc)
prefix=$(pkg-config --variable=prefix "$description")
sed -n '/^```c$/,/^```$/p' "$readme" | sed '/^```/d' >"$work/outside.c"
read -r -a flags < <(PKG_CONFIG_PATH=$(dirname "$description") pkg-config \
  --define-variable=prefix="$work/root$prefix" --cflags --libs benchmark_c)
"$@" -std=c11 -Wall -Wextra -Werror -O2 "$work/outside.c" "${flags[@]}" -o "$work/outside" ||
  fail "the README's program does not build with ${flags[*]}"
"$work/outside" --benchmark_min_time=1x --benchmark_out="$work/outside.json" >/dev/null 2>&1 ||
  fail "the README's program does not run"
grep -q '"name": "copy/bytes:4096"' "$work/outside.json" ||
  fail "the README's program wrote no row"
if command -v c++ >/dev/null; then
  printf '#include <benchmark.h>\nvoid f(benchmark_state *);\nvoid f(benchmark_state *s) { %s }\n' \
    'while (benchmark_keep_running(s)) benchmark_do_not_optimize(s);' >"$work/outside.cc"
  c++ -Wall -Wextra -Wpedantic -Werror "${flags[@]}" -c "$work/outside.cc" -o "$work/outside.o" ||
    fail "C++ cannot include the header"
fi

# A kernel in a shared object, with the installed headers alone.
read -r -a flags < <(PKG_CONFIG_PATH=$(dirname "$(place pkgconfig/attnbench-kernel.pc)") \
  pkg-config --define-variable=prefix="$work/root$prefix" --cflags attnbench-kernel)
"$@" -std=c11 -Wall -Wextra -Werror -O2 -shared -fPIC "${flags[@]}" \
  "$(dirname "$0")/plugins/scalar.c" -o "$work/scalar.so" -lm || fail "the example of a plug-in"
# A sanitizer's library would have to be there before the program starts.
"$bench" --load="$work/scalar.so" --kernel=scalar --plan >/dev/null || fail "the plug-in's plan"

options() { # every option of a program, commands' included
  "$1" --help
  "$1" --help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p' | while read -r command; do
    "$1" "$command" --help
  done
}
for program in "$bench" "$stat"; do
  name=$(basename "$program")
  options "$program" | grep -o '^  --[a-z0-9_]*' | tr -d ' ' | sort -u >"$work/options"
  [ -s "$work/options" ] || fail "$name --help shows no options"

  page=$(place "man1/$name.1")
  if command -v man >/dev/null; then
    MANWIDTH=200 man --warnings -Tascii -l "$page" >"$work/shown" 2>"$work/said" ||
      fail "man -l $name.1"
  elif command -v groff >/dev/null; then
    groff -man -Tascii -ww "$page" >"$work/shown" 2>"$work/said" || fail "groff $name.1"
  else
    sed 's/\\-/-/g' "$page" >"$work/shown"
    : >"$work/said"
  fi
  [ ! -s "$work/said" ] || fail "$name.1: $(head -n 3 "$work/said")"
  # Terminals print bold by overstriking or by escapes.
  sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' "$work/shown" >"$work/plain"
  while read -r option; do
    grep -q -- "$option" "$work/plain" || fail "$name.1 does not tell of $option"
  done <"$work/options"

  completion=$(place "bash-completion/completions/$name")
  bash -n "$completion" || fail "bash cannot read the completion of $name"
  if command -v zsh >/dev/null; then
    zsh -n "$(place "site-functions/_$name")" || fail "zsh cannot read the completion of $name"
  fi
done

complete_line() { # words up to the one to complete; prints what is offered
  # shellcheck disable=SC2034  # read by the functions that are called
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  "_${1//-/_}"
  echo "${COMPREPLY[*]}"
}
PATH=$(dirname "$bench"):$PATH
# shellcheck disable=SC1090
. "$(place bash-completion/completions/attn-bench)"
# shellcheck disable=SC1090
. "$(place bash-completion/completions/attn-stat)"
expect() { # offer, words
  local found
  found=$(complete_line "${@:2}" || true)
  [ "$found" = "$1" ] || fail "completing '${*:2}' offers '$found', not '$1'"
}
expect '--benchmark_filter=' attn-bench --benchmark_fi
expect 'console csv' attn-bench --benchmark_format = c
expect 'block cyclic' attn-bench --head_map ''
expect 'quick' attn-bench --suite = qui
expect 'llama-3.1-8b' attn-stat kv --model = llama-3.1-8
expect 'kv' attn-stat k
expect '--kv_heads= --kv_type=' attn-stat kv --kv_
echo "installed, built against, shown and completed"
