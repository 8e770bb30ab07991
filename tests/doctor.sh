#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Every env.* key that a result file holds is explained by scripts/doctor.sh --keys, once, and
# nothing is explained that no file holds; the advice itself ends well and changes nothing.
# usage: doctor.sh ATTN_BENCH
set -euo pipefail
export LC_ALL=C
doctor=$(dirname "$0")/../scripts/doctor.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" --heads=1 --kv_heads=1 --dim=8 --context=16 --threads=1 --cache=hot --benchmark_min_time=1x \
  --benchmark_out="$work/r.json" >/dev/null 2>&1
grep -o '"env\.[a-z0-9_]*"' "$work/r.json" | tr -d '"' | sort >"$work/held"
"$doctor" --keys >"$work/keys"
awk '{ print $1 }' "$work/keys" | sort >"$work/explained"

status=0
for key in $(comm -23 "$work/held" "$work/explained"); do
  echo "$key is in result files; doctor.sh --keys does not explain it"
  status=1
done
# A machine may lack a level of cache, or hwloc its topology.
for key in $(comm -13 "$work/held" "$work/explained" | grep -v '^env\.cache_l'); do
  echo "doctor.sh --keys explains $key, which no result file holds"
  status=1
done
uniq -d "$work/explained" | grep . && status=1
if awk 'NF < 3' "$work/keys" | grep .; then
  echo "^ explains nothing"
  status=1
fi
"$doctor" | tail -n 1 | grep 'nothing was changed' >/dev/null || status=1
exit $status
