# SPDX-License-Identifier: Apache-2.0
"""Stands in for onnxruntime where scripts/peers/peers.py is tested: one GroupQueryAttention, as its
operator is described, in double. What it is bound to has to have the names, types and shapes of the
graph; whatever else it is told is an exception, as of the real one. FAKE makes it raise or lie."""
import json
import os

import numpy as np

__version__ = "0"
KINDS = {1: np.float32, 6: np.int32, 10: np.float16}


class SessionOptions:
    intra_op_num_threads, log_severity_level = 0, 2


class OrtValue:
    def __init__(self, array):
        self.array = array.copy()

    @staticmethod
    def ortvalue_from_numpy(array):
        return OrtValue(array)

    def numpy(self):
        return self.array.copy()


class Binding:
    def __init__(self):
        self.inputs, self.outputs = {}, {}

    def bind_ortvalue_input(self, name, value):
        self.inputs[name] = value.array

    def bind_ortvalue_output(self, name, value):
        self.outputs[name] = value.array


def bound(infos, arrays):
    """The arrays by name, when they are those of the graph."""
    assert {info["name"] for info in infos} == set(arrays), f"bound are {sorted(arrays)}"
    for info in infos:
        array = arrays[info["name"]]
        assert list(array.shape) == info["shape"], f"{info['name']} is {array.shape}"
        assert array.dtype == KINDS[info["kind"]], f"{info['name']} is {array.dtype}"
    return arrays


class InferenceSession:
    def __init__(self, model, options, providers):
        model = json.loads(model)
        self.graph = model["graph"]
        self.node, = self.graph["nodes"]
        assert self.node["op"] == "com.microsoft.GroupQueryAttention", self.node["op"]
        assert ["com.microsoft", 1] in model["opsets"] and providers == ["CPUExecutionProvider"]
        wanted = os.environ.get("FAKE_THREADS", options.intra_op_num_threads)
        assert options.intra_op_num_threads == int(wanted), "threads of the session"

    def io_binding(self):
        return Binding()

    def run_with_iobinding(self, binding):
        if os.environ.get("FAKE") == "raises":
            raise RuntimeError("no kernel\n  for this")
        inputs = bound(self.graph["inputs"], binding.inputs)
        outputs = bound(self.graph["outputs"], binding.outputs)
        q, key, value, past_k, past_v, seqlens, total = (inputs[n] for n in self.node["inputs"])
        out, k, v = (outputs[n] for n in self.node["outputs"])
        assert past_k is k and past_v is v, "past and present are one buffer"
        h, g = (self.node["attributes"][n] for n in ("num_heads", "kv_num_heads"))
        d = q.shape[2] // h
        for b, last in enumerate(seqlens):
            assert last + 1 <= total[0] == k.shape[2], "tokens of a sequence"
            k[b, :, last], v[b, :, last] = key[b].reshape(g, d), value[b].reshape(g, d)
            for i in range(h):
                keys, values = (x[b, i // (h // g), :last + 1].astype(np.float64) for x in (k, v))
                logits = keys @ q[b, 0, i * d:(i + 1) * d].astype(np.float64) / np.sqrt(d)
                weights = np.exp(logits - logits.max())
                out[b, 0, i * d:(i + 1) * d] = weights @ values / weights.sum()
        if os.environ.get("FAKE") == "wrong":
            out[0, 0, -d:] += np.float16(0.2)
