#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes the list of columns into results/README.md, between its two markers, as the program
# declares it; with --check it only says whether the list there is the present one.
set -euo pipefail

usage='usage: scripts/columns.sh [--check] [ATTN-STAT]'
check=no
stat=
for word in "$@"; do
  case $word in
    --check) check=yes ;;
    --help | -h) echo "$usage"; exit 0 ;;
    -*) echo "columns.sh: unknown option '$word'; $usage" >&2; exit 2 ;;
    *) stat=$word ;;
  esac
done

root=$(cd "$(dirname "$0")/.." && pwd)
page=$root/results/README.md
: "${stat:=$(find "$root/build" -name attn-stat -type f -executable -print -quit 2>/dev/null)}"
if [ ! -x "$stat" ]; then
  echo "columns.sh: no attn-stat in build/; build it first or name one" >&2
  exit 2
fi

columns=$("$stat" columns)
current=$(COLUMNS_TEXT=$columns awk '
  /^<!-- columns end/ { inside = 0; print ENVIRON["COLUMNS_TEXT"] }
  !inside { print }
  /^<!-- columns:/ { inside = 1 }' "$page")
if [ $check = yes ]; then
  diff -u "$page" <(echo "$current") && exit 0
  echo "results/README.md is not what attn-stat declares; scripts/columns.sh writes it anew"
  exit 1
fi
echo "$current" >"$page.new"
mv "$page.new" "$page"
