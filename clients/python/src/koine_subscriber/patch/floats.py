"""Elements of weights as float32: decoding is exact, encoding rounds to nearest, ties to even, as IEEE 754 says."""

from typing import Any

import numpy as np

from koine_subscriber.patch.graph import BFLOAT16, FLOAT, FLOAT16

WIDTHS = {FLOAT: 4, FLOAT16: 2, BFLOAT16: 2}
"""Bytes an element of the types that are merged, by their number in ONNX."""


def decoded(kind: int, data: Any) -> Any:
    """The elements that bytes (uint8) hold, little-endian, as float32."""
    if kind == FLOAT:
        return data.view("<f4").astype(np.float32)
    if kind == FLOAT16:
        return data.view("<f2").astype(np.float32)
    return (data.view("<u2").astype(np.uint32) << 16).view(np.float32)


def encoded(kind: int, values: Any) -> Any:
    """The bytes (uint8) of float32 values that are numbers or infinite."""
    if kind == FLOAT:
        return values.astype("<f4").view(np.uint8)
    if kind == FLOAT16:
        with np.errstate(over="ignore", under="ignore"):
            return values.astype("<f2").view(np.uint8)
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype("<u2").view(np.uint8)
