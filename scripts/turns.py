#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases that differ in one thing, call by call in turns.

usage: scripts/turns.py --by=KEY [--seconds=1] [--launches=1] [--out=FILE] [EXE] -- ARGUMENTS

Cases one after the other are compared across whatever the machine did in between; where a core is
shared, that is more than what they differ by. Here all cases of ARGUMENTS (say, --suite=splits)
whose names are equal but for KEY (splits, kernel, layout, kv, ...) are prepared at once, a process
each, and run alternately in random order. Turn i is repetition i of each: ratios within a turn are
free of what the machine does from turn to turn. What they are not free of is where a process has
its pages: two that run the same code may differ by some percent for as long as they live, and only
several launches show it. A line a set goes to the terminal, every turn to FILE, as the rows of a
result file with the column `launch` and the context of the first launch. EXE is the attn-bench of
build/ if it is not given.

Exit 0; 1 if a case failed or a launch met another CPU or build than the first; 2 if nothing could
be compared.
"""
import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = 0.0005  # seconds: a neighbour comes and goes within milliseconds
LEAST, MOST = 20, 5000  # turns
# Threads of a worker look for work for about a millisecond before they sleep.
SETTLE = 0.0015
# What of a context has to be the same in all launches.
SAME = ("env.cpu_model", "env.cpu_features", "git_commit")


class Failure(Exception):
    pass


class Worker:
    """One process of attn-bench that does what it is told."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command, "--benchmark_worker=true"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        if self.line() != "benchmark_worker 1":
            raise Failure(f"{command[0]} serves no requests, or not these")

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise Failure(f"it ended with status {self.process.wait()}")
        return text.rstrip("\n")

    def tell(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Failure(f"it ended with status {self.process.wait()}") from error

    def ask(self, request):
        self.tell(request)
        word, _, rest = self.line().partition(" ")
        if word != "ok":
            raise Failure(rest)
        return rest

    def names(self):
        self.tell("list")
        names = []
        while (line := self.line()).startswith("case "):
            names.append(line.split(" ", 2)[2])
        return names

    def end(self):
        try:
            self.tell("quit")
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (Failure, BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def without(name, key):
    """The name but for the part `key`; the kernel is the part without a key."""
    parts = name.split("/")
    if key == "kernel":
        return "/".join(parts[:1] + parts[2:])
    return "/".join(part for part in parts if part.partition(":")[0] != key)


def told(name, key):
    parts = name.split("/")
    if key == "kernel":
        return parts[1]
    return next((part.partition(":")[2] for part in parts if part.partition(":")[0] == key),
                "(none)")


def take_turns(members, seconds, order):
    """Times in ns, [turn][member], of (worker, iterations) pairs."""
    turns, end = [], time.monotonic() + seconds
    while len(turns) < MOST and (len(turns) < LEAST or time.monotonic() < end):
        turn = [0.0] * len(members)
        for i in order.sample(range(len(members)), len(members)):
            time.sleep(SETTLE)
            worker, iterations = members[i]
            turn[i] = float(worker.ask(f"run {iterations}").split()[0])
        turns.append(turn)
    return turns


def compare(command, names, seconds, order):
    """(names that ran, their turns, {name: why it did not run})."""
    workers, members, ran, failed = [], [], [], {}
    try:
        for name in names:
            worker = Worker(command)
            workers.append(worker)
            try:
                worker.ask(f"prepare {name}")
                iterations = worker.ask(f"calibrate {SAMPLE}")
            except Failure as failure:
                failed[name] = str(failure)
                continue
            members.append((worker, iterations))
            ran.append(name)
        turns = take_turns(members, seconds, order) if len(ran) > 1 else []
        for name, (worker, _) in zip(ran, members):
            worker.ask("drop")  # checks its results once more
    finally:
        for worker in workers:
            worker.end()
    return ran, turns, failed


def context_of(exe):
    """The context of a result file of this program here: of the smallest case there is."""
    smallest = ["--kernel=ref", "--heads=1", "--kv_heads=1", "--dim=16", "--context=16",
                "--cache=hot", "--threads=1", "--benchmark_dry_run=true", "--benchmark_format=json"]
    try:
        ran = subprocess.run([exe, *smallest], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, check=False)
        context = json.loads(ran.stdout)["context"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    kept = {key: value for key, value in context.items() if key not in ("dry_run", "command_line")}
    return {**kept, "executable": pathlib.Path(exe).name}


class Machine:
    """The context of the first launch, which those after it are held to."""

    def __init__(self, exe):
        self.exe, self.context, self.others = exe, None, {}

    def look(self):
        now = context_of(self.exe)
        if self.context is None:
            self.context = now
        for key in SAME:
            was, found = self.context.get(key, "unknown"), now.get(key, "unknown")
            if found != was and key not in self.others:
                self.others[key] = found
                print(f"turns.py: {key} was {was} and is {found}: launches of different builds or "
                      "machines are no repetitions", file=sys.stderr)

    def keys(self):
        """For the result file: the context, and what later launches met instead."""
        return {**(self.context or {}), **{f"turns.other.{k}": v for k, v in self.others.items()}}


def launch_all(command, names, options, order, machine):
    """As compare(), the turns of all launches as (launch, turn); whoever failed once is left out
    from then on."""
    all_turns, failed = [], {}
    for launch in range(options.launches):
        left = [name for name in names if name not in failed]
        machine.look()
        _, turns, new = compare(command, left, options.seconds / options.launches, order)
        if new:
            all_turns, failed = [], failed | new
        all_turns.extend((launch, turn) for turn in turns)
    return [name for name in names if name not in failed], all_turns, failed


def rows(ran, turns, failed):
    for i, name in enumerate(ran):
        for number, (launch, turn) in enumerate(turns):
            yield {"name": name, "run_name": name, "run_type": "iteration",
                   "repetitions": len(turns), "repetition_index": number,
                   "real_time": round(turn[i], 1), "time_unit": "ns", "launch": launch}
    for name, why in failed.items():
        yield {"name": name, "run_name": name, "run_type": "iteration", "error_occurred": True,
               "error_message": why}


def show(key, what, ran, turns):
    first = ran[0]
    said = ", ".join(
        f"{told(name, key)} {statistics.median(t[i] / t[0] for _, t in turns):.3f}"
        for i, name in enumerate(ran[1:], 1))
    print(f"{what}: {told(first, key)} 1, {said} ({len(turns)} turns)", flush=True)


def main():
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exe", nargs="?", default=ROOT / "build/bench/cases/attn-bench")
    parser.add_argument("--by", required=True, metavar="KEY")
    parser.add_argument("--seconds", type=float, default=1.0, help="of turns, a set of cases")
    parser.add_argument("--launches", type=int, default=1, help="to share those seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the order within a turn")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args(words[:cut])
    if not (options.seconds > 0 and options.launches > 0):
        parser.error("--seconds and --launches take numbers above 0")
    command = [str(options.exe), *words[cut + 1:]]
    try:
        worker = Worker(command)
        names = worker.names()
        worker.end()
    except (OSError, Failure) as failure:
        print(f"turns.py: {command[0]}: {failure}", file=sys.stderr)
        return 2
    sets = {}
    for name in dict.fromkeys(names):
        sets.setdefault(without(name, options.by), []).append(name)
    sets = {what: members for what, members in sets.items() if len(members) > 1}
    if not sets:
        print(f"turns.py: no two cases differ in '{options.by}' alone", file=sys.stderr)
        return 2
    order, benchmarks, bad = random.Random(options.seed), [], False
    machine = Machine(command[0])
    for what, members in sets.items():
        try:
            ran, turns, failed = launch_all(command, members, options, order, machine)
        except Failure as failure:
            print(f"turns.py: {what}: {failure}", file=sys.stderr)
            bad = True
            continue
        for name, why in failed.items():
            print(f"turns.py: {name}: {why}", file=sys.stderr)
        bad = bad or bool(failed)
        if turns:
            show(options.by, what, ran, turns)
        benchmarks.extend(rows(ran, turns, failed))
    if options.out:
        if not machine.context:
            print(f"turns.py: {command[0]} says nothing of its machine, nor does {options.out}",
                  file=sys.stderr)
        context = {"executable": pathlib.Path(command[0]).name, "json_schema_version": 1,
                   **machine.keys(), "turns.by": options.by, "turns.seed": str(options.seed),
                   "turns.arguments": " ".join(command[1:])}
        options.out.write_text(json.dumps({"context": context, "benchmarks": benchmarks}, indent=1)
                               + "\n", encoding="utf-8")
    return 1 if bad or machine.others else 0


if __name__ == "__main__":
    sys.exit(main())
