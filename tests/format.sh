#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Is every tracked file written as .clang-format and .editorconfig say? Blanks are looked at with
# git alone; C needs clang-format 14, because its versions disagree about the same file, and where
# that one is missing the test is skipped. Golden files and results are data and keep their bytes.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

git() { command git -c safe.directory='*' "$@"; }
if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "not a git checkout: no list of the files to look at"
  exit 77
fi

written=(':!results/*.json' ':!results/*.csv' ':!results/figures' ':!tests/golden'
  ':!tests/corpus' ':!LICENSE')
failed=0
offence() { # a regular expression and what it is called
  if git grep -nIP "$1" -- "${written[@]}"; then
    echo "^ $2"
    failed=1
  fi
}
offence '[ \t]+$' 'blanks at the end of a line'
offence '\t' 'a tab; indentation is made of blanks'
offence '\r$' 'a carriage return'

while IFS= read -r file; do
  if [ -n "$(tail -c 1 "$file")" ]; then
    echo "$file: no newline at the end"
    failed=1
  fi
done < <(git grep -lI '' -- "${written[@]}")

formatter=
for name in clang-format-14 clang-format; do
  if [[ $("$name" --version 2>/dev/null) == *' version 14.'* ]]; then
    formatter=$name
    break
  fi
done
if [ -n "$formatter" ]; then
  git ls-files -z -- '*.[ch]' ':!tests/golden' |
    xargs -0 -r "$formatter" --dry-run -Werror --style=file || failed=1
fi

[ $failed -eq 0 ] || exit 1
if [ -z "$formatter" ]; then
  echo "clang-format 14 is not installed; scripts/setup.sh --test brings it"
  exit 77
fi
