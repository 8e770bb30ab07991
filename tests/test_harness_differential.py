#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the twins (ours, Google Benchmark's) with the same arguments and compares what they print:
names, key order, types, every value that is not a measurement, CSV header, console layout, exit
status. What is meant to differ stands in INTENDED and nowhere else.
usage: test_harness_differential.py OURS [THEIRS]; without THEIRS it is skipped."""
import json
import os
import re
import subprocess
import sys
import tempfile

# what: why. Whatever is exempted below asks intended() by these words, and every line is asked for.
INTENDED = {
    "context.aslr_enabled": "newer than the packaged library",
    "context.library_version": "newer than the packaged library",
    "context.json_schema_version": "newer than the packaged library",
    "context.library_build_type": "the package is a debug build",
    "warnings": "in words of our own, and one for ASLR as newer releases have",
    "malformed enumeration": "exit 1 and a sentence instead of exit 0 and the usage",
    "malformed value": "one sentence; there the flag is then called unrecognized as well",
    "malformed regular expression": "exit 1 instead of 0",
    "minimum time": "suffixes are newer; a malformed one is refused instead of run once",
    "file name": "the reason stands behind the same words",
    "csv file": "no text before the header",
    "csv rows": "an error row has a cell for every counter",
    "csv cv": "the raw fraction without a unit, as newer releases print it",
    "error iterations": "those that were run, not those that were asked for",
}
used = set()
MEASURED = {"real_time", "cpu_time", "iterations", "rms", "cpu_coefficient", "real_coefficient",
            "bytes_per_second", "items_per_second", "Rate", "inverse"}
failures = 0


def check(equal, what, ours, theirs):
    global failures
    if not equal:
        failures += 1
        print(f"{what}:\n  ours   {ours!r}\n  theirs {theirs!r}")


def intended(what):
    used.add(what)
    return INTENDED[what]


def run(program, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BENCHMARK_")}
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=environment)


def both(*arguments):
    return run(sys.argv[1], *arguments), run(sys.argv[2], *arguments)


def compare_lists():
    for pattern in ("", "spin", "-spin", "^counted", "threads:[12]$", "3|4", "nothing", "-"):
        ours, theirs = both("--benchmark_list_tests", f"--benchmark_filter={pattern}")
        check(ours.stdout == theirs.stdout, f"list {pattern!r}", ours.stdout, theirs.stdout)
        check(ours.returncode == theirs.returncode, f"list {pattern!r}", ours, theirs)


def compare_rows(ours, theirs, where):
    names = [r["name"] for r in ours], [r["name"] for r in theirs]
    check(names[0] == names[1], f"{where}: names", *names)
    for a, b in zip(ours, theirs):
        name = f"{where}: {a['name']}"
        check(list(a) == list(b), f"{name}: keys", list(a), list(b))
        for key in a:
            if key not in b:
                continue
            check(type(a[key]) is type(b[key]), f"{name}: type of {key}", a[key], b[key])
            fixed = key == "iterations" and "iterations:" in a["name"]
            if fixed and "error_occurred" in a and intended("error iterations"):
                check(a[key] == 0, f"{name}: {key}", a[key], b[key])
                continue
            if key not in MEASURED or fixed:
                check(a[key] == b[key], f"{name}: {key}", a[key], b[key])


def compare_json(*arguments):
    ours, theirs = both("--benchmark_format=json", *arguments)
    check(ours.stderr == theirs.stderr == "", "stderr under JSON", ours.stderr, theirs.stderr)
    a, b = json.loads(ours.stdout), json.loads(theirs.stdout)
    exempt = {k for k in (*a["context"], *b["context"])
              if f"context.{k}" in INTENDED and intended(f"context.{k}")}
    keys = [[k for k in document["context"] if k not in exempt] for document in (a, b)]
    check(keys[0] == keys[1], "context keys", *keys)
    for key in ("host_name", "num_cpus", "cpu_scaling_enabled", "caches"):
        check(a["context"].get(key) == b["context"].get(key), f"context {key}",
              a["context"].get(key), b["context"].get(key))
    compare_rows(a["benchmarks"], b["benchmarks"], " ".join(arguments) or "run")
    # Down to the line: the same keys at the same indents.
    shape = [re.sub(r": .*", ":", line) for line in ours.stdout.splitlines()], \
            [re.sub(r": .*", ":", line) for line in theirs.stdout.splitlines()]
    cut = [s[s.index('  "benchmarks":'):] for s in shape]
    check(cut[0] == cut[1], "lines of the rows", cut[0][:40], cut[1][:40])


def compare_file():
    found = []
    for program in sys.argv[1:3]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.json")
            run(program, f"--benchmark_out={path}", "--benchmark_filter=counted",
                "--benchmark_format=console")
            with open(path, encoding="utf-8") as file:
                found.append(json.load(file)["benchmarks"])
    compare_rows(*found, "file")


def compare_csv():
    ours, theirs = both("--benchmark_format=csv", "--benchmark_filter=counted|failing")
    a, b = ours.stdout.splitlines(), theirs.stdout.splitlines()
    check(a[0] == b[0], "csv header", a[0], b[0])
    check(len(a) == len(b), "csv lines", a, b)
    for x, y in zip(a[1:], b[1:]):
        check(x.split(",")[0] == y.split(",")[0], "csv row", x, y)
        if "failing" in x and intended("csv rows"):
            check(x.startswith(y) and set(x[len(y):]) <= {","}, "csv row of an error", x, y)
            y = x
        if "_cv" in x and intended("csv cv"):
            check(x.split(",")[4] == "" and float(x.split(",")[2]) < 10, "csv row of a cv", x, y)
        check(x.count(",") == y.count(",") == a[0].count(","), "csv cells", x, y)
    found = []
    for program in sys.argv[1:3]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.csv")
            run(program, f"--benchmark_out={path}", "--benchmark_out_format=csv",
                "--benchmark_filter=counted/iterations:1000$")
            with open(path, encoding="utf-8") as file:
                found.append(file.read().splitlines())
    a, b = found
    intended("csv file")
    check(len(a) == 2 and a[0] in b and a[0].startswith("name,"), "csv file", a, b)


def compare_preambles():
    """What text formats say of the machine, on stderr."""
    def shape(text):
        lines = [line for line in text.splitlines() if not line.startswith("***WARNING***")]
        return [re.sub(r"[0-9.]+", "#", re.sub(r"^Running .*", "Running", line)) for line in lines]

    intended("warnings")
    for form in ("console", "csv"):
        ours, theirs = both(f"--benchmark_format={form}", "--benchmark_filter=another",
                            "--benchmark_context=some=thing")
        check(shape(ours.stderr) == shape(theirs.stderr), f"stderr of {form}", ours.stderr,
              theirs.stderr)


def compare_console(*arguments):
    ours, theirs = both("--benchmark_color=false", *arguments)

    def columns(text):
        found = []
        for line in text.splitlines()[3:]:
            match = re.match(r"(\S+\s+)(\S+ (ns|us|ms|s|%|N)) +(\S+ (ns|us|ms|s|%|N)) +(\d+)?", line)
            found.append((line.split()[0], match and (match.end(2), match.end(4), match.end(6))))
        return found

    check(ours.stdout.splitlines()[:3] == theirs.stdout.splitlines()[:3], "console header",
          ours.stdout.splitlines()[:3], theirs.stdout.splitlines()[:3])
    check(columns(ours.stdout) == columns(theirs.stdout), "console columns", columns(ours.stdout),
          columns(theirs.stdout))
    counters = [[re.findall(r" ([A-Za-z_]+)=", line) for line in text.splitlines()]
                for text in (ours.stdout, theirs.stdout)]
    check(counters[0] == counters[1], "console counters", *counters)


def compare_statuses():
    for arguments in (["--nonsense"], ["positional"], ["--benchmark_filter=nothing"],
                      ["--benchmark_out=/nonexistent/x"], ["--benchmark_filter"]):
        ours, theirs = both(*arguments)
        check(ours.returncode == theirs.returncode, f"{arguments}: exit status", ours.returncode,
              theirs.returncode)
        last = [r.stderr.strip().splitlines()[-1:] for r in (ours, theirs)]
        same = [re.sub(r"^\S+: error", "error", "".join(line)) for line in last]
        if "invalid file name" in same[0] and intended("file name"):
            same[0] = same[0][:len(same[1])]
        check(same[0] == same[1], f"{arguments}: message", *same)
    for arguments in (["--benchmark_repetitions=x"], ["--benchmark_repetitions=99999999999"],
                      ["--benchmark_context=a"], ["--benchmark_min_warmup_time=x"],
                      ["--benchmark_list_tests", "--v=x"]):
        ours, theirs = both(*arguments)
        intended("malformed value")
        check((ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout),
              f"{arguments}: exit status", ours, theirs)
        said = ours.stderr.strip().splitlines()
        there = [s for s in theirs.stderr.strip().splitlines() if "unrecognized" not in s]
        check(len(said) == 1 and there in ([], said), f"{arguments}: one sentence", said, there)
    for argument, why in (("--benchmark_format=xml", "malformed enumeration"),
                          ("--benchmark_time_unit=h", "malformed enumeration"),
                          ("--benchmark_color=", "malformed enumeration"),
                          ("--benchmark_filter=(", "malformed regular expression"),
                          ("--benchmark_min_time=abc", "minimum time"),
                          ("--benchmark_min_time=1ms", "minimum time")):
        ours, theirs = both(argument)
        check((ours.returncode, ours.stdout, ours.stderr.count("\n")) == (1, "", 1),
              f"{argument}: {intended(why)}", ours, theirs.returncode)
    ours, theirs = both("--benchmark_min_time=0.002s", "--benchmark_filter=another")
    check(ours.returncode == 0, "a suffix", ours, theirs.returncode)


def main():
    if len(sys.argv) < 3:
        print("Google Benchmark's library or a C++ compiler is not installed")
        return 77
    compare_lists()
    compare_json()
    compare_json("--benchmark_repetitions=2", "--benchmark_filter=another|counted",
                 "--benchmark_report_aggregates_only")
    compare_json("--benchmark_time_unit=ms", "--benchmark_filter=spin/3|counted")
    compare_file()
    compare_csv()
    compare_preambles()
    compare_console()
    compare_console("--benchmark_counters_tabular", "--benchmark_filter=counted")
    compare_console("--benchmark_display_aggregates_only", "--benchmark_filter=counted")
    compare_statuses()
    check(used == set(INTENDED), "intended, but nothing asks for it", used, set(INTENDED))
    print(f"{failures} differences that are not intended")
    return 1 if failures else 0


sys.exit(main())
