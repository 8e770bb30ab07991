#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other programs on the cases of a result file of attn-bench.

Reads the decode cases of the file, runs each with PyTorch's scaled_dot_product_attention and with
ONNX Runtime's GroupQueryAttention, and writes rows of the same names with `peer_torch` and
`peer_ort` as their kernel. As there: queries and caches are those of the seed, caches are cold
(copies take turns, eight times the last-level cache together), each output is held against a
double-precision reference before it is timed, a wrong one becomes an error row, and bytes and
operations are those the problem cannot do without.
python.sh brings the packages; without one of them its rows are left out with a sentence.
"""
import argparse
import json
import math
import os
import re
import sys
import tempfile
import time

import numpy as np

REPETITIONS, MIN_SECONDS, ROTATION = 5, 0.05, 8
# ATTN_CHECK_C and ATTN_CHECK_NORM_C of kernels/check.h.
WORST, DEVIATIONS = 32.0, 8.0
ALL_ONES = (1 << 64) - 1
KEYS = {"kv", "batch", "heads", "kv_heads", "dim", "context", "cache", "threads"}
# Unit roundoff of the arithmetic they do on a cache of that type.
EPS = {"f32": 2.0**-24, "f16": 2.0**-11, "bf16": 2.0**-8}
BYTES = {"f32": 4, "f16": 2, "bf16": 2}


class Unsupported(Exception):
    """A sentence on why a peer cannot do a case."""


def problem_of(name):
    """What a row's name says, or None when it is a case no peer is asked to do."""
    parts = name.split("/")
    if parts[0] != "decode" or len(parts) < 3:
        return None
    values = dict(part.split(":", 1) for part in parts[2:] if ":" in part)
    if not set(values) <= KEYS or not {"kv", "batch", "heads", "kv_heads", "dim", "context",
                                       "threads"} <= set(values):
        return None
    if values["kv"] not in EPS or not values["dim"].isdigit():
        return None
    problem = {key: int(values[key]) for key in ("batch", "heads", "kv_heads", "dim", "context",
                                                 "threads")}
    problem.update(kv=values["kv"], hot=values.get("cache") == "hot")
    return problem


def cases_of(result):
    """Distinct (name without its kernel, problem, label), in the order of the file."""
    seen = {}
    skipped = set()
    for row in result["benchmarks"]:
        name = row.get("run_name", "")
        phase, _, rest = name.partition("/")
        kernel, _, rest = rest.partition("/")
        if kernel.startswith("ceil_"):
            continue
        problem = problem_of(name)
        if problem is None:
            skipped.add(rest)
        else:
            seen.setdefault(rest, (problem, row.get("label", "")))
    return [(rest, *what) for rest, what in seen.items()], len(skipped)


def kv_bytes(p):
    return 2 * p["batch"] * p["context"] * p["kv_heads"] * p["dim"] * BYTES[p["kv"]]


def rounded(array, kind):
    """The values a cache of that type holds, as f32."""
    if kind == "f16":
        return array.astype(np.float16).astype(np.float32)
    if kind == "bf16":
        bits = array.view(np.uint32)
        even = bits + 0x7FFF + ((bits >> 16) & 1)
        return (even & np.uint32(0xFFFF0000)).view(np.float32)
    return array


def filled(seed, first, n):
    """Values [first, first + n) of what bench/machine/fill.c makes of a seed: a hash of the lower
    half of their index, with a key made of the upper one."""
    values = np.empty(n, np.float32)
    at = 0
    while at < n:
        upper, lower = divmod(first + at, 1 << 32)
        end = min(n, at + (1 << 32) - lower)
        key = seed * 0x9E3779B97F4A7C15 + upper + 1 & ALL_ONES
        key = (key ^ key >> 32) * 0xD6E8FEB86659FD93 & ALL_ONES
        key = (key ^ key >> 29) * 0x9E3779B97F4A7C15 & ALL_ONES
        key = np.uint32((key ^ key >> 32) & 0xFFFFFFFF)
        bits = np.arange(end - at, dtype=np.uint32) + np.uint32(lower) + key
        bits *= np.uint32(0x9E3779B1)
        bits = (bits ^ (bits >> np.uint32(15)) ^ key) * np.uint32(0x85EBCA77)
        bits ^= bits >> np.uint32(16)
        values[at:end] = bits.view(np.int32) >> np.int32(8)
        at = end
    return values * np.float32(2.0**-23)


def data_of(p, seed):
    """Queries, before they are rounded, and the first copy of K and V as attn-bench has them: V
    lies behind K in one stream, from the next page on and half a page and a line further
    (bench/machine/pool.c)."""
    shape = p["batch"], p["kv_heads"], p["context"], p["dim"]
    n, size = math.prod(shape), BYTES[p["kv"]]
    behind = (math.ceil(n * size / 4096) * 4096 + 2048 + 64) // size
    queries = p["batch"], p["heads"], p["dim"]
    q = filled(seed ^ 0x71756572, 0, math.prod(queries)).reshape(queries)
    return q, *(rounded(filled(seed, at, n), p["kv"]).reshape(shape) for at in (0, behind))


def reference(p, q, k, v):
    """Output and bound of sequence 0, both [heads][dim], in double.

    What f32 may do is the bound of kernels/check.h. Narrower floats, to which a peer may round
    queries and keys once they are scaled, logits, weights and outputs while it adds up in f32, have
    no such worst case that would not excuse anything: each of these roundings knows nothing of the
    others, so they add as their squares do. Relative to its weight a token may be off by

        eps * (1 + |logit| + scale * |(q_d k_d)|)

    and an output by the length of what that makes of its terms, and by its own rounding."""
    group = p["heads"] // p["kv_heads"]
    scale = 1 / math.sqrt(p["dim"])
    out = np.empty((p["heads"], p["dim"]))
    bound = np.empty((p["heads"], p["dim"]))
    eps = EPS[p["kv"]] if p["kv"] != "f32" else 0
    for h in range(p["heads"]):
        g = h // group
        keys, values = k[0, g].astype(np.float64), v[0, g].astype(np.float64)
        query = q[0, h].astype(np.float64)
        logits = keys @ query * scale
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        out[h] = weights @ values
        magnitude = (np.abs(keys) @ np.abs(query)).max() * scale
        bound[h] = WORST * EPS["f32"] * (1 + magnitude) * np.abs(values).max()
        off = weights * (1 + np.abs(logits) + np.sqrt(keys**2 @ query**2) * scale)
        bound[h] += DEVIATIONS * eps * np.sqrt(off**2 @ values**2 + out[h] ** 2)
    return out, bound


class Torch:
    kernel, title = "peer_torch", "PyTorch"

    def __init__(self):
        import torch
        self.torch = torch
        torch.set_grad_enabled(False)
        self.version = torch.__version__
        self.types = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}

    def open(self, p, q, k, v, copies):
        torch = self.torch
        torch.set_num_threads(p["threads"])
        kind = self.types[p["kv"]]
        q = torch.from_numpy(q).to(kind).unsqueeze(2)
        k, v = torch.from_numpy(k).to(kind), torch.from_numpy(v).to(kind)
        caches = [(k, v)] + [(k.clone(), v.clone()) for _ in range(copies - 1)]
        attend = torch.nn.functional.scaled_dot_product_attention
        gqa = p["heads"] != p["kv_heads"]

        def call(i):
            return attend(q, *caches[i % copies], enable_gqa=gqa)
        return call, lambda out: out.float().squeeze(2).numpy()


class Ort:
    kernel, title = "peer_ort", "ONNX Runtime"

    def __init__(self):
        import onnx
        import onnxruntime
        self.onnx, self.ort = onnx, onnxruntime
        self.version = onnxruntime.__version__

    def session(self, p, kind):
        """A graph of one GroupQueryAttention. Its newest token comes as an input, the others lie
        in the past; past and present are one buffer, so nothing is copied."""
        helper = self.onnx.helper
        h, g, d, b = p["heads"], p["kv_heads"], p["dim"], p["batch"]

        def value(name, shape, t=kind):
            return helper.make_tensor_value_info(name, t, shape)
        integer = self.onnx.TensorProto.INT32
        cache = [b, g, p["context"], d]
        node = helper.make_node(
            "GroupQueryAttention",
            ["query", "key", "value", "past_key", "past_value", "seqlens_k", "total"],
            ["output", "present_key", "present_value"], domain="com.microsoft", num_heads=h,
            kv_num_heads=g)
        graph = helper.make_graph(
            [node], "gqa",
            [value("query", [b, 1, h * d]), value("key", [b, 1, g * d]),
             value("value", [b, 1, g * d]), value("past_key", cache), value("past_value", cache),
             value("seqlens_k", [b], integer), value("total", [1], integer)],
            [value("output", [b, 1, h * d]), value("present_key", cache),
             value("present_value", cache)])
        model = helper.make_model(graph, ir_version=9, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
        options = self.ort.SessionOptions()
        options.intra_op_num_threads = p["threads"]
        options.log_severity_level = 3
        return self.ort.InferenceSession(model.SerializeToString(), options,
                                         providers=["CPUExecutionProvider"])

    def open(self, p, q, k, v, copies):
        if p["kv"] == "bf16":
            raise Unsupported("GroupQueryAttention of its CPU provider knows no bf16")
        kind = {"f32": np.float32, "f16": np.float16}[p["kv"]]
        proto = self.onnx.TensorProto
        session = self.session(p, proto.FLOAT if kind == np.float32 else proto.FLOAT16)
        b, s = p["batch"], p["context"]
        value = self.ort.OrtValue.ortvalue_from_numpy

        def row(x):
            return value(np.ascontiguousarray(x.reshape(b, 1, -1).astype(kind)))
        output = value(np.zeros((b, 1, p["heads"] * p["dim"]), kind))
        fixed = {"query": row(q), "key": row(k[:, :, s - 1]), "value": row(v[:, :, s - 1]),
                 "seqlens_k": value(np.full(b, s - 1, np.int32)),
                 "total": value(np.array([s], np.int32))}
        bindings = []
        for _ in range(copies):
            binding = session.io_binding()
            caches = [value(x.astype(kind)) for x in (k, v)]
            for name, what in fixed.items():
                binding.bind_ortvalue_input(name, what)
            for what, cache in zip(("key", "value"), caches):
                binding.bind_ortvalue_input("past_" + what, cache)
                binding.bind_ortvalue_output("present_" + what, cache)
            binding.bind_ortvalue_output("output", output)
            bindings.append((binding, caches, fixed))  # it does not keep them alive by itself

        def call(i):
            session.run_with_iobinding(bindings[i % copies][0])
            return output
        return call, lambda out: out.numpy().astype(np.float32).reshape(b, p["heads"], p["dim"])


def copies_of(p, llc, memory):
    """As many as make the set eight times the last-level cache; it also has to fit."""
    if p["hot"]:
        return 1
    copies = math.ceil(ROTATION * llc / kv_bytes(p))
    if copies * kv_bytes(p) > memory:
        raise Unsupported(f"needs {copies * kv_bytes(p) >> 20} MiB for {copies} copies of the cache")
    return max(copies, 1)


def measure(call, first):
    """Seconds a call and CPU seconds a call, one pair a repetition, and calls of each."""
    begin = time.perf_counter()
    call(first)
    once = max(time.perf_counter() - begin, 1e-7)
    n = max(1, math.ceil(MIN_SECONDS / once))
    i = first + 1
    for _ in range(REPETITIONS):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(n):
            call(i)
            i += 1
        yield (time.perf_counter() - wall) / n, (time.process_time() - cpu) / n, n


def statistics(rows):
    """The aggregates attn-bench writes that the reports read."""
    times = {key: np.array([row[key] for row in rows]) for key in ("real_time", "cpu_time")}
    for name, of in ("mean", np.mean), ("median", np.median), ("stddev", lambda x: np.std(x, ddof=1)):
        row = {key: rows[0][key] for key in rows[0] if key not in ("repetition_index", "iterations")}
        row.update(name=f"{row['run_name']}_{name}", run_type="aggregate", aggregate_name=name,
                   aggregate_unit="time", iterations=len(rows),
                   **{key: float(of(value)) for key, value in times.items()})
        if name != "stddev":
            seconds = row["real_time"] * 1e-9
            row["bytes_per_second"] = row["bytes"] / seconds
            row["flops_per_second"] = row["flops"] / seconds
            row["items_per_second"] = row["items"] / seconds
        else:
            for key in "bytes_per_second", "items_per_second", "flops_per_second":
                row.pop(key, None)
        row.pop("items")
        yield row


def run_case(peer, family, rest, p, label, llc, memory, seed):
    name = f"decode/{peer.kernel}/{rest}"
    row = {"name": name, "family_index": family, "per_family_instance_index": 0, "run_name": name,
           "run_type": "iteration", "repetitions": REPETITIONS, "repetition_index": 0,
           "threads": p["threads"]}
    try:
        copies = copies_of(p, llc, memory)
        q, k, v = data_of(p, seed)
        q = rounded(q, p["kv"])
        call, read = peer.open(p, q, k, v, copies)
        found = read(call(0))[0]
        expected, bound = reference(p, q, k, v)
    except (Unsupported, MemoryError) as why:
        return [{**row, "skipped": True, "skip_message": f"{peer.title}: {why or 'out of memory'}"}]
    except Exception as why:  # of somebody else's program: whatever it is, it is a row
        text = re.sub(r"\s+", " ", str(why))[:300]
        return [{**row, "error_occurred": True, "error_message": f"{peer.title}: {text}"}]
    error = np.abs(found - expected)
    worst = float((error / bound).max())
    if not np.isfinite(found).all() or worst > 1:
        return [{**row, "error_occurred": True, "error_message":
                 f"wrong result before timing: the error is {worst:.3g} times what rounding allows"}]
    outputs = 2 * p["batch"] * p["heads"] * p["dim"] * 4
    constant = {
        "kv_bytes": float(kv_bytes(p)), "bytes": float(kv_bytes(p) + outputs),
        "flops": 4.0 * p["batch"] * p["heads"] * p["dim"] * p["context"],
        "items": float(p["batch"]), "copies": float(copies),
        "max_abs_error": float(error.max()),
        "error_bound": float(bound.flat[int((error / bound).argmax())]),
    }
    rows = []
    for i, (wall, cpu, n) in enumerate(measure(call, 1)):
        rows.append({**row, "repetition_index": i, "iterations": n, "real_time": wall * 1e9,
                     "cpu_time": cpu * 1e9, "time_unit": "ns",
                     "bytes_per_second": constant["bytes"] / wall,
                     "items_per_second": constant["items"] / wall,
                     "flops_per_second": constant["flops"] / wall, **constant})
        if label:
            rows[-1]["label"] = label
    aggregates = list(statistics(rows))
    for r in rows:
        r.pop("items")
    return rows + aggregates


def memory_available():
    with open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 // 2
    return 1 << 32


def write(path, document):
    """Beside the target and renamed over it, so that it is whole at any moment."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".peers")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(document, out, indent=2, allow_nan=False)
        out.write("\n")
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def peers_of(names):
    for name in names.split(","):
        try:
            yield {"torch": Torch, "ort": Ort}[name]()
        except ImportError as why:
            print(f"peers.py: {name} is left out: {why}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="peers.py", description=__doc__.split("\n")[0])
    parser.add_argument("result")
    parser.add_argument("-o", dest="out", default="peers.json")
    parser.add_argument("--peer", default="torch,ort")
    options = parser.parse_args()
    try:
        with open(options.result, encoding="utf-8") as text:
            result = json.load(text)
        context = dict(result["context"])
        cases, skipped = cases_of(result)
        seed = int(context.get("seed", 1))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        print(f"peers.py: {options.result} is no result file of attn-bench: {why}", file=sys.stderr)
        return 2
    if os.path.exists(options.out) and os.path.samefile(options.out, options.result):
        print("peers.py: -o would overwrite the file the cases are from", file=sys.stderr)
        return 2
    if skipped:
        print(f"peers.py: {skipped} shapes are left out: peers run plain decode over f32, f16 and "
              "bf16", file=sys.stderr)
    if not cases:
        print(f"peers.py: {options.result} has no case a peer can run", file=sys.stderr)
        return 2
    llc = int(context.get("env.llc_bytes", 128 << 20))
    peers = list(peers_of(options.peer))
    if not peers:
        print("peers.py: skipped: none of the peers is installed", file=sys.stderr)
        return 77
    document = {"context": {**context, "peers": " ".join(
        f"{peer.kernel} {peer.version}" for peer in peers)}, "benchmarks": []}
    for family, (rest, problem, label) in enumerate(cases):
        for peer in peers:
            document["benchmarks"] += run_case(peer, family, rest, problem, label, llc,
                                               memory_available(), seed)
            write(options.out, document)
    bad = sum("error_occurred" in row for row in document["benchmarks"])
    print(f"{options.out}: {len(cases)} cases of {len(peers)} peers, {bad} errors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
