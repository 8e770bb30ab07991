#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds the house to its include order: a file includes from its own room or from a room to its
# left, spelled from the root; bench/harness includes only itself, so that other projects can take
# it as it is; each third-party header has one home. Prints every offence as file:line: why.
# Before it judges the tree it judges a planted one, because a check that cannot fail says nothing.
set -euo pipefail
export LC_ALL=C

# Rooms in include order, and where each third-party header may stand (extended regular
# expressions over the header's name and over the path of the file that includes it). The last line
# keeps clocks, files and threads out of kernels/, which computes and does nothing else.
rooms='bench/harness kernels analysis bench/machine bench/cases tests scripts/peers'
homes='
cblas\.h                    ^kernels/(ladder|layer)/blas[._]
hwloc(\.h|/.*)              ^bench/machine/topology
papi.*\.h                   ^bench/machine/.*papi
pthread\.h                  ^bench/machine/team|^bench/harness/|^tests/
jansson\.h                  ^analysis/|^bench/harness/baseline\.c|^tests/
sqlite3\.h                  ^analysis/regress/history|^tests/
valgrind/.*                 ^bench/machine/
(.*intrin|arm_[a-z0-9]+)\.h ^kernels/(simd|ladder/)
ggml.*\.h                   ^scripts/peers/|^tests/ggml/
dlfcn\.h                    ^bench/cases/library|^tests/preload_perf
(time|unistd|fcntl|signal|sched|threads|sys/mman)\.h ^(analysis|bench|tests)/
'

sources() { # of the tree at $1, as paths from its root
  if git -c safe.directory='*' -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
    git -c safe.directory='*' -C "$1" ls-files -- '*.[ch]'
  else
    (cd "$1" && find . -name '*.[ch]' | sed 's,^\./,,' | sort)
  fi
}

check() { # prints the offences in the tree at $1; nothing means a clean tree
  sources "$1" | (cd "$1" && while IFS= read -r file; do
    [ ! -f "$file" ] || grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$file" || true
  done) | awk -v rooms="$rooms" -v homes="$homes" '
    function room_of(path, r) {
      for (r = 1; r <= count; r++)
        if (index(path, room[r] "/") == 1)
          return r
      return 0
    }
    BEGIN {
      count = split(rooms, room, " ")
      lines = split(homes, line, "\n")
      for (i = 1; i <= lines; i++)
        if (split(line[i], word, " ") == 2) {
          header[++known] = "^" word[1] "$"
          home[known] = word[2]
        }
    }
    {
      split($0, at, ":")
      file = at[1]
      place = at[1] ":" at[2] ": "
      text = substr($0, length(place))
      match(text, /["<][^">]*/)
      name = substr(text, RSTART + 1, RLENGTH - 1)
      for (i = 1; i <= known; i++)
        if (name ~ header[i] && file !~ home[i])
          print place name " has its home in " home[i]
      if (substr(text, RSTART, 1) == "<")
        next
      from = room_of(file)
      to = room_of(name)
      if (!from)
        print place "the file stands in no room (" rooms ")"
      else if (!to)
        print place "\"" name "\" is not spelled from the root"
      else if (from == 1 && to != 1)
        print place room[1] " includes only itself, not " name
      else if (to > from)
        print place room[from] " may not look into " room[to] " (" name ")"
    }'
}

self_test() {
  local tree expected found
  tree=$(mktemp -d)
  # shellcheck disable=SC2064  # the name is wanted now, it is local
  trap "rm -rf '$tree'" RETURN
  mkdir -p "$tree"/{bench/harness,bench/machine,kernels/ladder,analysis,tests}
  printf '#include "kernels/problem.h"\n' >"$tree/bench/harness/h.c"
  printf '\n#include "bench/harness/benchmark.h"\n#include "problem.h"\n' >"$tree/kernels/k.c"
  printf '#include "kernels/a.h"\n# include "tests/test.h"\n' >"$tree/analysis/a.c"
  printf '#include "kernels/kernel.h"\n#include <hwloc.h>\n' >"$tree/bench/machine/topology.c"
  printf '#include <stdio.h>\n#include <cblas.h>\n' >"$tree/kernels/ladder/split.c"
  printf '#include <cblas.h>\n#include <immintrin.h>\n' >"$tree/kernels/ladder/blas_gemv.c"
  printf '#include <math.h>\n#include <time.h>\n' >"$tree/kernels/ladder/naive.c"
  printf '#include "kernels/a.h"\n' >"$tree/stray.c"
  expected='analysis/a.c:2 bench/harness/h.c:1 kernels/k.c:3 kernels/ladder/naive.c:2'
  expected+=' kernels/ladder/split.c:2 stray.c:1'
  found=$(check "$tree" | cut -d: -f1,2 | sort | paste -sd ' ')
  if [ "$found" != "$expected" ]; then
    echo "layers.sh: planted offences: $expected"
    echo "layers.sh: found in the planted tree: $found"
    return 1
  fi
}

self_test
offences=$(check "${1:-$(dirname "$0")/..}")
[ -z "$offences" ] || { echo "$offences"; exit 1; }
