#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernels are held to, each target met or not met by the rows of result files.

usage: scripts/targets.py [--strict] RESULT.json[.gz]...

Reads results of the suites `targets`, `splits`, `quant` and `targets_step`, and of
scripts/peers/targets.sweep (or of any rows with such names), as they are or packed by gzip: the
median over the repetitions of a case counts, and ratios are taken only between rows of one file.
Files say of which CPU, build and day they are; a verdict from a file of another CPU or commit than
most cases, of a dirty build or without a context is marked so.
Where rows say what a call reached of the ceilings beside it (turn_read_fraction,
turn_fma_fraction), times are taken in units of those ceilings: what another hour did to all of them
then cancels. Rows of scripts/turns.py are compared turn by turn and launch by launch. A target
without rows says so, and one that asks for a case with error rows is not met or, where all others
keep the bound, unjudged. Behind a verdict, in brackets, stands what the fastest call of each case
says, against the fastest reading of its ceilings: that is the kernel where nobody disturbs it, and
a neighbour on the core takes the rest. It changes no verdict.

Exit 0, with --strict 1 unless every target is met and no row is an error, 2 for a file that cannot
be read.
"""
import math
import statistics
import sys
from collections import defaultdict
from typing import NamedTuple

from targets_files import Unreadable, Wrong, load, summary, usual

FLOATS = ("f32", "f16", "bf16")


def decode(cases, **want):
    """Decode rows of the AVX2 `split` over floats, plain but for what is asked for."""
    plain = {"kernel": "split.avx2", "batch": 1, "q_len": 1, "layout": "contiguous", "hot": False,
             "splits": None, "phase": "decode"}
    plain.update(want)
    return [c for c in cases if c.type in FLOATS and
            all(v is any or getattr(c, k) == v for k, v in plain.items())]


def most_threads(cases):
    """A thread-scaling series compares among itself; elsewhere the full team counts."""
    most = max((c.threads for c in cases), default=1)
    return [c for c in cases if c.threads == most]


# Each target yields (figure, name) pairs; all of them must keep the bound.
def fraction_of(test):
    return lambda cases: [(c.fraction, c.name) for c in most_threads(decode(cases)) if test(c)]


def overlap(cases):
    hot = {c.key("cache"): c for c in decode(cases, hot=True)}
    for c in decode(cases):
        twin = hot.get(c.key("cache"))
        if twin:
            hot_time = c.steady("fma") / twin.steady("fma")
            yield min(1 / c.share("read"), hot_time), c.name


def beyond_cache(case):
    """Hot in name alone: a call reads more than the last-level cache (if known) holds."""
    return case.median("bytes") > case.last_cache > 0


def computing(cases):
    """Of every batch, layout and number of queries and threads."""
    every = decode(cases, hot=any, batch=any, q_len=any, layout=any)
    return [c for c in every if c.hot or c.group >= 16]


def arithmetic(cases):
    for c in computing(cases):
        if c.group >= 16 or not beyond_cache(c):
            yield c.share("fma"), c.name


def too_large(cases):
    left = [c for c in computing(cases) if not c.errors and c.group < 16 and beyond_cache(c)]
    return f"{len(left)} hot cases larger than the last-level cache" if left else ""


def sharing(cases):
    rows = {(c.context, c.kv_heads): c for c in most_threads(decode(cases, heads=32, type="f16"))
            if c.context >= 8192}
    for (context, kv_heads), c in rows.items():
        full = rows.get((context, 32))
        if full and kv_heads < 32:
            yield c.fraction / full.fraction, c.name


def between_neighbours(cases):
    rows = {(c.kv_heads, c.context, c.group): c
            for c in most_threads(decode(cases, type="f16")) if c.context == 8192}
    for (kv_heads, context, group), c in rows.items():
        below, above = (rows.get((kv_heads, context, group + step)) for step in (-1, 1))
        if below and above and group & (group - 1):
            per_head = [x.steady("fma") / x.heads for x in (below, c, above)]
            yield per_head[1] / statistics.mean(per_head[::2]), c.name


def over(kernel, test=lambda c: True, **want):
    def pairs(cases):
        others = {c.key("kernel"): c for c in cases if c.kernel == kernel}
        for c in decode(cases, **want):
            other = others.get(c.key("kernel"))
            if other and test(c):
                yield other.time / c.time, c.name
    return pairs


def batches(cases):
    single = {c.key("batch"): c for c in most_threads(decode(cases))}
    for c in most_threads(decode(cases, batch=any)):
        one = single.get(c.key("batch"))
        if c.batch > 1 and one:
            per_byte = [x.steady("read") / x.median("kv_bytes") for x in (c, one)]
            yield per_byte[0] / per_byte[1], c.name


def queries(cases):
    single = {(c.kv_heads, c.context, c.group): c for c in most_threads(decode(cases, type="f16"))}
    for c in most_threads(decode(cases, type="f16", q_len=any)):
        one = single.get((c.kv_heads, c.context, c.group * c.q_len))
        if c.q_len > 1 and one:
            yield c.fraction / one.fraction, c.name


def threads(cases):
    rows = decode(cases, hot=True, group=32)
    single = {c.key("threads"): c for c in rows if c.threads == 1}
    for c in rows:
        one = single.get(c.key("threads"))
        if c.threads == 2 and one:
            yield one.time / c.time, c.name


def affine(cases):
    series = defaultdict(list)
    for c in most_threads(decode(cases, type="f16", heads=32)):
        if c.context >= 8192:
            series[c.key("context")].append(c)
    for rows in series.values():
        if len({c.context for c in rows}) < 4:
            continue
        # Least squares of log residuals would need a search; weights 1/t^2 come to the same.
        kind = "fma" if rows[0].group >= 16 else "read"
        s, t = [c.context for c in rows], [c.steady(kind) for c in rows]
        w = [1 / x**2 for x in t]
        # About the means: sums of squares less the square of a sum can cancel to nothing.
        mean_s, mean_t = (sum(a * b for a, b in zip(w, x)) / sum(w) for x in (s, t))
        slope = (sum(a * (b - mean_s) * (c - mean_t) for a, b, c in zip(w, s, t)) /
                 sum(a * (b - mean_s)**2 for a, b in zip(w, s)))
        for c, x in zip(rows, t):
            law = mean_t + slope * (c.context - mean_s)
            yield abs(math.log(x / law)) if law > 0 else math.inf, c.name


def paged(cases):
    plain = {c.key("layout"): c for c in most_threads(decode(cases))}
    for c in most_threads(decode(cases, layout="paged16")):
        one = plain.get(c.key("layout"))
        if one:
            yield c.steady("read") / one.steady("read"), c.name


def prefill(cases):
    for c in cases:
        if (c.phase == "prefill" and c.kernel == "tiled.avx2" and c.group == 4 and
                c.type in FLOATS):
            yield c.share("fma"), c.name


def upper_bound(values):
    """Of their median, kept in 97.5 of 100: the order statistic of the sign test; inf if they are
    too few for that."""
    n, tail, k = len(values), 0.0, 0
    while k < n and tail + math.comb(n, k) / 2**n <= 0.025:
        tail += math.comb(n, k) / 2**n
        k += 1
    return sorted(values)[n - k] if k else math.inf


def pairs_of(a, b):
    """Ratios turn by turn; of several launches their medians, which are what is replicated."""
    ratios = [x / y for x, y in zip(a.times, b.times)]
    launches = defaultdict(list)
    for launch, ratio in zip(a.launches, ratios):
        launches[launch].append(ratio)
    if len(launches) == 1:
        return ratios
    return [statistics.median(launches[launch]) for launch in sorted(launches)]


def policy(cases):
    """Upper bound of time(policy) / time(best N). N is chosen by one half of the launches or turns,
    and the other half bounds the ratio."""
    fixed = defaultdict(list)
    for c in cases:
        if c.splits:
            fixed[c.key("splits")].append(c)
    bounds = []
    for c in cases:
        if c.splits or c.key("splits") not in fixed:
            continue
        pairs = max((pairs_of(c, x) for x in fixed[c.key("splits")]),
                    key=lambda pairs: statistics.median(pairs[::2]))
        bounds.append((upper_bound(pairs[1::2]), c.name))
    bounds.sort(key=lambda b: b[0])
    return bounds[:math.ceil(len(bounds) * 0.95)]


# Caches of codes: `split` widens them, `split_idot` multiplies them; both for the CPU at hand.
def coded(cases, code, rung):
    return [c for c in most_threads(cases) if c.phase == "decode" and c.type == code and
            c.kernel.split(".")[0] == rung and c.layout == "contiguous" and not c.hot and
            c.context >= 8192]


def widened(code, group):
    return lambda cases: [(c.fraction, c.name) for c in coded(cases, code, "split")
                          if c.group == group]


def better_route(code, test):
    """What the faster of both routes reaches of the reading ceiling or of the faster arithmetic."""
    def pairs(cases):
        routes = defaultdict(list)
        for rung in ("split", "split_idot"):
            for c in coded(cases, code, rung):
                if test(c):
                    routes[c.key("kernel")].append(c)
        for both in routes.values():
            fma = min(c.fma for c in both)
            yield max((max(c.share("read"), c.share("fma") * fma / c.fma), c.name) for c in both)
    return pairs


def less_than_f16(cases):
    wide = {c.key("kv", "kernel"): c for c in coded(cases, "f16", "split")}
    for c in coded(cases, "i8", "split"):
        other = wide.get(c.key("kv", "kernel"))
        if other and c.group <= 2:
            yield other.time / c.time, c.name


def beside(peer, rungs, types, test=lambda c: True):
    """Time of a peer over that of the fastest of our rungs, with caches of these types."""
    def pairs(cases):
        others = {c.key("kernel"): c for c in cases if c.kernel == peer}
        ours = {}
        for c in cases:
            key = c.key("kernel")
            if (c.kernel.split(".")[0] in rungs and c.type in types and key in others and
                    test(c)):
                ours[key] = min(ours.get(key, c), c, key=lambda c: c.time)
        for key, c in ours.items():
            yield others[key].time / c.time, c.name
    return pairs


def products(cases):
    for c in cases:
        if c.phase == "layer" and c.median("weight_bytes") > 8 * c.last_cache > 0:
            yield c.median("projection_ceiling_fraction"), c.name


def steps(cases):
    for c in cases:
        if c.phase == "layer":
            ratios = [r["real_time"] / r["parts_ns"] for r in c.rows if "parts_ns" in r]
            yield statistics.median(ratios) if ratios else math.nan, c.name


def latents(cases):
    for c in cases:
        if (c.phase == "decode" and c.kernel.startswith("split.") and c.dim == "576+512" and
                c.type in FLOATS):
            yield c.share("fma"), c.name


AT_LEAST, AT_MOST = ">=", "<="


class Target(NamedTuple):
    text: str
    kind: str
    bound: float
    pairs: callable  # of cases; (figure, name) pairs
    left_out: callable = None  # of cases; what is not asked for, and why


TARGETS = [Target(*t) for t in (
    ("ceiling_fraction, group 1 and 2, floats, S >= 8192", AT_LEAST, 0.85,
     fraction_of(lambda c: c.group <= 2 and c.context >= 8192)),
    ("ceiling_fraction, group 4, f32 and bf16", AT_LEAST, 0.78,
     fraction_of(lambda c: c.group == 4 and c.context >= 8192 and c.type in ("f32", "bf16"))),
    ("ceiling_fraction, group 4, f16", AT_LEAST, 0.70,
     fraction_of(lambda c: c.group == 4 and c.context >= 8192 and c.type == "f16")),
    ("ceiling_fraction, group 5 to 12, floats, S >= 8192", AT_LEAST, 0.65,
     fraction_of(lambda c: 5 <= c.group <= 12 and c.context >= 8192)),
    ("cold time over max(reading ceiling, hot time)", AT_MOST, 1.15, overlap),
    ("share of FMA peak, group >= 16, and any hot", AT_LEAST, 0.70, arithmetic, too_large),
    ("speed-up over MHA over the floor's speed-up", AT_LEAST, 0.80, sharing),
    ("time per head over that of the neighbours", AT_MOST, 1.15, between_neighbours),
    ("f32: blas_gemm time over split time, every case", AT_LEAST, 1.0,
     over("blas_gemm", type="f32")),
    ("batch 4 and 8: time per KV byte over batch 1", AT_MOST, 1.0, batches),
    ("ceiling_fraction of queries over that of heads", AT_LEAST, 1.0, queries),
    ("2 threads over 1, group 32, hot", AT_LEAST, 1.8, threads),
    ("residual of the affine law, context >= 8192", AT_MOST, 0.10, affine),
    ("paged16 time over contiguous", AT_MOST, 1.10, paged),
    ("share of FMA peak, causal prefill, group 4", AT_LEAST, 0.70, prefill),
    ("policy over best fixed split, 95 % of points", AT_MOST, 1.05, policy),
    ("i8 widened, ceiling_fraction, group 1", AT_LEAST, 0.80, widened("i8", 1)),
    ("i8 widened, ceiling_fraction, group 2", AT_LEAST, 0.75, widened("i8", 2)),
    ("i8, better route, of the ceilings, group >= 4", AT_LEAST, 0.60,
     better_route("i8", lambda c: c.group >= 4)),
    ("i4, better route, of the ceilings", AT_LEAST, 0.45, better_route("i4", lambda c: True)),
    ("f16 time over i8 time, group 1 and 2", AT_LEAST, 1.6, less_than_f16),
    ("peer_ik time over ours, every case", AT_LEAST, 1.0, beside("peer_ik", ("split",), FLOATS)),
    ("peer_ik time over ours, 32 heads, 8 KV heads", AT_LEAST, 2.2,
     beside("peer_ik", ("split",), FLOATS, lambda c: c.kv_heads == 8 and c.heads == 32)),
    ("peer_ik time over ours, MQA", AT_LEAST, 1.3,
     beside("peer_ik", ("split",), FLOATS, lambda c: c.heads > c.kv_heads == 1)),
    ("peer_ik time over ours, MHA", AT_LEAST, 1.3,
     beside("peer_ik", ("split",), FLOATS, lambda c: c.heads == c.kv_heads > 1)),
    ("peer_ik time over ours, odd groups", AT_LEAST, 1.5,
     beside("peer_ik", ("split",), FLOATS, lambda c: c.group > 1 and c.group % 2)),
    ("peer_ik_q time over ours, i8", AT_LEAST, 1.0,
     beside("peer_ik_q", ("split", "split_idot"), ("i8",))),
    ("peer_ggml time over perhead", AT_LEAST, 1 / 1.1,
     beside("peer_ggml", ("perhead", "perhead_l2"), FLOATS)),
    ("products, of reading, weights > 8 caches", AT_LEAST, 0.90, products),
    ("a layer's step over the sum of its parts", AT_MOST, 1.05, steps),
    ("generating: time outside kernels", AT_MOST, 0.02,
     lambda cases: [(c.median("overhead_fraction"), c.name) for c in cases
                    if c.phase == "generate"]),
    ("share of FMA peak, absorbed latent", AT_LEAST, 0.70, latents),
)]


class Verdict(NamedTuple):
    word: str
    kept: int = 0
    count: int = 0
    worst: tuple = None  # (figure, name)
    places: tuple = ()  # in the list of files, of those with rows
    wrong: tuple = ()  # cases with error rows among those the target is about


def figures(cases, pairs):
    """What a target yields of cases whose results were right, and those it asked for in vain."""
    wrong = []
    while True:
        try:
            return [p for p in pairs(cases) if not math.isnan(p[0])], wrong
        except Wrong as error:
            wrong.append(error.case)
            cases = [c for c in cases if c is not error.case]


def judge(files, target):
    """Of the cases of each file. A wrong result leaves a target at best without a verdict."""
    found, wrong, places = [], [], []
    for place, cases in enumerate(files):
        own, bad = figures(cases, target.pairs)
        found += own
        wrong += bad
        places += [place] * bool(own or bad)
    up = target.kind == AT_LEAST
    kept = sum(v >= target.bound if up else v <= target.bound for v, _ in found)
    worst = (min if up else max)(found, key=lambda p: p[0], default=None)
    right = "met" if found else "no rows"
    word = "NOT MET" if kept < len(found) else "UNJUDGED" if wrong else right
    return Verdict(word, kept, len(found), worst, tuple(places), tuple(wrong))


def marks_of(files, places, most):
    """Of the files a verdict is from, what is not of the usual machine and a clean build."""
    each = [files[place].marks(most) for place in places]
    marks = list(dict.fromkeys(mark for marks in each for mark in marks))
    return f" [{'partly ' * (not all(each))}{', '.join(marks)}]" if marks else ""


def line_of(target, files, most):
    verdict = judge([f.cases for f in files], target)
    line = f"  {verdict.word:8} {target.text:50} {target.kind} {target.bound:<5.3g}"
    if verdict.wrong:
        line += f" {sum(c.errors for c in verdict.wrong)} error rows,"
    if verdict.worst:
        line += f" worst {verdict.worst[0]:.2f}, {verdict.kept} of {verdict.count}"
    calm = judge([f.calm for f in files], target)
    if calm.worst and calm.worst != verdict.worst:
        line += f" (fastest calls {calm.worst[0]:.2f}, {calm.kept} of {calm.count})"
    name = verdict.wrong[0].name if verdict.wrong else verdict.worst[1] if verdict.worst else ""
    left = [target.left_out(f.cases) for f in files] if target.left_out else []
    line += "".join(f" (left out: {what})" for what in left if what)
    return verdict, line + marks_of(files, verdict.places, most) + (f"  {name}" if name else "")


def main():
    strict = "--strict" in sys.argv[1:]
    paths = [a for a in sys.argv[1:] if a != "--strict"]
    if not paths or any(p.startswith("-") for p in paths):
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    files, all_met = [], True
    for path in paths:
        try:
            files.append(load(path))
        except Unreadable as why:
            print(f"{path}: {why}", file=sys.stderr)
            return 2
    for file in files:
        print(file.heading())
    if note := summary(files):
        print(note)
    most = usual(files)
    for target in TARGETS:
        verdict, line = line_of(target, files, most)
        all_met &= verdict.word == "met"
        print(line)
    errors = any(file.errors for file in files)
    return 1 if strict and (errors or not all_met) else 0


if __name__ == "__main__":
    sys.exit(main())
