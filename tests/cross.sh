#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The kernels on 64-bit Arm: built with the cross compiler, run by qemu on a CPU with nothing but
# NEON and on one with everything it can simulate. Kept between runs, so the second is quick.
# Arguments: the source tree, and where to build.
set -u -o pipefail
source=$1
build=$2
for tool in aarch64-linux-gnu-gcc qemu-aarch64 meson ninja; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
echo 'int main(void) { return 0; }' | aarch64-linux-gnu-gcc -x c - -o /dev/null 2>/dev/null ||
    { echo "aarch64-linux-gnu-gcc has no C library; install libc6-dev-arm64-cross"; exit 77; }
# Of the tests those that are about the kernels, and need no library of the target.
tests=(test_cut test_dtype test_problem test_quant test_kernels)
unset CC CFLAGS LDFLAGS MESON_TESTTHREADS

log=$build.log
{
    # Not -O3: gcc 12 for Arm fails on a test there. Kernels have their own level.
    [ -f "$build/build.ninja" ] || meson setup --cross-file "$source/tests/aarch64.ini" \
        -Doptimization=2 -Dwerror=true -Dauto_features=disabled "$build" "$source"
} >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
ninja -C "$build" "${tests[@]/#/tests/}" >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }

failures=0
run() { # CPU, test, its arguments
    local cpu=$1
    shift
    if ! qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu "$cpu" "$build/tests/$1" "${@:2}" >"$log" 2>&1; then
        echo "FAIL: $1 on $cpu: $(tail -n 5 "$log")"
        failures=$((failures + 1))
    fi
}
ran() { # kernel: is it among those of the last run?
    grep -q "^${1//./\\.} ran [1-9][0-9]* times$" "$log"
}
for test in "${tests[@]}"; do
    case $test in
        test_kernels)
            run cortex-a53 test_kernels 4
            grep -q '^level \[neon\]$' "$log" || { echo "FAIL: no NEON"; failures=1; }
            ran split.neon || { echo "FAIL: split.neon did not run"; failures=1; }
            ran split_idot.neondot &&
                { echo "FAIL: split_idot.neondot ran without dotprod"; failures=1; }
            ran split_bdot.neonbf16 &&
                { echo "FAIL: split_bdot.neonbf16 ran without bf16"; failures=1; }
            run max test_kernels 4
            grep -q '^level \[neon dotprod arm_bf16' "$log" ||
                { echo "FAIL: no dotprod, no bf16"; failures=1; }
            for kernel in split_idot.neondot split_bdot.neonbf16; do
                ran $kernel || { echo "FAIL: $kernel did not run"; failures=1; }
            done
            tail -n 2 "$log" ;;
        *) run max "$test" ;;
    esac
done
exit $((failures > 0))
