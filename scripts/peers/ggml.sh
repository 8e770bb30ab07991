#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the adapter for a ggml that is installed here, so that attn-bench can measure it beside our
# kernels. ggml is found through pkg-config, or below a given prefix; nothing of it is fetched or
# built.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)

usage() {
  cat <<'TEXT'
usage: scripts/peers/ggml.sh [--prefix=DIRECTORY] [-o FILE]
  --prefix  where ggml is installed: its include/ggml.h and lib/; else pkg-config is asked
  -o        the shared object to write; peer_ggml.so if not given
Then: attn-bench --load=./peer_ggml.so --kernel=best,peer_ggml
TEXT
}

prefix='' out=peer_ggml.so
while [ $# -gt 0 ]; do
  case $1 in
    --prefix=*) prefix=${1#*=} ;;
    -o) [ $# -gt 1 ] || { usage >&2; exit 2; }; out=$2; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "ggml.sh: unknown argument '$1'; --help shows what it takes" >&2; exit 2 ;;
  esac
  shift
done

if [ -n "$prefix" ]; then
  [ -f "$prefix/include/ggml.h" ] ||
    { echo "ggml.sh: there is no $prefix/include/ggml.h; --prefix is where ggml was installed" >&2
      exit 1; }
  library=
  for directory in "$prefix/lib" "$prefix/lib64" "$prefix/lib/$(uname -m)-linux-gnu"; do
    [ ! -e "$directory/libggml-cpu.so" ] || library=$directory
  done
  include=$prefix/include
elif pkg-config --exists ggml; then
  library=$(pkg-config --variable=libdir ggml)
  include=$(pkg-config --variable=includedir ggml)
else
  echo "ggml.sh: pkg-config knows no ggml; install it, or say where it is with --prefix=DIRECTORY" >&2
  exit 1
fi
[ -e "${library:-/nowhere}/libggml-cpu.so" ] ||
  { echo "ggml.sh: no libggml-cpu.so beside ${prefix:-$include}; build ggml with" \
      "BUILD_SHARED_LIBS=ON and GGML_BACKEND_DL=OFF" >&2
    exit 1; }

# Installed, the headers of a kernel are elsewhere; here they are two directories up.
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -shared -fPIC -I "$here/../.." -isystem "$include" \
  "$here/ggml.c" -o "$out" -L "$library" -Wl,-rpath,"$library" -lggml-cpu -lggml-base -lm
echo "$out"
