#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions a KV element costs in the inner loops of the SIMD kernels, from the object code.

usage: scripts/instructions.py [--write FILE] NAME=LIBRARY...

NAME says the instruction set, LIBRARY is what was compiled for it, as build/kernels/libattn_core_
avx512.a. Looked at are loops over an f16 cache that widen and multiply in one go: each widening
instruction stands for as many elements as a vector has lanes, and multiply-adds over widenings are
the query rows that share an element. The table goes to stdout or, with --write, to its place in
FILE. For CPUs that are not here it is what can be said honestly: a count, and no time.
"""
import collections
import re
import subprocess
import sys

BEGIN, END = "<!-- instructions.py: begin -->", "<!-- instructions.py: end -->"
ROW = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
# Of an instruction set: its disassembler, widening, multiply-add, and jumps (with their target).
ARCHITECTURES = {
    "x86": ("objdump", re.compile(r"^vcvtph2ps$"), re.compile(r"^vfn?madd\d*ps$"),
            re.compile(r"^j[a-z]+$"), re.compile(r"^([0-9a-f]+)\b")),
    "arm": ("aarch64-linux-gnu-objdump", re.compile(r"^fcvtl2?$"), re.compile(r"^fmla$"),
            re.compile(r"^(b|b\.[a-z]+|cbn?z|tbn?z)$"), re.compile(r"(?:^|,\s*)([0-9a-f]+) <")),
}


def architecture(path):
    header = subprocess.run(["readelf", "-h", path], check=True, capture_output=True,
                            text=True).stdout
    return ARCHITECTURES["arm" if "AArch64" in header else "x86"]


def lanes(name, operands):
    if name.startswith("fcvtl"):
        return 4
    return 16 if "%zmm" in operands else 8 if "%ymm" in operands else 4


def loops(path):
    """(instructions, elements, multiply-adds) of each loop that widens and multiplies."""
    objdump, widen, multiply, jump, target = architecture(path)
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    for function in re.split(r"\n(?=[0-9a-f]+ <)", text):
        code = [(int(m[1], 16), m[2], m[3]) for m in map(ROW.match, function.splitlines()) if m]
        backward = []
        for at, name, operands in code:
            to = target.search(operands) if jump.match(name) else None
            if to and int(to[1], 16) <= at:
                backward.append((int(to[1], 16), at))
        # A loop belongs to the widenings that no smaller loop encloses.
        inside = collections.defaultdict(list)
        for at, name, operands in code:
            around = [loop for loop in backward if loop[0] <= at <= loop[1]]
            if around:
                inside[min(around, key=lambda loop: loop[1] - loop[0])].append((name, operands))
        for first, last in inside:
            body = [row[1:] for row in code if first <= row[0] <= last]
            own = inside[first, last]
            elements = sum(lanes(*row) for row in own if widen.match(row[0]))
            multiplies = sum(bool(multiply.match(row[0])) for row in own)
            if elements and multiplies >= 6:
                yield len(body), elements, multiplies, sum(bool(widen.match(r[0])) for r in own)


def table(objects):
    lines = ["| instruction set | query rows an element | multiply-adds an element | instructions "
             "an element |", "|---|---|---|---|"]
    for name, path in objects:
        best = {}
        for instructions, elements, multiplies, widenings in loops(path):
            if multiplies % widenings:
                continue
            rows = multiplies // widenings
            cost = instructions / elements
            low, high = best.get(rows, (cost, cost))
            best[rows] = min(low, cost), max(high, cost)
            width = elements // widenings
        if not best:
            sys.exit(f"instructions.py: {path} has no loop that widens f16 and multiplies")
        for rows in sorted(best):
            low, high = best[rows]
            span = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
            lines.append(f"| {name} | {rows} | {rows / width:.3f} | {span} |")
    return "\n".join(lines)


def main():
    words = sys.argv[1:]
    target = None
    if words[:1] == ["--write"]:
        target, words = words[1], words[2:]
    if not words or any("=" not in word for word in words):
        sys.exit(__doc__)
    made = table([word.split("=", 1) for word in words])
    if not target:
        print(made)
        return
    with open(target, encoding="utf-8") as text:
        page = text.read()
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        sys.exit(f"instructions.py: {target} has no place for the table: {BEGIN} and {END}")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    with open(target, "w", encoding="utf-8") as out:
        out.write(f"{before}{BEGIN}\n{made}\n{END}{after}")


main()
