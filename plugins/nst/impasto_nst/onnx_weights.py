"""Reads parameters from ONNX files, those in 8 bit turned back into float32. The graphs are not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper


def read_parameters(path: Path) -> dict[str, torch.Tensor]:
    """Every float parameter in the file by its name, and every 8-bit one as (value − zero point) · scale.

    Of a quantised parameter X the name is X too: the graph calls it X_dequant after that step. Raises
    `google.protobuf.message.DecodeError` for a file that is not ONNX.
    """
    graph = onnx.load(path).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    parameters = {name: array for name, array in arrays.items() if array.dtype == np.float32}
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in arrays:
            continue
        values, scale, zero = (arrays[name].astype(np.float32) for name in node.input)
        if scale.ndim and values.ndim:  # one scale for each output channel
            scale, zero = (x.reshape(-1, *[1] * (values.ndim - 1)) for x in (scale, zero))
        parameters[node.output[0].removesuffix("_dequant")] = (values - zero) * scale
    return {name: torch.from_numpy(array.copy()) for name, array in parameters.items()}
