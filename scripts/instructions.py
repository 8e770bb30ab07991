#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions a KV element costs in the inner loops of the SIMD kernels, from the object code.

usage: scripts/instructions.py [--write FILE] NAME=LIBRARY...

NAME says the instruction set, LIBRARY is what was compiled for it, as build/kernels/libattn_core_
avx512.a. Looked at are loops that widen a cache and multiply in one go: each widening instruction
stands for as many elements as a vector has lanes, and multiply-adds over widenings are the query
rows that share an element. Of what multiplies bytes as they are (libattn_split_idot_avx2.a) each
dot product stands for as many products as a vector has bytes, one for an element and a query row.
The tables go to stdout or, with --write, to their place in FILE. For CPUs that are not here they
are what can be said honestly: a count, and no time.
"""
import collections
import re
import subprocess
import sys

BEGIN, END = "<!-- instructions.py: begin -->", "<!-- instructions.py: end -->"
ROW = re.compile(r"^\s*([0-9a-f]+):\s+(?:\{vex\} )?(\S+)\s*(.*)$")

Architecture = collections.namedtuple(
    "Architecture", "disassembler halves bytes codes nibbles multiply dot jump target")
ARCHITECTURES = {
    "x86": Architecture(
        "objdump", halves=re.compile(r"^vcvtph2ps$"), bytes=re.compile(r"^vpmov[sz]xb[wd]$"),
        codes=re.compile(r"^v(cvtdq2|perm)ps$"), nibbles=re.compile(r"^v(psrad|permps)$"),
        multiply=re.compile(r"^vfn?madd\d*ps$"), dot=re.compile(r"^vp(dpbusd|maddubsw)$"),
        jump=re.compile(r"^j[a-z]+$"), target=re.compile(r"^([0-9a-f]+)\b")),
    "arm": Architecture(
        "aarch64-linux-gnu-objdump", halves=re.compile(r"^fcvtl2?$"),
        bytes=re.compile(r"^[su]?(xtl|shll)2?$"), codes=re.compile(r"^scvtf$"),
        nibbles=re.compile(r"^sshr$"),
        multiply=re.compile(r"^fmla$"), dot=re.compile(r"^sdot$"),
        jump=re.compile(r"^(b|b\.[a-z]+|cbn?z|tbn?z)$"),
        target=re.compile(r"(?:^|,\s*)([0-9a-f]+) <")),
}

DOTS = "as it is"  # the cache of loops that multiply bytes

# What one loop holds, and the `elements` its widenings or the products its dot products stand for.
Loop = collections.namedtuple("Loop", "cache instructions elements multiplies widenings")


def architecture(path):
    header = subprocess.run(["readelf", "-h", path], check=True, capture_output=True,
                            text=True).stdout
    return ARCHITECTURES["arm" if "AArch64" in header else "x86"]


def vector_bytes(operands):
    return 64 if "%zmm" in operands else 32 if "%ymm" in operands else 16


def bodies(path, arch):
    """The instructions of each loop: all, and those that no smaller loop inside has."""
    text = subprocess.run([arch.disassembler, "-d", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    for function in re.split(r"\n(?=[0-9a-f]+ <)", text):
        code = [(int(m[1], 16), m[2], m[3]) for m in map(ROW.match, function.splitlines()) if m]
        backward = []
        for at, name, operands in code:
            to = arch.target.search(operands) if arch.jump.match(name) else None
            if to and int(to[1], 16) <= at:
                backward.append((int(to[1], 16), at))
        inside = collections.defaultdict(list)
        for at, name, operands in code:
            around = [loop for loop in backward if loop[0] <= at <= loop[1]]
            if around:
                inside[min(around, key=lambda loop: loop[1] - loop[0])].append((name, operands))
        for (first, last), own in inside.items():
            yield sum(first <= at <= last for at, _, _ in code), own


def loops(path):
    arch = architecture(path)
    for instructions, own in bodies(path, arch):
        def count(pattern):
            return [operands for name, operands in own if pattern.match(name)]
        halves, codes, dots = count(arch.halves), count(arch.codes), count(arch.dot)
        multiplies, widened = len(count(arch.multiply)), halves or codes
        if len(dots) >= 4:
            yield Loop(DOTS, instructions, sum(map(vector_bytes, dots)), len(dots), 0)
        elif widened and not dots and multiplies >= 6:
            cache = "i4" if count(arch.nibbles) else "i8"
            if halves:
                cache = "fp8" if count(arch.bytes) else "f16"
            yield Loop(cache, instructions, sum(map(vector_bytes, widened)) // 4, multiplies,
                       len(widened))


def span(costs, digits):
    low, high = (f"{cost:.{digits}f}" for cost in (min(costs), max(costs)))
    return low if low == high else f"{low} to {high}"


def widening_table(found):
    lines = ["| instruction set | lanes | cache | one query row | two | three | four |",
             "|---|---|---|---|---|---|---|"]
    for name, all_loops in found:
        costs, lanes = collections.defaultdict(list), 0
        multiplied = any(loop.cache == DOTS for loop in all_loops)
        for loop in all_loops if not multiplied else ():
            if loop.widenings and loop.multiplies % loop.widenings == 0:
                costs[loop.cache, loop.multiplies // loop.widenings].append(
                    loop.instructions / loop.elements)
                lanes = loop.elements // loop.widenings
        for cache in ("f16", "fp8", "i8", "i4"):
            cells = [span(costs[cache, rows], 2) if (cache, rows) in costs else ""
                     for rows in range(1, 5)]
            if any(cells):
                lines.append(f"| {name} | {lanes} | {cache} | {' | '.join(cells)} |")
    return lines


def dot_table(found):
    lines = ["| instruction set | products an instruction | instructions a product |",
             "|---|---|---|"]
    for name, all_loops in found:
        dots = [loop for loop in all_loops if loop.cache == DOTS]
        if dots:
            lines.append(f"| {name} | {dots[0].elements // dots[0].multiplies} | "
                         f"{span([loop.instructions / loop.elements for loop in dots], 3)} |")
    return lines


def tables(objects):
    found = [(name, list(loops(path))) for name, path in objects]
    for (name, path), (_, all_loops) in zip(objects, found):
        if not all_loops:
            sys.exit(f"instructions.py: {path} has no loop that widens a cache and multiplies")
    parts = [lines for lines in (widening_table(found), dot_table(found)) if len(lines) > 2]
    return "\n\n".join("\n".join(lines) for lines in parts)


def main():
    words = sys.argv[1:]
    target = None
    if words[:1] == ["--write"]:
        target, words = words[1], words[2:]
    if not words or any("=" not in word for word in words):
        sys.exit(__doc__)
    made = tables([word.split("=", 1) for word in words])
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
