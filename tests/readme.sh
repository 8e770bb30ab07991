#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Is the README true? Runs every command of the two programs it shows, in its order and with one
# iteration instead of many, looks up every option it names and follows its links into the tree.
# Arguments: the two programs, as built.
set -uo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
page=$root/README.md
for program in "$@"; do
  PATH=$(cd "$(dirname "$program")" && pwd):$PATH
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# A survey of one pass a reading is not one for the user's later runs to go by.
export XDG_CACHE_HOME=$work/cache

failed=0
offence() {
  echo "README.md: $*"
  failed=1
}

commands=0
while IFS= read -r line; do
  commands=$((commands + 1))
  line=${line%%  #*}
  shorter=$line
  [[ $line != attn-bench* ]] ||
    shorter+=' --benchmark_min_time=1x --benchmark_repetitions=1'
  if bash -c "$shorter" >out 2>err </dev/null; then
    :
  elif grep -q 'is not in this build' err; then
    echo "left out: $line: $(cat err)"
  else
    offence "$line fails"
    tail -n 5 out err
  fi
  if grep -q error_message ./*.json 2>/dev/null; then
    offence "$line leaves error rows"
  fi
done < <(awk '/^```/ { inside = /^```sh/ } inside && /^attn-/' "$page")
[ $commands -gt 0 ] || offence "shows no command"

{
  attn-bench --help
  cat "$root"/scripts/*.sh "$root"/scripts/*.py
} >known 2>&1
while IFS= read -r option; do
  grep -qF -- "$option" known || offence "$option is no option of attn-bench"
done < <(grep -v '^attn-stat' "$page" | grep -oE -- '--[a-z][a-z_]*' | sort -u)

links() {
  grep -oE '[`](bench|kernels|analysis|tests|scripts|results)/[A-Za-z0-9_./-]*[`]' "$page"
  grep -oE '\]\([^):#]+\)' "$page"
}
while IFS= read -r path; do
  [ -e "$root/$path" ] || offence "$path does not exist"
done < <(links | tr -d '`()]' | sort -u)

exit $failed
