# SPDX-License-Identifier: Apache-2.0
"""Result files as scripts/targets.py judges them: of which machine and build, and their cases."""
import gzip
import json
import math
import statistics
import zlib
from collections import defaultdict
from functools import cached_property

# What is read of rows: by some of it figures divide, and the rest may be 0.
DIVIDES = ("real_time", "min_ns", "ceiling_read_ns", "ceiling_fma_ns", "ceiling_fraction",
           "turn_read_fraction", "turn_fma_fraction", "bytes", "flops", "kv_bytes", "parts_ns")
NUMBERS = ("launch", "weight_bytes", "projection_ceiling_fraction", "overhead_fraction")
LARGEST = 1e30  # whose powers and quotients are numbers still


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and \
        -LARGEST < value < LARGEST


def check_row(row, place):
    """Of a row that is not skipped: it has a name and, where it has columns, numbers in them."""
    if "run_name" not in row:
        raise ValueError(f"row {place} lacks 'run_name'")
    name = text_of(row, "run_name", f"row {place}")
    if row.get("error_occurred"):
        return  # its numbers are those of no result, and nobody reads them
    if "real_time" not in row:
        raise ValueError(f"row {place}, '{name}', lacks 'real_time'")
    for column in DIVIDES + NUMBERS:
        value = row.get(column, 1)
        if not is_number(value) or column in DIVIDES and value < 1 / LARGEST:
            raise ValueError(f"row {place}, '{name}', has a {column} of {shown(value)}")


def shown(value):
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def text_of(where, key, what, default=None):
    value = where[key] if default is None else where.get(key, default)
    if not (isinstance(value, str) and value.isprintable()):
        raise ValueError(f"{what} has a {key} of {shown(value)}")
    return value


def is_of(kind, value, what):
    if not isinstance(value, kind):
        raise ValueError(f"{what} is no {'list' if kind is list else 'object'}")
    return value


def last_cache_of(context):
    caches = is_of(list, context.get("caches", []), "'caches'")
    sizes = [is_of(dict, c, "a cache")["size"] for c in caches]
    for size in sizes:
        if not is_number(size):
            raise ValueError(f"a cache has a size of {shown(size)}")
    return max(sizes, default=0)


class Wrong(Exception):
    """Somebody asked for a figure of a case that has error rows, and thus none."""

    def __init__(self, case):
        super().__init__(case.name)
        self.case = case


class Case:
    """The repetitions of one name, and what the name says."""

    def __init__(self, name, rows, last_cache=0):
        self.name, self.measured = name, rows
        self.errors = sum(bool(row.get("error_occurred")) for row in rows)
        self.last_cache = last_cache  # bytes
        parts = name.split("/")
        if len(parts) < 3:
            raise ValueError(f"'{name}' is no name of attn-bench: PHASE/KERNEL/KEY:VALUE...")
        self.phase, self.kernel = parts[0], parts[1]
        keys = dict(p.split(":", 1) for p in parts[2:] if ":" in p)
        number = {k: int(v) for k, v in keys.items() if v.isdecimal()}
        if large := next((k for k, v in number.items() if v >= LARGEST), None):
            raise ValueError(f"'{name}' has {large}:{keys[large]}")
        for key in ("heads", "kv_heads", "batch", "threads", "q_len"):
            if not number.get(key, 1):
                raise ValueError(f"'{name}' has {key}:0")
        self.type, self.dim = keys.get("kv", ""), keys.get("dim", "")
        self.heads, self.kv_heads = number.get("heads", 1), number.get("kv_heads", 1)
        self.group = self.heads // self.kv_heads
        self.context, self.q_len = number.get("context", 0), number.get("q_len", 1)
        self.batch, self.threads = number.get("batch", 1), number.get("threads", 1)
        self.splits = number.get("splits")
        self.layout = keys.get("layout", "contiguous")
        self.hot = keys.get("cache") == "hot"

    @property
    def rows(self):
        if self.errors:
            raise Wrong(self)
        return self.measured

    @cached_property
    def times(self):
        return [row["real_time"] for row in self.rows]

    @cached_property
    def launches(self):
        return [row.get("launch", -1) for row in self.rows]

    @cached_property
    def time(self):
        return statistics.median(self.times)

    def median(self, column):
        values = [row[column] for row in self.rows if column in row]
        return statistics.median(values) if values else math.nan

    @property
    def read(self):
        return min(row.get("ceiling_read_ns", math.nan) for row in self.rows)

    @property
    def fma(self):
        return min(row.get("ceiling_fma_ns", math.nan) for row in self.rows)

    def share(self, kind):
        """Of the ceiling `kind`, read or fma: by the calls beside ours, or else by the best."""
        turns = self.median(f"turn_{kind}_fraction")
        return getattr(self, kind) / self.time if math.isnan(turns) else turns

    def steady(self, kind):
        """The time in units of a ceiling of the same moment, which is as long as what it reads or
        computes; in ns where there is none."""
        turns = self.median(f"turn_{kind}_fraction")
        work = self.median({"read": "bytes", "fma": "flops"}[kind])
        return self.time if math.isnan(turns) else work / turns

    @property
    def fraction(self):
        turns = [self.median(f"turn_{kind}_fraction") for kind in ("read", "fma")]
        turns = [t for t in turns if not math.isnan(t)]
        return max(turns) if turns else self.median("ceiling_fraction")

    def key(self, *without):
        """What the case is, but for some of it."""
        parts = [p for p in self.name.split("/")[1:] if p.split(":")[0] not in without]
        return tuple(parts[1:] if "kernel" in without else parts)


class Fastest(Case):
    """The same case by its fastest call and the fastest readings of its ceilings."""

    @cached_property
    def time(self):
        return min(row.get("min_ns", math.nan) for row in self.rows)

    def share(self, kind):
        return getattr(self, kind) / self.time

    def steady(self, kind):
        return self.time

    @property
    def fraction(self):
        return max(self.share("read"), self.share("fma"))


class Unreadable(Exception):
    """A line on why a file cannot be judged."""


def read(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    except RecursionError as why:
        raise Unreadable("not a result file: nested too deeply") from why
    except (OSError, EOFError, ValueError, zlib.error) as why:
        raise Unreadable(f"not a result file: {why}") from why


class File:
    """The cases of a result file, and on what and of which build they were measured."""

    def __init__(self, path, result):
        context = is_of(dict, is_of(dict, result, "it").get("context", {}), "'context'")
        rows = []
        for place, row in enumerate(is_of(list, result["benchmarks"], "'benchmarks'")):
            if is_of(dict, row, f"row {place}").get("run_type") == "iteration":
                rows.append(row)
                if not row.get("skipped"):
                    check_row(row, place)
        self.skipped = sum(bool(r.get("skipped")) for r in rows)
        runs = defaultdict(list)
        for row in rows:
            if not row.get("skipped"):
                runs[row["run_name"]].append(row)
        last_cache = last_cache_of(context)
        self.path = path
        self.cases = [Case(name, rows, last_cache) for name, rows in runs.items()]
        self.calm = [Fastest(name, rows, last_cache) for name, rows in runs.items()]
        self.cpu, self.isa = (text_of(context, f"env.cpu_{what}", "'context'", "")
                              for what in ("model", "features"))
        commit = text_of(context, "git_commit", "'context'", "unknown")
        self.commit = "" if commit.startswith("unknown") else commit.removesuffix("-dirty")[:12]
        self.dirty = commit.endswith("-dirty")
        self.date = text_of(context, "date", "'context'", "")[:10]
        self.mixed = any(key.startswith("turns.other.") for key in context)

    @property
    def errors(self):
        return sum(case.errors for case in self.cases)

    @property
    def machine(self):
        return (self.cpu, self.isa) if self.cpu else None

    def heading(self):
        counts = f"{self.path}: {len(self.cases)} cases"
        counts += f", {self.skipped} rows skipped" if self.skipped else ""
        counts += f", {self.errors} ERROR ROWS" if self.errors else ""
        if not self.machine and not self.commit:
            return counts + "\n  no context: nothing says of which CPU and build it is"
        build = (self.commit or "unknown commit") + (" dirty" if self.dirty else "")
        return counts + "\n  " + ", ".join(
            [self.cpu or "unknown CPU", self.isa or "unknown ISA", build,
             self.date or "unknown date"] + (["launches of several"] if self.mixed else []))

    def marks(self, usual):
        """In what it is other than `usual`, the (machine, commit) of most cases."""
        marks = {"no context": not self.machine and not self.commit,
                 "unknown CPU": bool(self.commit) and not self.machine,
                 "unknown commit": bool(self.machine) and not self.commit,
                 "other CPU": self.machine and self.machine != usual[0],
                 "other commit": self.commit and self.commit != usual[1],
                 "dirty": self.dirty, "launches of several": self.mixed}
        return [mark for mark, holds in marks.items() if holds]


def usual(files):
    """The machine and the commit most cases are of, as far as files say."""
    most = []
    for what in ("machine", "commit"):
        cases = defaultdict(int)
        for file in files:
            if getattr(file, what):
                cases[getattr(file, what)] += len(file.cases)
        most.append(max(cases, key=cases.get, default=None))
    return most


def summary(files):
    """A sentence where files are not of one machine and one clean build; else nothing."""
    cpus, commits = ({getattr(f, what) for f in files if getattr(f, what)}
                     for what in ("machine", "commit"))
    silent = sum(not (f.machine and f.commit) for f in files)
    dirty = sum(f.dirty for f in files)
    parts = [f"{len(cpus)} CPUs"] * (len(cpus) > 1)
    parts += [f"{len(commits)} commits"] * (len(commits) > 1)
    parts += [f"{silent} without CPU or commit"] * (silent > 0)
    parts += [f"{dirty} of a dirty build"] * (dirty > 0)
    if not parts:
        return ""
    machine, commit = usual(files)
    most = f"{machine[0] if machine else 'unknown CPU'} at {commit or 'unknown commit'}"
    return f"Not of one machine and one clean build: {', '.join(parts)}.\n" \
           f"What is not of {most} is marked [in which way]."


def load(path):
    result = read(path)
    try:
        return File(path, result)
    except KeyError as why:
        raise Unreadable(f"not a result file: it lacks {why}") from why
    except ValueError as why:
        raise Unreadable(f"not a result file: {why}") from why
