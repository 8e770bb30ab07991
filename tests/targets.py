#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/targets.py tells a target that is met from one that is not, on rows made up here."""
import contextlib
import gzip
import io
import json
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "scripts" / "targets.py"
sys.path.insert(0, str(SCRIPT.parent))
import targets
import targets_files

failures = 0


def check(what, got, want):
    global failures
    if got != want:
        print(f"{what}: got {got!r}, expected {want!r}")
        failures += 1


def rows(name, times, read=100.0, fma=10.0, phase="decode", kernel="split.avx2"):
    full = f"{phase}/{kernel}/{name}/real_time/threads:2"
    return [{"name": full, "run_name": full, "run_type": "iteration", "real_time": t,
             "ceiling_read_ns": read, "ceiling_fma_ns": fma, "kv_bytes": 1000.0,
             "ceiling_fraction": max(read, fma) / t} for t in times]


def verdicts(made, last_cache=0):
    result = {"context": {"caches": [{"size": last_cache}]}, "benchmarks": made}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "r.json"
        path.write_text(json.dumps(result), encoding="utf-8")
        cases = targets_files.load(path).cases
    return {t.text: targets.judge([cases], t).word for t in targets.TARGETS}


def shape(kv_heads, context=8192, heads=32, more=""):
    return f"kv:f16/batch:1/heads:{heads}/kv_heads:{kv_heads}/dim:128/context:{context}{more}"


SMALL = "ceiling_fraction, group 1 and 2, floats, S >= 8192"
check("fraction kept", verdicts(rows(shape(32), [110, 111, 112]))[SMALL], "met")
check("fraction missed", verdicts(rows(shape(32), [110, 130, 140]))[SMALL], "NOT MET")
check("a median, not a best", verdicts(rows(shape(32), [100, 130, 140]))[SMALL], "NOT MET")
check("short contexts do not count", verdicts(rows(shape(32, 512), [900]))[SMALL], "no rows")


# A kernel that computes wrongly never makes a verdict better.
def wrong(made):
    return [{**r, "error_occurred": True, "error_message": "off", "real_time": 0.0} for r in made]


good, bad = rows(shape(32), [110]), wrong(rows(shape(16), [110]))
check("an error row alone", verdicts(wrong(good))[SMALL], "UNJUDGED")
check("an error row beside one that keeps", verdicts(good + bad)[SMALL], "UNJUDGED")
check("an error row beside one that does not",
      verdicts(rows(shape(32), [900]) + bad)[SMALL], "NOT MET")
check("one repetition of several", verdicts(good + wrong(good))[SMALL], "UNJUDGED")
check("an error row of another target", verdicts(good + wrong(rows(shape(4), [1])))[SMALL], "met")

# Hot rows count whatever their group, unless no cache holds them; many rows a KV head always do.
PEAK = "share of FMA peak, group >= 16, and any hot"
HOT = "/cache:hot"


def sized(made, size):
    return [{**r, "bytes": size} for r in made]


for what, made, verdict in (
        ("hot, group 1", rows(shape(32, more=HOT), [20]), "NOT MET"),
        ("hot, group 4, kept", rows(shape(8, more=HOT), [14]), "met"),
        ("hot, one thread", rows(shape(8, more=HOT), [14]) +
         [{**r, "run_name": r["run_name"].replace("s:2", "s:1")}
          for r in rows(shape(8, more=HOT), [20])], "NOT MET"),
        ("cold, group 4", rows(shape(8), [20]), "no rows"),
        ("cold, group 16", rows(shape(2), [20]), "NOT MET"),
        ("pages, group 16", rows(shape(2, more="/layout:paged16"), [20]), "NOT MET"),
        ("queries, group 16", rows(shape(2, more="/q_len:4"), [20]), "NOT MET"),
        ("hot, larger than the cache", sized(rows(shape(8, more=HOT), [20]), 101.0), "no rows"),
        ("group 16, larger than the cache", sized(rows(shape(2, more=HOT), [20]), 101.0),
         "NOT MET")):
    check(f"arithmetic: {what}", verdicts(made, 100)[PEAK], verdict)

SHARE = "speed-up over MHA over the floor's speed-up"
mha = rows(shape(32), [100])
check("speed-up as the floor's", verdicts(mha + rows(shape(8), [25], read=25))[SHARE], "met")
check("no speed-up", verdicts(mha + rows(shape(8), [90], read=25))[SHARE], "NOT MET")

ODD = "time per head over that of the neighbours"
around = rows(shape(1, heads=6), [60]) + rows(shape(1, heads=8), [80])
check("odd group between", verdicts(around + rows(shape(1, heads=7), [71]))[ODD], "met")
check("odd group in a pass of its own", verdicts(around + rows(shape(1, heads=7), [90]))[ODD],
      "NOT MET")

# What another minute did to a case and to the ceilings beside it cancels.
def turned(made, read, fma, **work):
    return [{**row, "turn_read_fraction": read, "turn_fma_fraction": fma, **work} for row in made]


check("by turns", verdicts(turned(rows(shape(32), [900]), 0.9, 0.2))[SMALL], "met")
check("missed by turns", verdicts(turned(rows(shape(32), [100]), 0.8, 0.2))[SMALL], "NOT MET")
slowed = [turned(rows(shape(1, heads=h), [time]), 0.1, share, bytes=1.0, flops=10.0 * h)
          for h, time, share in ((6, 60, 0.5), (7, 140, 0.5), (8, 80, 0.5))]
check("odd group in a slow minute", verdicts(sum(slowed, []))[ODD], "met")
slowed[1] = turned(slowed[1], 0.1, 0.4)
check("odd group slow by turns", verdicts(sum(slowed, []))[ODD], "NOT MET")

LAW = "residual of the affine law, context >= 8192"
line = sum((rows(shape(8, 8192 << i), [50 + (8192 << i) / 100]) for i in range(5)), [])
check("affine", verdicts(line)[LAW], "met")
bent = line[:-1] + rows(shape(8, 8192 << 4), [2000])
check("bent", verdicts(bent)[LAW], "NOT MET")
# Only contexts are a line: cases that differ in anything else are other lines.
extras = [f"/{more}" for more in ("softcap:0", "softcap:30", "sinks:off", "sinks:on")]
check("one context", verdicts(sum((rows(shape(8, more=m), [100]) for m in extras), []))[LAW],
      "no rows")
capped = [{**r, "run_name": r["run_name"].replace("/real", "/softcap:30/real"),
           "real_time": 3 * r["real_time"]} for r in line]
check("two lines", verdicts(line + capped)[LAW], "met")
check("one weight of all",
      verdicts(sum((rows(shape(8, 8192 << i), [1e10 if i else 1]) for i in range(4)), []))[LAW],
      "NOT MET")

SPLITS = "policy over best fixed split, 95 % of points"
even = rows(shape(8), [100 + i % 3 for i in range(12)])
slow = rows(shape(8, more="/splits:4"), [120 + i % 3 for i in range(12)])
fast = rows(shape(8, more="/splits:4"), [80 + i % 3 for i in range(12)])
check("policy is best", verdicts(even + slow)[SPLITS], "met")
check("policy is beaten", verdicts(even + fast)[SPLITS], "NOT MET")
# Twelve launches bound the ratio, however many turns each has.
for unlucky, verdict in (((3,), "met"), ((1, 5, 9, 13, 17, 21), "NOT MET")):
    policy = [{**r, "launch": i // 4} for i, r in enumerate(rows(shape(8), [100] * 96))]
    fixed = [{**r, "launch": i // 4, "real_time": 80 if i // 4 in unlucky else 100}
             for i, r in enumerate(slow * 8)]
    check(f"unlucky launches {unlucky}", verdicts(policy + fixed)[SPLITS], verdict)

some = [{**r, "launch": i % 2} if i else r for i, r in enumerate(even)]
check("a launch of some rows", verdicts(some + slow)[SPLITS], "NOT MET")  # three bound nothing
check("a split that is wrong", verdicts(even + wrong(slow))[SPLITS], "UNJUDGED")

check("six pairs bound by their greatest", targets.upper_bound([1, 6, 2, 3, 5, 4]), 6)
check("five pairs bound nothing", targets.upper_bound([1] * 5), float("inf"))
check("many pairs bound by less", targets.upper_bound(list(range(100))), 60)

BLAS = "f32: blas_gemm time over split time, every case"
f32 = shape(8).replace("f16", "f32")
for blas, verdict in ((120, "met"), (80, "NOT MET")):
    check("against a library",
          verdicts(rows(f32, [100]) + rows(f32, [blas], kernel="blas_gemm"))[BLAS], verdict)

check("a library that is wrong",
      verdicts(rows(f32, [100]) + wrong(rows(f32, [120], kernel="blas_gemm")))[BLAS], "UNJUDGED")

# Of two routes to a cache of codes the better counts, against the faster arithmetic.
ROUTE = "i8, better route, of the ceilings, group >= 4"
i8 = shape(4).replace("f16", "i8")
for faster, verdict in ((160, "met"), (120, "NOT MET")):
    check(f"arithmetic that takes {faster}", verdicts(
        rows(i8, [250], fma=300, kernel="split.avx2") +
        rows(i8, [500], fma=faster, kernel="split_idot.avx2"))[ROUTE], verdict)

for order in (1, -1):
    routes = [rows(i8, [160], fma=160), wrong(rows(i8, [500], kernel="split_idot.avx2"))]
    check("a route that is wrong", verdicts(sum(routes[::order], []))[ROUTE], "UNJUDGED")

# What is asked of floats is not asked of codes, which have targets of their own.
codes = ("i8", "i4", "e4m3", "i8c+i8", "f16+i8")


def narrow(made):
    return [{**r, "run_name": r["run_name"].replace("kv:f16", f"kv:{t}")}
            for t in codes for r in made]


floats = rows(shape(32), [110]) + rows(shape(4), [110])
alone = narrow(rows(shape(32), [900]) + rows(shape(4), [900]) + rows(shape(1), [900]) +
               rows(shape(32, more="/layout:paged16"), [9000]))
spoilt = verdicts(floats + alone)
for text in (SMALL, "ceiling_fraction, group 5 to 12, floats, S >= 8192"):
    check(f"floats beside codes, {text}", spoilt[text], "met")
for text in ("share of FMA peak, group >= 16, and any hot", "paged16 time over contiguous"):
    check(f"codes alone, {text}", spoilt[text], "no rows")

PEER = "peer_ik time over ours, odd groups"
for peer, verdict in ((151, "met"), (149, "NOT MET")):
    check(f"a peer that takes {peer}", verdicts(
        rows(shape(4, heads=28), [100]) + rows(shape(4, heads=28), [120], kernel="split.avx512") +
        rows(shape(4, heads=28), [peer], kernel="peer_ik"))[PEER], verdict)

# Each kind of sharing is a target of its own, and no case may be slower.
for kv_heads, slow, text in ((1, 129, "MQA"), (32, 129, "MHA"), (8, 219, "32 heads, 8 KV heads"),
                             (2, 99, "every case")):
    for peer, verdict in ((slow, "NOT MET"), (slow + 2, "met")):
        check(f"a peer at {text} that takes {peer}", verdicts(
            rows(shape(kv_heads), [100]) + rows(shape(kv_heads), [peer], kernel="peer_ik"))[
                f"peer_ik time over ours, {text}"], verdict)
sweep = (SCRIPT.parent / "peers" / "targets.sweep").read_text(encoding="utf-8")
section = sweep.split("[sharing]")[1].split("[")[0]
check("all of the sharing is asked of peers", "\nheads = 32\nkv_heads = 32,16,8,4,2,1\n" in section,
      True)

PRODUCTS = "products, of reading, weights > 8 caches"
STEP = "a layer's step over the sum of its parts"
layer = [{**row, "weight_bytes": 900, "projection_ceiling_fraction": 0.91, "parts_ns": 100}
         for row in rows(shape(8), [104, 104, 107], phase="layer")]
check("a layer", [verdicts(layer, 100)[t] for t in (PRODUCTS, STEP)], ["met", "met"])
check("weights that fit", verdicts(layer, 200)[PRODUCTS], "no rows")
check("caches unknown", verdicts(layer)[PRODUCTS], "no rows")
check("a step longer than its parts", verdicts([{**r, "parts_ns": 90} for r in layer])[STEP],
      "NOT MET")

# Cases of several files are judged together, ratios only within each.
apart = [[targets_files.Case(r["name"], [r])] for r in mha + rows(shape(8), [90], read=25)]
sharing = next(t for t in targets.TARGETS if t.text == SHARE)
check("two files", targets.judge(apart, sharing).word, "no rows")
check("one file", targets.judge([sum(apart, [])], sharing).word, "NOT MET")

# The fastest call is told beside the verdict, which stays that of the median.
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "r.json"
    disturbed = [{**row, "min_ns": 110} for row in rows(shape(32), [300, 310])]
    path.write_text(json.dumps({"benchmarks": disturbed}), encoding="utf-8")
    ran = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True,
                         check=False)
    line = next(l for l in ran.stdout.splitlines() if SMALL in l)
    check("the fastest call", ("NOT MET" in line, "worst 0.33, 0 of 1" in line,
                               "(fastest calls 0.91, 1 of 1)" in line), (True, True, True))

with tempfile.TemporaryDirectory() as folder:
    packed, cut = pathlib.Path(folder) / "r.json.gz", pathlib.Path(folder) / "cut.json.gz"
    packed.write_bytes(gzip.compress(json.dumps({"benchmarks": mha}).encode()))
    cut.write_bytes(packed.read_bytes()[:-20])
    check("a packed file", len(targets_files.load(packed).cases), 1)
    for arguments, code in (([], 2), (["--wrong"], 2), ([str(SCRIPT)], 2), ([str(cut)], 2)):
        ran = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, check=False)
        check(f"exit of {arguments}", (ran.returncode, ran.stdout), (code, b""))

# What cannot be judged is told in one line.
def told(result):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "r.json"
        path.write_text(json.dumps(result), encoding="utf-8")
        ran = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True,
                             check=False)
        return ran.returncode, ran.stderr.count("\n"), ran.stderr


short, none = {**mha[0], "run_name": "decode/ref"}, rows(shape(0), [100])[0]
for made, words in (([short], "'decode/ref' is no name"), ([none], "has kv_heads:0"),
                    ([{**mha[0], "real_time": 0}], "a real_time of 0"),
                    ([{**mha[0], "real_time": "1"}], "a real_time of '1'"),
                    ([{"run_type": "iteration"}], "lacks 'run_name'"), ([1], "not a result file")):
    code, lines, text = told({"benchmarks": made})
    check(words, (code, lines, words in text), (2, 1, True))
for result in ([], {}, {"context": None, "benchmarks": []}, {"benchmarks": {}},
               {"context": {"caches": [{"size": "1"}]}, "benchmarks": mha},
               {"context": {"caches": [1]}, "benchmarks": mha},
               {"context": {"caches": {}}, "benchmarks": mha},
               {"context": {"git_commit": 1}, "benchmarks": mha},
               {"context": {"date": ["2026-11-30"]}, "benchmarks": mha}):
    check(f"result {result}", told(result)[:2], (2, 1))
for key in ("env.cpu_model", "env.cpu_features"):
    for value in (["Zen"], "Zen\nmore", "\ud800"):
        code, lines, text = told({"context": {key: value}, "benchmarks": mha})
        check(f"{key} {value!r}", (code, lines, f"a {key} of {value!r}" in text), (2, 1, True))

# Columns are numbers, and more than 0 where something is divided by them.
layer_row = {**layer[0], "run_type": "iteration"}
for column in targets_files.DIVIDES + targets_files.NUMBERS:
    values = ["1", None, [1], {}, True, float("nan"), float("inf"), 1e300]
    for value in values + [0, -1, 1e-300] * (column in targets_files.DIVIDES):
        try:
            told_of = targets_files.File("r.json", {"benchmarks": mha + [{**layer_row,
                                                                          column: value}]})
        except ValueError as why:
            told_of = str(why)
        check(f"{column} {value!r}", told_of,
              f"row 1, '{layer_row['run_name']}', has a {column} of {value!r}")
    code, lines, text = told({"benchmarks": mha + [{**layer_row, column: "1"}]})
    check(f"{column} of text", (code, lines, f"has a {column} of '1'" in text), (2, 1, True))
for column in targets_files.NUMBERS:
    check(f"{column} 0", told({"benchmarks": [{**layer_row, column: 0}]})[0], 0)
check("columns of an error row",
      told({"benchmarks": [{**mha[0], "error_occurred": True, "real_time": None}]})[0], 0)
check("a layer without its parts", verdicts(rows(shape(8), [1], phase="layer"))[STEP], "no rows")
with tempfile.TemporaryDirectory() as folder:
    deep = pathlib.Path(folder) / "r.json"
    deep.write_text("[" * 200000, encoding="utf-8")
    ran = subprocess.run([sys.executable, SCRIPT, deep], capture_output=True, text=True,
                         check=False)
    check("nested deeply", (ran.returncode, ran.stderr.count("\n")), (2, 1))

# Of which machine and build a file is stands above the verdicts, and beside those it taints.
ZEN = {"env.cpu_model": "Zen", "env.cpu_features": "avx2", "git_commit": "a" * 40,
       "date": "2026-11-30T05:06:17+00:00"}


def output(*results):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{i}.json" for i in range(len(results))]
        for path, (context, made) in zip(paths, results):
            path.write_text(json.dumps({"context": context, "benchmarks": made}), encoding="utf-8")
        ran = subprocess.run([sys.executable, SCRIPT, *paths], capture_output=True, text=True,
                             check=False)
        check("it was read", ran.stderr, "")
        return ran.stdout


def marked(*results):
    line = next(l for l in output(*results).splitlines() if SMALL in l)
    return line[line.find("["):line.find("]") + 1]


kept = rows(shape(32), [110])
check("one machine", marked((ZEN, kept)), "")
check("the heading", "\n  Zen, avx2, aaaaaaaaaaaa, 2026-11-30\n" in output((ZEN, kept)), True)
check("nothing to say of one clean build", "Not of one" in output((ZEN, kept), (ZEN, kept)), False)
check("no context", marked(({}, kept)), "[no context]")
check("no context is said", "no context: nothing says" in output(({}, kept)), True)
large = {**ZEN, "caches": [{"size": 100}]}, sized(rows(shape(8, more=HOT), [20]), 101.0)
check("what is left out is said",
      " (left out: 1 hot cases larger than the last-level cache)" in output(large), True)
dirty = {**ZEN, "git_commit": "a" * 40 + "-dirty"}
check("dirty", marked((dirty, kept)), "[dirty]")
check("dirty is said", "aaaaaaaaaaaa dirty, 2026" in output((dirty, kept)), True)
other = {**ZEN, "env.cpu_features": "avx2 avx512", "git_commit": "b" * 40}
more = rows(shape(2), [900]) + rows(shape(4), [900])
check("another machine", marked((ZEN, more), (other, kept)), "[other CPU, other commit]")
check("two machines", marked((ZEN, more + kept), (other, kept)),
      "[partly other CPU, other commit]")
check("two machines are said", "2 CPUs, 2 commits." in output((ZEN, more), (other, kept)), True)
check("launches of two builds", marked(({**ZEN, "turns.other.git_commit": "c"}, kept)),
      "[launches of several]")
there = output((ZEN, kept + bad))
check("error rows are counted", (": 2 cases, 1 ERROR ROWS\n" in there,
                                 "1 error rows, worst 0.91, 1 of 1" in there), (True, True))


def strict(made):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "r.json"
        path.write_text(json.dumps({"benchmarks": made}), encoding="utf-8")
        whole, arguments = targets.TARGETS, sys.argv
        targets.TARGETS = [t for t in whole if t.text == SMALL]
        sys.argv = ["targets.py", "--strict", str(path)]
        with contextlib.redirect_stdout(io.StringIO()):
            code = targets.main()
        targets.TARGETS, sys.argv = whole, arguments
    return code


check("strict", [strict(made) for made in (kept, rows(shape(32), [900]), kept + bad,
                                           kept + wrong(rows(shape(32, 512), [1])))], [0, 1, 1, 1])
skip = {**kept[0], "skipped": True, "skip_message": "no", "real_time": 0.0}
check("a skipped row", ": 1 cases, 1 rows skipped\n" in output(
    (ZEN, kept + [{**skip, "run_name": skip["name"] + "x"}])), True)
sys.exit(1 if failures else 0)
