#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What compilers made of the timed loops: ours execute no more instructions an iteration than
Google Benchmark's around the same body.

Times of a loop that takes one cycle wander with the clock and with where the linker put it; what is
executed does not. Reads the disassembly of the overhead benchmark, which holds both libraries'
loops compiled with equal options. Exit 0 passes, 1 fails, 77 where there is nothing to read.
usage: harness_loop.py PROGRAM
"""
import re
import shutil
import subprocess
import sys

LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
BRANCH = re.compile(r"^(j(?!mp)[a-z]+|b\.[a-z]+|cbn?z|tbn?z)$")
CALL = re.compile(r"^(call[a-z]*|blr?)$")
HERE, THERE = "%s", "(anonymous namespace)::%s(benchmark::State&)"


def functions(path):
    text = subprocess.run(["objdump", "-d", "-C", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    found = {}
    for part in re.split(r"\n(?=[0-9a-f]+ <)", text):
        name = re.match(r"[0-9a-f]+ <(.*)>:", part)
        if name:
            rows = [LINE.match(line) for line in part.splitlines()]
            found[name[1]] = [(int(m[1], 16), m[2], m[3]) for m in rows if m]
    return found


def instructions_an_iteration(code):
    """Of the hot loop: innermost, without a call. An unrolled one asks more than once a turn."""
    loops = []
    for at, name, operands in code:
        target = re.search(r"\b([0-9a-f]+) <", operands)
        if BRANCH.match(name) and target and int(target[1], 16) < at:
            body = [row for row in code if int(target[1], 16) <= row[0] <= at]
            if not any(CALL.match(row[1]) for row in body):
                loops.append(len(body) / sum(bool(BRANCH.match(row[1])) for row in body))
    return max(loops, default=None)


def main():
    if not shutil.which("objdump"):
        print("skipped: objdump is not installed")
        return 77
    found = functions(sys.argv[1])
    status = 0
    for loop in ("asking", "counting"):
        counts = [instructions_an_iteration(found.get(side % loop, [])) for side in (HERE, THERE)]
        if counts[1] is None:
            print(f"skipped: no loop of Google Benchmark's {loop} is left to compare with")
            return status or 77
        print(f"{loop}: {counts[0]} instructions an iteration here, {counts[1]} there")
        if counts[0] is None or counts[0] > counts[1]:
            status = 1
    return status


sys.exit(main())
