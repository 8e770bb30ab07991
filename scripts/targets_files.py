# SPDX-License-Identifier: Apache-2.0
"""Result files as scripts/targets.py judges them: cases, what their names say, and their figures."""
import gzip
import json
import math
import statistics
import zlib
from collections import defaultdict


def positive(row, column):
    value = row[column]
    if not (isinstance(value, (int, float)) and 0 < value < math.inf):
        raise ValueError(f"'{row['run_name']}' has a {column} of {value!r}")
    return value


class Case:
    """The repetitions of one name, and what the name says."""

    def __init__(self, name, rows, last_cache=0):
        self.name = name
        self.last_cache = last_cache  # bytes
        parts = name.split("/")
        if len(parts) < 3:
            raise ValueError(f"'{name}' is no name of attn-bench: PHASE/KERNEL/KEY:VALUE...")
        self.phase, self.kernel = parts[0], parts[1]
        keys = dict(p.split(":", 1) for p in parts[2:] if ":" in p)
        number = {k: int(v) for k, v in keys.items() if v.isdecimal()}
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
        self.times = [positive(row, "real_time") for row in rows]
        self.launches = [row.get("launch") for row in rows]
        self.time = statistics.median(self.times)
        self.rows = rows

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

    def __init__(self, name, rows, last_cache=0):
        super().__init__(name, rows, last_cache)
        self.time = min(row.get("min_ns", math.nan) for row in rows)

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
    except (OSError, EOFError, ValueError, zlib.error) as why:
        raise Unreadable(f"not a result file: {why}") from why


def cases_of(result, kind):
    rows = result["benchmarks"]
    last_cache = max((c["size"] for c in result.get("context", {}).get("caches", [])), default=0)
    runs = defaultdict(list)
    for row in rows:
        if row.get("run_type") == "iteration" and not row.get("error_occurred"):
            runs[row["run_name"]].append(row)
    return [kind(name, rows, last_cache) for name, rows in runs.items()]


def load(path, kind=Case):
    result = read(path)
    try:
        return cases_of(result, kind)
    except KeyError as why:
        raise Unreadable(f"not a result file: it lacks {why}") from why
    except (ValueError, TypeError, AttributeError) as why:
        raise Unreadable(f"not a result file: {why}") from why
