#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scripts/setup.sh on machines that are not here: its PATH holds a package manager that only writes
# down what it is asked, so that each way through the script can be told by what it left there.
set -uo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fake() { # name; its text comes from the standard input
  { echo '#!/bin/sh'; cat; } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

mkdir "$work/bin"
for tool in bash sh awk cat env find grep tr true; do
  ln -s "$(type -P $tool)" "$work/bin/$tool"
done
fake dpkg-query <<<"cat '$work/installed'; exit 1"
fake apt-cache <<<'[ "$2" = valgrind ] && exit 0; echo "  Candidate: 1.0-1"'
fake apt-get <<<"echo \"apt-get \$*\" >>'$work/calls'; exit \$(cat '$work/status')"
fake id <<<"cat '$work/user'"

ask() { # runs the script without a terminal; leaves its status, out, err and calls
  : >"$work/calls"
  status=0
  PATH=$work/bin CI='' "$work/bin/bash" "$root/scripts/setup.sh" "$@" \
    >"$work/out" 2>"$work/err" </dev/null || status=$?
}
expect() { # what, expected, found
  [ "$2" = "$3" ] && return
  echo "$1: expected '$2', found '$3'"
  cat "$work/err"
  failed=1
}
holds() { # what, file, fixed string
  grep -qF -- "$3" "$work/$2" && return
  echo "$1: no '$3' in"
  cat "$work/$2"
  failed=1
}

all='gcc libc6-dev meson ninja-build pkg-config libjansson-dev libhwloc-dev libopenblas-dev
libpapi-dev libsqlite3-dev gnuplot-nox fonts-dejavu-core'

# Nothing is missing: not a word, not a call.
echo 0 >"$work/status"
echo 0 >"$work/user"
for package in $all; do echo "installed $package"; done >"$work/installed"
ask
expect 'nothing missing, status' 0 $status
expect 'nothing missing, calls' '' "$(cat "$work/calls")"
expect 'nothing missing, words' '' "$(cat "$work/out" "$work/err")"

# root installs what is missing, and only that.
grep -v gcc "$work/installed" >"$work/less"
echo 'config-files gcc' >>"$work/less"
mv "$work/less" "$work/installed"
ask
expect 'root, status' 0 $status
holds 'root, call' calls 'install -y --no-install-recommends gcc'
expect 'root, installations' 1 "$(grep -c install "$work/calls")"

# A wanted package that no archive has costs a sentence.
ask --test
expect 'not in the archive, status' 0 $status
holds 'not in the archive, sentence' err 'no configured archive has valgrind'
expect 'not in the archive, asked for' 0 "$(grep -c valgrind "$work/calls")"

# An archive that fails is tried once more, after fetching its lists.
echo 100 >"$work/status"
ask
expect 'failing archive, status' 1 $status
expect 'failing archive, installations' 2 "$(grep -c install "$work/calls")"
echo 0 >"$work/status"

# Somebody else gets the line, on the standard output, and nothing is called.
echo 1000 >"$work/user"
ask --yes
expect 'no root, status' 1 $status
expect 'no root, line' \
  "su -c 'apt-get update && apt-get install -y --no-install-recommends gcc'" "$(cat "$work/out")"
expect 'no root, calls' '' "$(cat "$work/calls")"

# Whoever may use sudo without a password goes ahead through it.
fake sudo <<<"[ \"\$1\" = -n ] && shift; echo sudo >>'$work/calls'; exec \"\$@\""
ask
expect 'sudo, status' 0 $status
holds 'sudo, call' calls 'install -y --no-install-recommends gcc'

# Words it does not know.
ask --tset
expect 'unknown argument, status' 2 $status
holds 'unknown argument, sentence' err "'--tset'"
for script in run test doctor columns; do
  "$root/scripts/$script.sh" --no-such-option >"$work/out" 2>"$work/err" </dev/null
  expect "$script.sh --no-such-option, status" 2 $?
  expect "$script.sh --no-such-option, lines" 1 "$(wc -l <"$work/err")"
  expect "$script.sh --no-such-option, output" '' "$(cat "$work/out")"
done

exit $failed
