#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a compiler made of the SIMD kernels: no accumulator spills, and prefetches are still there.

Reads the disassembly of each object named on the command line. An innermost loop that multiplies
and adds must not touch the stack with vector registers: one spilled accumulator costs more than
the multiply-add it serves. A kernel that asks for memory ahead must contain the instruction: a
compiler may take a function that only prefetches for one without effect and drop its calls.
Exit 0 passes, 1 fails, 77 without objdump.
"""
import re
import shutil
import subprocess
import sys

LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
JUMP = re.compile(r"^j[a-z]+$")
MULTIPLY_ADDS = 6  # fewer are no inner loop of a kernel


def instructions(path):
    """(address, mnemonic, operands) of every instruction, by function."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    for function in re.split(r"\n(?=[0-9a-f]+ <)", text):
        rows = [LINE.match(line) for line in function.splitlines()]
        yield [(int(m[1], 16), m[2], m[3]) for m in rows if m]


def inner_loops(code):
    """Bodies of loops that hold no other loop."""
    backward = []
    for at, name, operands in code:
        target = re.match(r"([0-9a-f]+)", operands)
        if JUMP.match(name) and target and int(target[1], 16) <= at:
            backward.append((int(target[1], 16), at))
    for first, last in backward:
        if any(first <= a and b < last for a, b in backward):
            continue
        yield [row for row in code if first <= row[0] <= last]


def spills(body):
    """Vector registers stored to the stack; a constant read from there costs nothing."""
    multiply_adds = sum(name.startswith("vfmadd") for _, name, _ in body)
    if multiply_adds < MULTIPLY_ADDS:
        return []
    return [row for row in body if re.search(r"%[yz]mm\d+,[-0-9a-fx]*\(%r[sb]p\)$", row[2])]


def main():
    if not shutil.which("objdump"):
        print("skipped: objdump is not installed")
        return 77
    failures = loops = 0
    for path in sys.argv[1:]:
        prefetches = 0
        for code in instructions(path):
            prefetches += sum(name.startswith("prefetch") for _, name, _ in code)
            for body in inner_loops(code):
                loops += 1
                for at, name, operands in spills(body):
                    print(f"{path}: {at:x}: {name} {operands}: a spill in an inner loop")
                    failures += 1
        wanted = "prefetch" in path or "streams" in path or "core" in path or "idot" in path and "split" in path
        if wanted and not prefetches:
            print(f"{path}: no prefetch is left")
            failures += 1
    print(f"{loops} inner loops, {failures} failures")
    return 1 if failures or not loops else 0


sys.exit(main())
