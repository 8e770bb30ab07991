#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# PyTorch and ONNX Runtime on the cases of a result file of attn-bench. They are installed into a
# virtual environment of their own, pinned; one that was left half installed is made anew. Without a
# network, or without Python's venv, it says so and ends with 77.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
place=${ATTN_PEERS_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/attnbench/peers}

usage() {
  cat <<'TEXT'
usage: scripts/peers/python.sh [--peer=torch,ort] [--install_only] RESULT.json [-o PEERS.json]
  RESULT.json  of attn-bench: its decode cases are run by the peers, under the same names
  -o           where their rows go; peers.json if not given
  --peer       one of them alone
The virtual environment is kept in ~/.cache/attnbench/peers, or in $ATTN_PEERS_VENV.
Then: attn-stat report -o report RESULT.json PEERS.json
TEXT
}

peers=torch,ort install_only=no arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --peer=*) peers=${1#*=} ;;
    --install_only) install_only=yes ;;
    --help | -h) usage; exit 0 ;;
    -o) [ $# -gt 1 ] || { usage >&2; exit 2; }; arguments+=(-o "$2"); shift ;;
    -*) echo "python.sh: unknown option '$1'; --help shows what there is" >&2; exit 2 ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
for peer in ${peers//,/ }; do
  case $peer in
    torch | ort) ;;
    *) echo "python.sh: there is no peer '$peer'; torch and ort are the ones" >&2; exit 2 ;;
  esac
done
[ $install_only = yes ] || [ ${#arguments[@]} -gt 0 ] || { usage >&2; exit 2; }

skip() { echo "python.sh: skipped: $*" >&2; exit 77; }

# Complete is what the last step of an installation says: the same pins, written when all of them
# could be imported. They still have to be: a cache is cleaned, and Python itself replaced, without
# anybody asking for the marker.
wanted=$(grep -v '^#' "$here/requirements.txt")
imports() { "$place/bin/python" -c 'import numpy, onnx, onnxruntime, torch'; }
complete() {
  [ -x "$place/bin/python" ] && [ "$(cat "$place/installed" 2>/dev/null)" = "$wanted" ] &&
    imports >/dev/null 2>&1
}

install() {
  local python=${PYTHON:-python3} log=$place.log
  command -v "$python" >/dev/null || skip "there is no $python"
  mkdir -p "$(dirname "$place")" || skip "cannot write to $(dirname "$place")"
  if [ -L "$place" ] && [ ! -e "$place" ]; then
    echo "python.sh: $place is a link to $(readlink "$place"), which is not there; make that" \
      "directory or remove the link" >&2
    exit 2
  fi
  # Only ever remove what one of us has made.
  if [ -e "$place" ]; then
    [ -f "$place/pyvenv.cfg" ] || [ -f "$place/made-by-attnbench" ] ||
      { echo "python.sh: $place is no virtual environment; give another in ATTN_PEERS_VENV" >&2
        exit 2; }
    local what="is incomplete or outdated"
    [ ! -L "$place/bin/python" ] || [ -e "$place/bin/python" ] ||
      what="was made of a Python that is gone"
    echo "python.sh: the environment in $place $what; making it anew" >&2
    rm -rf "$place"
  fi
  mkdir -p "$place" && touch "$place/made-by-attnbench"
  "$python" -m venv "$place" >"$log" 2>&1 ||
    skip "$python cannot make a virtual environment (python3-venv on Debian): $(tail -n 1 "$log")"
  echo "python.sh: installing $(tr '\n' ' ' <<<"$wanted")into $place" >&2
  # The build without GPU code is a tenth of the size, where its index can be reached.
  local index=() pip=("$place/bin/python" -m pip install --disable-pip-version-check --quiet)
  local cpu=https://download.pytorch.org/whl/cpu
  if "$place/bin/python" - "$cpu/torch/" >>"$log" 2>&1 <<'PYTHON'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=10).read(1)
PYTHON
  then index=(--index-url "$cpu" --extra-index-url https://pypi.org/simple); fi
  "${pip[@]}" "${index[@]}" --retries 1 --timeout 30 -r "$here/requirements.txt" >>"$log" 2>&1 ||
    skip "the packages could not be fetched (is there a network?): $(tail -n 1 "$log")"
  imports >>"$log" 2>&1 ||
    skip "what was installed cannot be imported: $(tail -n 1 "$log")"
  printf '%s\n' "$wanted" >"$place/installed"
}

complete || install
[ $install_only = no ] || exit 0
exec "$place/bin/python" "$here/peers.py" --peer="$peers" "${arguments[@]}"
