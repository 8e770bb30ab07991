#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the adapter for a ggml that is installed here, or for the one of ik_llama.cpp, so that
# attn-bench can measure it beside our kernels. It is found through pkg-config, or below a given
# prefix; nothing of it is fetched or built.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)

usage() {
  cat <<'TEXT'
usage: scripts/peers/ggml.sh [--prefix=DIRECTORY] [--name=NAME] [-o FILE]
  --prefix  where ggml is installed: its include/ggml.h and lib/; else pkg-config is asked
  --name    of its kernels, NAME and NAME_q for a K in integers; peer_ggml if not given,
            peer_ik for the ggml of ik_llama.cpp
  -o        the shared object to write; NAME.so if not given
Then: attn-bench --load=./peer_ggml.so --kernel=best,peer_ggml
      attn-bench --load=./peer_ggml.so --kernel=best,peer_ggml_q --kv_type=i8
TEXT
}

prefix='' out='' name=''
while [ $# -gt 0 ]; do
  case $1 in
    --prefix=*) prefix=${1#*=} ;;
    --name=*) name=${1#*=} ;;
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
    [ ! -e "$directory/libggml.so" ] || library=$directory
  done
  include=$prefix/include
elif pkg-config --exists ggml; then
  library=$(pkg-config --variable=libdir ggml)
  include=$(pkg-config --variable=includedir ggml)
else
  echo "ggml.sh: pkg-config knows no ggml; install it, or say where it is with --prefix=DIRECTORY" >&2
  exit 1
fi
# Of an older ggml, and so of ik_llama.cpp, all is in one library, and no header is for the CPU.
if [ -e "$include/ggml-cpu.h" ]; then
  name=${name:-peer_ggml} libraries='-lggml-cpu -lggml-base' file=libggml-cpu.so
else
  name=${name:-peer_ik} libraries=-lggml file=libggml.so
fi
[ -e "${library:-/nowhere}/$file" ] ||
  { echo "ggml.sh: no $file beside ${prefix:-$include}; build ggml with" \
      "BUILD_SHARED_LIBS=ON and GGML_BACKEND_DL=OFF" >&2
    exit 1; }
[[ $name =~ ^[a-z0-9_]{1,38}$ ]] ||
  { echo "ggml.sh: '$name' is no name of a kernel; use a-z, 0-9 and _" >&2; exit 2; }

# Installed, the headers of a kernel are elsewhere; here they are two directories up.
# shellcheck disable=SC2086  # two libraries are two words
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -shared -fPIC -DPEER_NAME="\"$name\"" -I "$here/../.." \
  -isystem "$include" "$here/ggml.c" -o "${out:-$name.so}" -L "$library" -Wl,-rpath,"$library" \
  $libraries -lm
echo "${out:-$name.so}"
