# SPDX-License-Identifier: Apache-2.0
"""Stands in for onnx where scripts/peers/peers.py is tested: models are dictionaries, as JSON."""
import json


class TensorProto:
    FLOAT, INT32, FLOAT16 = 1, 6, 10


class Model(dict):
    def SerializeToString(self):
        return json.dumps(self).encode()


class helper:
    @staticmethod
    def make_tensor_value_info(name, kind, shape):
        return {"name": name, "kind": kind, "shape": shape}

    @staticmethod
    def make_node(op, inputs, outputs, domain="", **attributes):
        return {"op": f"{domain}.{op}", "inputs": inputs, "outputs": outputs,
                "attributes": attributes}

    @staticmethod
    def make_graph(nodes, name, inputs, outputs):
        return {"name": name, "nodes": nodes, "inputs": inputs, "outputs": outputs}

    @staticmethod
    def make_opsetid(domain, version):
        return [domain, version]

    @staticmethod
    def make_model(graph, ir_version, opset_imports):
        return Model(graph=graph, ir_version=ir_version, opsets=opset_imports)
