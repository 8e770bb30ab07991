#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Is one revision slower than another? Builds both in worktrees of their own, with one compiler and
# the same flags, runs them alternately (or counts what each does, which needs no quiet machine) and
# ends with the verdict's exit status. A revision that
# was built before is not built again. Functions begin at multiples of 64 bytes in both, because
# where a function begins is no merit of its author.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/ab.sh [OPTIONS] BASE_REV [HEAD_REV] [-- OPTIONS OF attn-bench]
  BASE_REV, HEAD_REV   anything git knows; HEAD_REV defaults to what is checked out, with its
                       uncommitted changes
  --budget=TIME, --profile=NAME, --strict, --no_fingerprint, ...
                       options of attn-stat regress ab; the budget is 60s unless given
  --sim                count instructions and DRAM bytes instead of taking times; what else is
                       given are options of attn-stat regress sim
  -- OPTIONS           cases to compare, --suite=ci by default
Exit status: 0 no regression, 1 regression, 2 usage or a revision that does not build, 4 a crash, a
wrong result or a missing case; under --strict also 3 too noisy to judge, 5 inconclusive cases.
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
options=()
revisions=()
cases=()
what=ab
budget=--budget=60s
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; cases=("$@"); break ;;
    --help | -h) usage; exit 0 ;;
    --budget=*) budget=$1 ;;
    --sim) what=sim ;;
    -*) options+=("$1") ;;
    *) revisions+=("$1") ;;
  esac
  shift
done
if [ ${#revisions[@]} -lt 1 ] || [ ${#revisions[@]} -gt 2 ]; then
  echo "ab.sh: needs one or two revisions, found ${#revisions[@]}" >&2
  exit 2
fi
# By path, so that a revision from before the suite can be measured by it as well. Options of
# measuring choose no cases, and a filter chooses among those of the suite.
chosen=
for word in "${cases[@]}"; do
  [[ $word == --benchmark_* ]] || chosen=1
done
[ -n "$chosen" ] || cases=("--suite=$root/bench/suites/ci.sweep" "${cases[@]}")

git() { command git -C "$root" "$@"; }
commit_of() { # a revision
  git rev-parse --verify --quiet "$1^{commit}" || {
    echo "ab.sh: git knows no commit '$1'" >&2
    return 2
  }
}
base=$(commit_of "${revisions[0]}") || exit 2
if [ ${#revisions[@]} -eq 2 ]; then
  head=$(commit_of "${revisions[1]}") || exit 2
else
  head=$(git stash create)
  [ -n "$head" ] || head=$(commit_of HEAD) || exit 2
fi

kept=$root/build/ab
mkdir -p "$kept"
build() { # a directory from sources and targets; prints nothing unless it fails
  local sources=$1 directory=$2 log=$2.log
  shift 2
  if ! {
    [ -f "$directory/build.ninja" ] ||
      meson setup --buildtype=release -Dc_args=-falign-functions=64 "$directory" "$sources"
    ninja -C "$directory" "$@"
  } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    return 2
  fi
}

# The program of a commit, in a file whose name is as long for every commit.
program_of() { # a commit
  local commit=$1 place=$kept/$1
  if [ ! -x "$place.bench" ]; then
    echo "ab.sh: building ${commit:0:12}" >&2
    rm -rf "$place"
    git worktree prune
    git worktree add --quiet --detach --force "$place/tree" "$commit" >&2 || return 2
    if ! build "$place/tree" "$place/build" bench/cases/attn-bench; then
      echo "ab.sh: ${commit:0:12} does not build" >&2
      return 2
    fi
    cp "$place/build/bench/cases/attn-bench" "$place.part" && mv "$place.part" "$place.bench"
    git worktree remove --force "$place/tree"
    rm -rf "$place" "$place.log"
  fi
  echo "$place.bench"
}
base_program=$(program_of "$base") || exit 2
head_program=$(program_of "$head") || exit 2
# Who judges is the checked-out tree: the revisions may be older than the question.
build "$root" "$kept/judge" analysis/attn-stat || exit 2

directory=$root/results/runs/$what-${base:0:12}-${head:0:12}
mkdir -p "$directory"
rm -f "$directory"/{comment.md,junit.xml,run.json} # of a run before, should this one write none
status=0
if [ $what = ab ]; then
  options=("$budget" "${options[@]}" "--markdown=$directory/comment.md" "--json=$directory/run.json")
fi
"$kept/judge/analysis/attn-stat" regress $what "${options[@]}" "--junit=$directory/junit.xml" \
  "$base_program" "$head_program" -- "${cases[@]}" || status=$?
[ $what = sim ] || [ -z "${GITHUB_STEP_SUMMARY:-}" ] || [ ! -s "$directory/comment.md" ] ||
  cat "$directory/comment.md" >>"$GITHUB_STEP_SUMMARY"
[ $status -eq 2 ] || echo "for a pull request, a CI and replaying: $directory" >&2
exit $status
