"""The weights of a base by the keys that task vectors name them with, and which of them are variances."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.floats import WIDTHS, decoded
from koine_subscriber.patch.graph import Tensor, read_model
from koine_subscriber.patch.layers import Layer, Layers
from koine_subscriber.patch.refusal import UnsupportedError
from koine_subscriber.patch.wiring import Use, Value, Wiring, consumers, grow, is_factor, is_table, plus_constant

_TO_DOMAIN = frozenset(("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Expand"))
_VARIANCE_INPUT = 4


@dataclass(frozen=True)
class Weight:
    """A tensor that is merged: float32, float16 or bfloat16 in a range of bytes of a file of the bundle."""

    key: str
    tensor: Tensor
    is_variance: bool

    @property
    def numel(self) -> int:
        return self.tensor.numel


class Weights:
    """The index of a base; holds no weights."""

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        """Raises RejectedError NOT_ONNX for what is no model, UnsupportedError for what only Java reads, OSError."""
        self.folder = folder
        self._wirings = [Wiring(file, read_model(folder, file)) for file in sorted(files) if file.endswith(".onnx")]
        self._values = {key: value for wiring in self._wirings for key, value in wiring.values.items()}
        self._variances = {_place(value.tensor) for value in self._values.values() if self._is_variance(value)}

    def weight(self, key: str) -> Weight:
        """The weight of a key. Raises RejectedError if there is none, UnsupportedError if it is no range of bytes."""
        value = self._values.get(key)
        if value is None or value.tensor is None or value.tensor.type not in WIDTHS:
            raise RejectedError("TENSOR_MISMATCH", f"A task vector is for a weight {key[:200]!r} that the base does not have.")
        tensor = value.tensor
        if tensor.length < 0:
            raise UnsupportedError(f"the weight {key} is stored number by number")
        if tensor.length != tensor.numel * WIDTHS[tensor.type]:
            raise RejectedError("NOT_ONNX", f"The weight {key} has {tensor.length} bytes, which its shape does not have.")
        is_plain = not is_table(value) and not is_factor(value)
        return Weight(key, tensor, is_plain and _place(tensor) in self._variances)

    def layers(self) -> dict[str, Layer]:
        """The weights that multiply a layer's input, by key. Reads all weights once. Raises UnsupportedError, OSError."""
        return Layers(self.folder, self._wirings).by_key()

    def _is_variance(self, weight: Value) -> bool:
        tensor = weight.tensor
        if tensor is None or tensor.type not in WIDTHS or not weight.uses or is_table(weight) or is_factor(weight):
            return False
        open_, seen = [weight], set[int]()
        for value in grow(open_):
            if id(value) in seen:
                continue
            seen.add(id(value))
            for use in consumers(value, _TO_DOMAIN):
                if self._needs_positive(use):
                    return True
                if (total := plus_constant(use)) is not None:
                    open_.append(total)
        return False

    def _needs_positive(self, use: Use) -> bool:
        node, inputs = use.step.node, use.step.inputs
        if node.is_("BatchNormalization"):
            return use.input == _VARIANCE_INPUT
        if node.is_("Pow"):
            return use.input == 0 and len(inputs) == 2 and self._is_broken(inputs[1])
        return node.is_("Sqrt") or node.is_("Log")

    def _is_broken(self, exponent: Value | None) -> bool:
        tensor = exponent.tensor if exponent is not None else None
        if tensor is None or tensor.numel != 1 or tensor.length <= 0 or WIDTHS.get(tensor.type) != tensor.length:
            return False
        with open(self.folder / tensor.file, "rb") as file:
            file.seek(tensor.offset)
            value = float(decoded(tensor.type, np.frombuffer(file.read(tensor.length), np.uint8))[0])
        return not value.is_integer()


def _place(tensor: Tensor | None) -> tuple[str, int, int] | None:
    return None if tensor is None else (tensor.file, tensor.offset, tensor.length)
