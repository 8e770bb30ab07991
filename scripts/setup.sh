#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing for running (or, with --test, for testing) on Debian and its relatives.
# On a terminal it says what it would fetch and asks; without one, under CI or with --yes it goes
# ahead as root or through sudo, and where it may do neither it prints the one line to run.
# A thing counts as present when its package is installed or when it answers under its own name,
# so a meson from elsewhere is left alone and other distributions are only told what they lack.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: scripts/setup.sh [--test] [--yes]
  --test  also what scripts/test.sh needs: a second compiler, sanitizers, formatters, readers
  --yes   do not ask
TEXT
}

# need|want  package  its own name: a command, or NAME.pc for pkg-config, or - for neither.
# What is needed stops the work when the archive lacks it; what is wanted costs a sentence.
for_running='
need gcc                gcc
need libc6-dev          -
need meson              meson
need ninja-build        ninja
need pkg-config         pkg-config
need libjansson-dev     jansson.pc
want libhwloc-dev       hwloc.pc
want libopenblas-dev    openblas.pc
want libpapi-dev        papi.pc
want libsqlite3-dev     sqlite3.pc
want gnuplot-nox        gnuplot
want fonts-dejavu-core  -
'
for_testing='
need g++                g++
need git                git
want clang              clang
want libclang-rt-14-dev -
want clang-format-14    clang-format-14
want valgrind           valgrind
want libbenchmark-dev   benchmark.pc
want libbenchmark-tools -
want python3            python3
want python3-numpy      -
want python3-scipy      -
want python3-ament-cmake-google-benchmark -
want nodejs             node
want qemu-user          qemu-aarch64
want gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
want libc6-dev-arm64-cross -
want man-db             man
want zsh                zsh
'

testing=no
ask=yes
for word in "$@"; do
  case $word in
    --test) testing=yes ;;
    --yes | -y) ask=no ;;
    --help | -h) usage; exit 0 ;;
    *)
      echo "setup.sh: unknown argument '$word'; --test and --yes are the ones it takes" >&2
      exit 2 ;;
  esac
done
table=$for_running
[ $testing = no ] || table+=$for_testing
case ${CI:-false} in false | 0 | no | '') ;; *) ask=no ;; esac
[ -t 0 ] && [ -t 2 ] || ask=no

# All packages in one question to dpkg: on a machine that lacks nothing this is the whole run.
installed=' '
if command -v dpkg-query >/dev/null; then
  # shellcheck disable=SC2046  # package names hold no blanks
  installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' \
    $(awk 'NF { print $2 }' <<<"$table") 2>/dev/null |
    awk '$1 == "installed" { print $2 }' | tr '\n' ' ')" || true
fi

present() { # package, own name
  [[ $installed == *" $1 "* ]] && return 0
  case $2 in
    -) ! command -v dpkg-query >/dev/null ;;
    *.pc) command -v pkg-config >/dev/null && pkg-config --exists "${2%.pc}" ;;
    *) command -v "$2" >/dev/null ;;
  esac
}

needed=()
wanted=()
while read -r weight package name; do
  if [ -z "$weight" ] || present "$package" "$name"; then continue; fi
  if [ "$weight" = need ]; then needed+=("$package"); else wanted+=("$package"); fi
done <<<"$table"
[ ${#needed[@]} -gt 0 ] || [ ${#wanted[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: no apt-get here; by its Debian names this machine lacks:" \
    "${needed[*]} ${wanted[*]}" >&2
  [ ${#needed[@]} -eq 0 ] || exit 1
  exit 0
fi

root=()
may=yes
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && { [ $ask = yes ] || sudo -n true 2>/dev/null; }; then
    root=(sudo)
  else
    may=no
  fi
fi
as_root() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive "$@"; }
apt() { as_root apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"; }
in_archive() { # a pipe into grep -q would fail on its writer's broken pipe
  local policy
  policy=$(apt-cache policy "$1" 2>/dev/null)
  [[ $policy == *Candidate:* && $policy != *"Candidate: (none)"* ]]
}

# Package lists are fetched only where there are none, or when they do not know what is needed; a
# wanted package that no archive has must not cost a download on every call.
lists_fall_short() {
  local package
  for package in apt "${needed[@]}"; do
    in_archive "$package" || return 0
  done
  [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit 2>/dev/null)" ]
}

updated=no
refresh() {
  updated=yes
  apt update >&2 || echo "setup.sh: the package lists could not be brought up to date" >&2
}
if [ $may = yes ] && [ ${#root[@]} -eq 0 ] && lists_fall_short; then refresh; fi

# What no list knows is left out, unless the lists themselves are missing (a bare machine seen by
# somebody who may not fetch them): then nothing can be said about any package.
packages=("${needed[@]}" "${wanted[@]}")
choose() {
  local package
  packages=()
  for package in "${needed[@]}"; do
    if ! in_archive "$package"; then
      echo "setup.sh: $package is needed and no configured archive has it" >&2
      exit 1
    fi
    packages+=("$package")
  done
  for package in "${wanted[@]}"; do
    if in_archive "$package"; then
      packages+=("$package")
    else
      echo "setup.sh: no configured archive has $package; going on without it" >&2
    fi
  done
}
if [ $updated = yes ] || ! lists_fall_short; then choose; fi
[ ${#packages[@]} -gt 0 ] || exit 0

if [ $may = no ]; then
  echo "setup.sh: packages are missing and installing them takes root; this line does it:" >&2
  line="apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
  if command -v sudo >/dev/null; then echo "sudo sh -c '$line'"; else echo "su -c '$line'"; fi
  exit 1
fi

if [ $ask = yes ]; then
  bytes=$(apt-get install -y --no-install-recommends --print-uris "${packages[@]}" 2>/dev/null |
    awk '/^\x27/ { sum += $3 } END { if (sum) printf "%.0f MB", sum / 1e6 }') || bytes=
  {
    echo "To be installed:"
    printf '  %s\n' "${packages[@]}"
    echo "Download, with what they depend on: ${bytes:-not known before the lists are fetched}"
    printf 'Go ahead? [Y/n] '
  } >&2
  read -r answer || answer=n
  case $answer in
    '' | y | Y | yes | Yes) ;;
    *) echo "setup.sh: nothing was installed" >&2; exit 1 ;;
  esac
fi

# Lists that are too old name files which are gone from the mirror: fetch them and try once more.
install() { apt install -y --no-install-recommends "${packages[@]}" >&2; }
if [ $updated = no ] && lists_fall_short; then refresh; choose; fi
if ! install; then
  if [ $updated = no ]; then refresh; choose; fi
  install || { echo "setup.sh: the installation failed; apt-get said why above" >&2; exit 1; }
fi
