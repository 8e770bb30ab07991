#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the gate keep its promises on this machine? Runs the protocols below and scores them.

  A1  the same sources linked in another order of functions, idle: no run fails
  A2  the same under a busy loop and a memory hog: no run fails
  A4  runs of A1 with base and head exchanged launch by launch at random: at most q of them fail
  P2  a kernel 5 % slower, found in 170 of 200 gate-worthy cases and never called OK
  P3  the same with 10 %, 196 of 200
  P4  2 % more work, found by its counts in 100 of 100 cases, by as much as was put in; no time
      is taken, so the machine need not be idle
  P6  a kernel that became 5 % faster is never called a regression
  T1  300 cases that all became 5 % slower are judged within ten minutes, 255 of them rightly
  T2  300 cases of unchanged code within twenty seconds

A slowdown is work in the kernel (every n-th KV tile done twice, -DATTN_INJECT_DEN=n), never a
number that was scaled. The thresholds stand here and are not options. Every run that was begun is
a line of attempts.csv, whatever became of it, and every run that ended is kept with its rounds, so
stopping costs one run and starting again goes on. What a machine does not meet is printed as not
met.
"""
import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Relinked with another seed in turn: one layout may be lucky.
SEEDS = 4
BUILDS = {
    "plain": ([], []),
    **{f"every{n}": ([f"-DATTN_INJECT_DEN={n}"], []) for n in (50, 18, 9)},
    **{f"relinked{s}": ([], [f"-Wl,--shuffle-sections=.text*={s + 1}"]) for s in range(SEEDS)},
}
# Of P4. A tile holds 48 or 24 tokens, so the tiles of these calls are a multiple of 50 and every
# 50th is 2 % whatever was called before; with eight heads to a tile there is little else to a call.
CALL = ["--batch=10", "--heads=8", "--kv_heads=1", "--context=240", "--threads=1"]
COUNTED = ["--kernel=split", "--dim=64-208+16", "--layout=contiguous,paged16", *CALL]
BYSTANDERS = ["--kernel=naive,online,perhead", "--kv_type=f32,f16", "--dim=64", *CALL]
# Of P2, P3 and P6: calls that are tiles for nine parts of ten, by count, from caches far below the
# second level, so that every 18th tile done twice is 5 % and every 9th 10 %. In suite ci calls are
# as short as users have them, a third of them other work, and the second look at a far tile costs
# next to nothing: nobody knows what a slowdown there should be.
POWER = """
cache = hot
threads = 1
kv_heads = 1
context = 192
[slowed]
kernel = split
kv_type = f16,f32
heads = 8,16
dim = 64,80,96,128
[bystanders]
kernel = naive,online
kv_type = f32
heads = 8
dim = 64,128
"""
MANY = """
cache = hot
threads = 1
kv_heads = 1
heads = 8
[all]
kernel = split
kv_type = f16,f32
dim = 64-208+16
context = 64-512+32
"""
# Base, head, and how many runs, or how many cases in however many runs that takes.
PROTOCOLS = {
    "A1": {"base": "plain", "head": "relinked", "runs": 60, "budget": "60s"},
    "A2": {"base": "plain", "head": "relinked", "runs": 60, "budget": "60s",
           "load": True},
    "P2": {"base": "plain", "head": "every18", "cases": 200, "found": 170, "budget": "3m"},
    "P3": {"base": "plain", "head": "every9", "cases": 200, "found": 196, "budget": "3m"},
    "P4": {"base": "plain", "head": "every50", "cases": 100, "found": 100,
           "parts": [*([f"--kv_type={t}", *COUNTED] for t in ("f32", "f16", "bf16", "e4m3", "e5m2")),
                     BYSTANDERS]},
    "P6": {"base": "every18", "head": "plain", "cases": 200, "budget": "3m"},
    "T1": {"base": "plain", "head": "every18", "runs": 1, "budget": "10m", "seconds": 600,
           "verdict": "REGRESSED", "found": 255},
    "T2": {"base": "plain", "head": "plain", "runs": 1, "budget": "10m", "seconds": 20,
           "fingerprint": True, "verdict": "UNCHANGED", "found": 300},
}
WORTHY = 0.02  # launches of a gate-worthy case differ by no more than this
SWAPS = 2000


def say(text):
    print(text, flush=True)


def build(name, directory, target="bench/cases/attn-bench"):
    """attn-bench of one kind, named from the root; what is there already is not built again."""
    place = directory / name
    compile_args, link_args = BUILDS[name]
    if not (place / "build.ninja").exists():
        # Both sides of every comparison have the linker and the sections in common.
        compiling = ["-ffunction-sections", *compile_args]
        linking = ["-fuse-ld=lld", *link_args]
        if not shutil.which("ld.lld"):
            sys.exit("acceptance.py: lld, which links functions in another order, is not installed")
        subprocess.run(["meson", "setup", "--buildtype=release", f"-Dc_args={' '.join(compiling)}",
                        f"-Dc_link_args={' '.join(linking)}", place, ROOT],
                       check=True, stdout=subprocess.DEVNULL)
    log = subprocess.run(["ninja", "-C", place, target], capture_output=True, text=True)
    if log.returncode:
        sys.exit(f"acceptance.py: {name} does not build:\n{log.stdout[-2000:]}")
    return os.path.relpath(place / target, ROOT)


class Load:
    """A busy loop on one CPU and a program that copies memory; both end with the block."""

    COPY = "a = bytearray(1 << 26)\nb = bytearray(1 << 26)\nwhile True: a[:] = b"

    def __init__(self, wanted):
        self.wanted, self.children = wanted, []

    def __enter__(self):
        if self.wanted:
            cpu = max(os.sched_getaffinity(0))
            for program in ("while True: pass", self.COPY):
                child = subprocess.Popen([sys.executable, "-c", program])
                self.children.append(child)
            os.sched_setaffinity(self.children[0].pid, {cpu})
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()


class Protocol:
    def __init__(self, name, options):
        self.name, self.options = name, options
        self.plan = PROTOCOLS[name]
        self.place = options.out / name
        self.place.mkdir(parents=True, exist_ok=True)

    def runs(self):
        for path in sorted(self.place.glob("run-*.json.gz")):
            with gzip.open(path, "rt") as file:
                yield path, json.load(file)

    def attempts(self):
        try:
            return len((self.place / "attempts.csv").read_text().splitlines()) - 1
        except FileNotFoundError:
            return 0

    def seconds(self):
        """Of every attempt that came to its end."""
        try:
            with open(self.place / "attempts.csv", newline="") as file:
                return [float(row["seconds"]) for row in csv.DictReader(file)
                        if row["status"] != "stopped"]
        except FileNotFoundError:
            return []

    def note(self, *cells):
        path = self.place / "attempts.csv"
        new = not path.exists()
        with open(path, "a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["attempt", "began", "seconds", "status", "load_average"])
            writer.writerow(cells)

    def command(self, number, done, programs, result):
        head = self.plan["head"]
        head = f"relinked{number % SEEDS}" if head == "relinked" else head
        sides = [programs[self.plan["base"]], programs[head], "--"]
        if "parts" in self.plan:
            return [programs["stat"], "regress", "sim", "--tool=callgrind", "--ir_threshold=1%",
                    "--format=json", *sides, *self.plan["parts"][done]]
        budget = self.options.budget or self.plan["budget"]
        cases = ["--suite=ci"]
        sweep = POWER if "cases" in self.plan else MANY if "seconds" in self.plan else ""
        if sweep:
            path = self.options.builds / f"{self.name}.sweep"
            path.write_text(sweep)
            cases = [f"--suite={os.path.relpath(path, ROOT)}"]
        blind = [] if self.plan.get("fingerprint") else ["--no_fingerprint"]
        return [programs["stat"], "regress", "ab", f"--budget={budget}", *blind,
                f"--seed={1000 + number}", f"--json={result}", *sides,
                *(self.options.arguments or cases)]

    def once(self, number, done, programs):
        """One whole run of the tool as anybody starts it; kept if it came to an end."""
        with tempfile.TemporaryDirectory() as work:
            result = pathlib.Path(work) / "run.json"
            began, load = time.time(), os.getloadavg()[0]
            status = "stopped"
            try:
                with Load(self.plan.get("load", False)):
                    ended = subprocess.run(self.command(number, done, programs, result),
                                           capture_output=True, text=True, cwd=ROOT)
                status = ended.returncode
                if status == 2:
                    sys.exit(ended.stderr.strip())
            finally:
                when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))
                self.note(number, when, f"{time.time() - began:.1f}", status, f"{load:.2f}")
            text = result.read_text() if result.exists() else json.dumps(
                {"status": status, "cases": json.loads(ended.stdout)}, indent=1)
            kept = self.place / f"run-{number:03d}.json.gz"
            part = kept.with_suffix(".part")
            # Without a time stamp: the same run is the same file.
            with open(part, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as file:
                file.write(text.encode())
            part.rename(kept)
        return status

    def wanted(self, done):
        """Are more runs needed, going by what is there?"""
        if "parts" in self.plan:
            return len(done) < min(len(self.plan["parts"]), self.options.runs)
        if "runs" in self.plan:
            return len(done) < min(self.plan["runs"], self.options.runs)
        return (sum(len(worthy(run)) for run in done) < self.plan["cases"]
                and len(done) < self.options.runs)

    def go_on(self, programs):
        done = [run for _, run in self.runs()]
        while self.wanted(done):
            number = self.attempts()
            status = self.once(number, len(done), programs)
            done = [run for _, run in self.runs()]
            say(f"{self.name}: attempt {number} ended with {status}; {len(done)} runs are kept")


def deviation(run, index):
    """Launch to launch, in the stage the verdict stands on, from the rounds themselves."""
    columns = run["run"]["round_columns"]
    at = {name: columns.index(name) for name in columns}
    launches = {}
    for row in run["run"]["rounds"]:
        if row[at["item"]] == index and not row[at["control"]]:
            key = (row[at["stage"]], row[at["launch"]])
            launches.setdefault(key, []).append(math.log(row[at["head_ns"]] / row[at["base_ns"]]))
    stage = max((key[0] for key in launches), default=0)
    values = [sorted(d)[len(d) // 2] for key, d in launches.items() if key[0] == stage]
    if len(values) < 2:
        return math.inf
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def injected(name):
    """Only the rung split has the slowdown in it."""
    return "/split." in name


def worthy(run):
    """Cases a protocol of power counts: slowed down, steady enough, in a run that was gated."""
    if not run["gated"]:
        return []
    entries = [e["name"] for e in run["run"]["entries"] if e["presence"] == "both"]
    return [case for case in run["cases"]
            if injected(case["name"]) and deviation(run, entries.index(case["name"])) <= WORTHY]


def met(text, kept, enough=True):
    """What was broken stays broken; what holds so far is shown only by all the runs."""
    said = "NOT MET on this machine" if not kept else "met" if enough else "too few runs to say"
    return f"{text}: {said}"


def upper(failures, runs):
    """One-sided 95 % bound of a share, exact."""
    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        tail = sum(math.comb(runs, k) * p ** k * (1 - p) ** (runs - k)
                   for k in range(failures + 1))
        low, high = (p, high) if tail > 0.05 else (low, p)
    return high


def verdicts(cases):
    count = {}
    for case in cases:
        count[case["verdict"]] = count.get(case["verdict"], 0) + 1
    return ", ".join(f"{n} {verdict}" for verdict, n in sorted(count.items()))


def score_quiet(protocol, runs):
    failed = sum(run["status"] == 1 for run in runs)
    broken = sum(run["status"] == 4 for run in runs)
    passed = sum(not run["gated"] for run in runs)
    plan = protocol.plan
    enough = len(runs) >= plan["runs"]
    yield (f"{len(runs)} of {plan['runs']} runs, {protocol.attempts()} attempts: {failed} failed, "
           f"{passed} not gated, {broken} broken")
    if runs:
        yield "verdicts: " + verdicts(case for run in runs for case in run["cases"])
        yield f"at most {100 * upper(failed, len(runs)):.1f} % of runs fail (95 % confidence)"
    if not plan.get("load"):
        yield met("at most 3 runs not gated", passed <= 3, enough)
    yield met("no run fails", failed + broken == 0, enough)


def score_power(protocol, runs):
    plan = protocol.plan
    cases = [case for run in runs for case in worthy(run)][:plan["cases"]]
    others = [case for run in runs for case in run["cases"] if not injected(case["name"])]
    unsteady = [case for run in runs if run["gated"] for case in run["cases"]
                if injected(case["name"])]
    ratios = sorted(case["ratio"] for case in cases)
    middle = f", median change {100 * (ratios[len(ratios) // 2] - 1):+.1f} %" if ratios else ""
    yield (f"{len(cases)} of {plan['cases']} gate-worthy cases in {len(runs)} runs, "
           f"{protocol.attempts()} attempts: {verdicts(cases)}{middle}")
    yield (f"{sum(not run['gated'] for run in runs)} runs not gated; {len(unsteady)} slowed cases "
           f"were measured in the others, gate-worthy or not")
    enough = len(cases) >= plan["cases"]
    if "found" in plan:
        found = sum(case["verdict"] == "REGRESSED" for case in cases)
        wrong = sum(case["verdict"] == "OK" for case in unsteady)
        yield met(f"found in {found}, wanted {plan['found']}",
                  len(cases) - found <= plan["cases"] - plan["found"], enough)
        yield met(f"called OK in {wrong}, wanted 0", not wrong, enough)
        false = sum(case["verdict"] == "REGRESSED" for case in others)
        yield met(f"bystanders called REGRESSED: {false} of {len(others)}", not false, enough)
    else:
        wrong = sum(case["verdict"] == "REGRESSED" for run in runs for case in run["cases"])
        yield met(f"called REGRESSED in {wrong}, wanted 0", not wrong, enough)


def score_time(protocol, runs):
    most, verdict, wanted = (protocol.plan[key] for key in ("seconds", "verdict", "found"))
    for run, seconds in zip(runs, protocol.seconds()):
        yield f"{len(run['cases'])} cases in {seconds:.0f} s: {verdicts(run['cases'])}"
        found = sum(case["verdict"] == verdict for case in run["cases"])
        yield met(f"at most {most} s for 300", seconds <= most and len(run["cases"]) == 300)
        yield met(f"{verdict} {found}, wanted {wanted}", found >= wanted)
    if not runs:
        yield met(f"at most {most} s for 300", True, False)


def score_counts(protocol, runs):
    plan = protocol.plan
    slowed = [case for run in runs for case in run["cases"] if injected(case["case"])]
    others = [case for run in runs for case in run["cases"] if not injected(case["case"])]
    enough = len(slowed) >= plan["cases"]
    # By the instructions alone: the second state of the work put in is more scratch as well.
    found = sum(case["verdict"] == "REGRESSED" and case["change"] > 1.01 for case in slowed)
    yield (f"{len(slowed)} of {plan['cases']} cases in {len(runs)} runs, {protocol.attempts()} "
           f"attempts")
    yield met(f"found in {found}, wanted {plan['found']}", found == len(slowed), enough)
    if slowed:
        least, most = (f(case["change"] for case in slowed) for f in (min, max))
        yield met(f"changes from {100 * (least - 1):+.2f} % to {100 * (most - 1):+.2f} %, wanted "
                  f"+2 % within 0.2 points", least >= 1.018 and most <= 1.022, enough)
    # A few instructions come and go: the first call of a function has the linker look for it.
    false = sum(case["verdict"] != "OK" or abs(case["change"] - 1) > 1e-4 for case in others)
    yield met(f"bystanders that changed: {false} of {len(others)}", not false, enough)


def score_swaps(options, programs):
    """A4 stands on the runs of A1."""
    runs = list(Protocol("A1", options).runs())
    each = -(-SWAPS // max(len(runs), 1))
    failed = replays = 0
    for path, _ in runs:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            with gzip.open(path) as stored:
                file.write(stored.read())
            file.flush()
            text = subprocess.run([programs["stat"], "regress", "ab", f"--replay={file.name}",
                                   f"--swaps={each}", f"--seed={len(path.name) + replays}"],
                                  check=True, capture_output=True, text=True,
                                  cwd=ROOT).stdout.split()
            failed, replays = failed + int(text[0]), replays + int(text[2])
    share = failed / replays if replays else 0
    limit = 0.01 + 2 * math.sqrt(0.01 * 0.99 / max(replays, 1))
    yield f"{failed} of {replays} replays of {len(runs)} runs fail ({100 * share:.2f} %)"
    yield met(f"at most {100 * limit:.2f} %", share <= limit,
              replays >= SWAPS and len(runs) >= PROTOCOLS["A1"]["runs"])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("protocols", nargs="*", metavar="PROTOCOL",
                        help="A1 A2 A4 P2 P3 P4 P6 T1 T2; all of them by default")
    parser.add_argument("--score", action="store_true", help="run nothing, score what is there")
    parser.add_argument("--runs", type=int, default=1000, help="at most so many runs a protocol")
    parser.add_argument("--budget", help="of each timed run: 60s of A1 and A2, 10m of T1, 3m of P2 to P6")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "results/acceptance")
    parser.add_argument("--builds", type=pathlib.Path, default=ROOT / "build/acceptance")
    # What stands behind -- goes to attn-bench, options as well.
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    options.arguments = words[cut + 1:]
    known = [*PROTOCOLS, "A4"]
    for name in options.protocols:
        if name not in known:
            sys.exit(f"acceptance.py: no protocol '{name}'; there are {', '.join(sorted(known))}")
    names = options.protocols or ["P4", "T2", "T1", "A1", "A4", "P2", "P3", "P6", "A2"]
    options.builds.mkdir(parents=True, exist_ok=True)

    kinds = set()
    for name in names if not options.score else []:
        plan = PROTOCOLS.get(name, {})
        kinds |= {plan[side] for side in ("base", "head") if side in plan}
    if "relinked" in kinds:
        kinds = kinds - {"relinked"} | {f"relinked{s}" for s in range(SEEDS)}
    programs = {kind: build(kind, options.builds) for kind in sorted(kinds)}
    if kinds or "A4" in names:
        programs["stat"] = build("plain", options.builds, "analysis/attn-stat")

    for name in names:
        if name == "A4":
            lines = score_swaps(options, programs)
        else:
            protocol = Protocol(name, options)
            if not options.score:
                protocol.go_on(programs)
            plan = protocol.plan
            score = (score_counts if "parts" in plan else score_time if "seconds" in plan
                     else score_quiet if "runs" in plan else score_power)
            lines = score(protocol, [run for _, run in protocol.runs()])
        for line in lines:
            say(f"{name}  {line}")


main()
