#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Do fingerprints change exactly when code does? Small objects stand for kernels and for what runs
# beside them. Arguments: the compiler, word by word.
set -uo pipefail
export LC_ALL=C

script=$(cd "$(dirname "$0")/.." && pwd)/bench/cases/fingerprint.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

compiler=("$@")
compile() { # directory, a file's name, its text, flags
  local directory=$work/$1 file=$2 text=$3
  shift 3
  mkdir -p "$directory"
  printf '%s\n' "$text" >"$directory/source.c"
  (cd "$directory" && "${compiler[@]}" -O2 -w "$@" -c source.c -o "$file.o" && rm source.c)
}
code() { # a kernel's symbol, objects: what the table says of it
  local symbol=$1
  shift
  python3 "$script" "$work/out.c" "$@" || return
  sed -n "s/.*{\"$symbol\", \"\\(.*\\)\"}.*/\\1/p" "$work/out.c"
}
expect() { # same|other, what it is about, two codes
  local found=other
  [ "$3" != "$4" ] || found=same
  if [ "$found" != "$1" ] || [ ${#3} != 32 ]; then
    echo "FAIL: $2: '$3' and '$4'"
    failures=$((failures + 1))
  fi
}

kernel='static int twice(int x) { return 2 * x; } extern int shared(int);
const char k_text[] = "text"; int *k_place; int run(int x) { return shared(twice(x)) + *k_place; }
int (*const k)(int) = run;'
compile a/libk.a.p k "$kernel"
compile a/libbeside.a.p s 'int shared(int x) { return x + 1; }'
if [ "$(head -c 6 "$work/a/libk.a.p/k.o" | od -An -tx1 | tr -d ' \n')" != 7f454c460201 ]; then
  echo "no 64-bit little-endian ELF objects here"
  exit 77
fi
objects=("$work/a/libk.a.p/k.o" "$work/a/libbeside.a.p/s.o")
first=$(code k "${objects[@]}")

compile elsewhere/much/longer/libk.a.p k "$kernel" -g
expect same 'another directory, debugging information, another order' "$first" \
  "$(code k "${objects[1]}" "$work/elsewhere/much/longer/libk.a.p/k.o")"
compile b/libk.a.p k "${kernel/2 \* x/3 * x}"
expect other 'an instruction' "$first" "$(code k "$work/b/libk.a.p/k.o" "${objects[1]}")"
compile b/libk.a.p k "${kernel/\"text\"/\"tuxt\"}"
expect other 'a constant' "$first" "$(code k "$work/b/libk.a.p/k.o" "${objects[1]}")"
compile b/libk.a.p k "${kernel//shared/shores}"
expect other 'what is called' "$first" "$(code k "$work/b/libk.a.p/k.o" "${objects[1]}")"
compile b/libbeside.a.p s 'int shared(int x) { return x + 2; }'
expect other 'what runs beside it' "$first" "$(code k "${objects[0]}" "$work/b/libbeside.a.p/s.o")"
compile b/libother.a.p o 'int other = 1; int run2(void) { return other; }'
expect same 'another kernel' "$first" "$(code k "${objects[@]}" "$work/b/libother.a.p/o.o")"

# What cannot be read leaves an empty table, which says that nothing is known.
echo 'no object' >"$work/text.o"
head -c 200 "${objects[0]}" >"$work/cut.o"
for bad in text cut; do
  if ! python3 "$script" "$work/out.c" "${objects[0]}" "$work/$bad.o" ||
    grep -q '{"k"' "$work/out.c"; then
    echo "FAIL: $bad.o was believed"
    failures=$((failures + 1))
  fi
done
[ "$failures" = 0 ] && echo "fingerprints follow the code"
exit $((failures > 0))
