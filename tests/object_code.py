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


def blocks_of(code):
    """Basic blocks as (first, end) in `code`, and the blocks each may be followed by."""
    index = {row[0]: i for i, row in enumerate(code)}
    target = {}
    for i, (_, name, operands) in enumerate(code):
        where = re.match(r"([0-9a-f]+)", operands)
        if JUMP.match(name) and where:
            target[i] = index.get(int(where[1], 16))
    ends = {i for i, (_, name, _) in enumerate(code) if JUMP.match(name) or name.startswith("ret")}
    begins = sorted({0} | {i + 1 for i in ends if i + 1 < len(code)}
                    | {i for i in target.values() if i is not None})
    number = {first: k for k, first in enumerate(begins)}
    blocks = list(zip(begins, begins[1:] + [len(code)]))
    after = []
    for first, end in blocks:
        last, follows = end - 1, []
        if target.get(last) is not None:
            follows.append(number[target[last]])
        if end in number and code[last][1] != "jmp" and not code[last][1].startswith("ret"):
            follows.append(number[end])
        after.append(follows)
    return blocks, after


def inner_loops(code):
    """Bodies of loops that hold no other loop. What only jumps back, as a rare case that was put
    behind everything else does, is none: the way to it began before the place it jumps to."""
    if not code:
        return
    blocks, after = blocks_of(code)
    before = [[] for _ in blocks]
    for block, follows in enumerate(after):
        for follow in follows:
            before[follow].append(block)
    loops = {}
    for last, follows in enumerate(after):
        for head in follows:
            if head > last:
                continue
            body, open_ends = {head}, [last]
            while open_ends:
                block = open_ends.pop()
                if block not in body:
                    body.add(block)
                    open_ends += before[block]
            if 0 not in body or head == 0:
                loops.setdefault(head, set()).update(body)
    for head, body in loops.items():
        if not any(other != head and other in body for other in loops):
            yield [row for block in sorted(body) for row in code[slice(*blocks[block])]]


def spills(body):
    """Vector registers stored to the stack; a constant read from there costs nothing."""
    multiply_adds = sum(name.startswith(("vfmadd", "vdpbf16")) for _, name, _ in body)
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
        wanted = "prefetch" in path or "streams" in path or "core" in path or "split_idot" in path or "split_bdot" in path
        if wanted and not prefetches:
            print(f"{path}: no prefetch is left")
            failures += 1
    print(f"{loops} inner loops, {failures} failures")
    return 1 if failures or not loops else 0


sys.exit(main())
