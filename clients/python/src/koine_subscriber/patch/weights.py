"""The weights of a base by the keys that task vectors name them with, and which of them are variances."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.floats import WIDTHS, decoded
from koine_subscriber.patch.graph import Graph, Model, Node, Tensor, read_model
from koine_subscriber.patch.refusal import UnsupportedError

_TO_MATRIX = frozenset(("Identity", "Cast", "Transpose"))
_TO_DOMAIN = frozenset(("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Expand"))
_PRODUCTS = frozenset((("", "MatMul"), ("", "Gemm"), ("com.microsoft", "FusedMatMul"), ("com.microsoft", "FusedGemm")))
_MOST_HOPS = 1000
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


@dataclass(eq=False)
class _Value:
    tensor: Tensor | None
    uses: list["_Use"] = field(default_factory=list)
    same_as: str | None = None


@dataclass(frozen=True, eq=False)
class _Step:
    node: Node
    inputs: list[_Value | None]
    outputs: list[_Value | None]


@dataclass(frozen=True, eq=False)
class _Use:
    step: _Step
    input: int


@dataclass
class _Scope:
    path: str
    parent: "_Scope | None"
    values: dict[str, _Value] = field(default_factory=dict)

    def find(self, name: str) -> _Value | None:
        scope: _Scope | None = self
        while scope is not None:
            found = scope.values.get(name)
            if found is not None:
                return scope.seen_through(found)
            scope = scope.parent
        return None

    def seen_through(self, value: _Value) -> _Value:
        """The tensor behind an Identity over one; else the value itself."""
        behind: _Value | None = value
        for _ in range(_MOST_HOPS):
            if behind is None or behind.same_as is None:
                break
            behind = self._plain(behind.same_as)
        return behind if behind is not None and behind.tensor is not None else value

    def _plain(self, name: str) -> _Value | None:
        found = self.values.get(name)
        return found if found is not None or self.parent is None else self.parent._plain(name)


class Weights:
    """The index of a base; holds no weights."""

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        """Raises RejectedError NOT_ONNX for what is no model, UnsupportedError for what only Java reads, OSError."""
        self.folder = folder
        self._values: dict[str, _Value] = {}
        for file in sorted(files):
            if file.endswith(".onnx"):
                self._add(file, read_model(folder, file))
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
        is_plain = not _is_table(value) and not _is_factor(value)
        return Weight(key, tensor, is_plain and _place(tensor) in self._variances)

    def _add(self, file: str, model: Model) -> None:
        scope = self._scope(file, model, model.graph, "", None)
        self._keep(file, scope)

    def _keep(self, file: str, scope: _Scope) -> None:
        for name, value in scope.values.items():
            if value.tensor is not None:
                self._values[f"{file}/{scope.path}{name}"] = value

    def _scope(self, file: str, model: Model, graph: Graph, path: str, parent: _Scope | None) -> _Scope:
        scope = _Scope(path, parent)
        for tensor in graph.initializers:
            scope.values[tensor.name] = _Value(tensor)
        for name in graph.inputs:
            scope.values.setdefault(name, _Value(None))
        steps = []
        for index, node in enumerate(graph.nodes):
            if (node.domain, node.op) in model.functions:
                raise UnsupportedError(f"{file} calls functions of its own")
            if (constant := _constant(node)) is not None:
                scope.values[node.outputs[0]] = _Value(replace(constant, name=node.outputs[0]))
            else:
                outputs = [_Value(None) if name else None for name in node.outputs]
                scope.values.update((name, value) for name, value in zip(node.outputs, outputs, strict=True) if value)
                if node.is_("Identity") and len(node.inputs) == len(node.outputs) == 1 and outputs[0] is not None:
                    outputs[0].same_as = node.inputs[0]
                steps.append((index, _Step(node, [], outputs)))
        for index, step in steps:
            self._connect(file, model, scope, index, step)
        return scope

    def _connect(self, file: str, model: Model, scope: _Scope, index: int, step: _Step) -> None:
        output = step.outputs[0] if step.outputs else None
        if output is not None and output.same_as is not None and scope.seen_through(output) is not output:
            return
        for number, name in enumerate(step.node.inputs):
            value = scope.find(name) if name else None
            step.inputs.append(value)
            if value is not None:
                value.uses.append(_Use(step, number))
        for attribute in step.node.attributes:
            for number, graph in enumerate(attribute.graphs):
                path = f"{scope.path}#{index}.{attribute.name}" + (f".{number}" if number else "") + "/"
                self._keep(file, self._scope(file, model, graph, path, scope))

    def _is_variance(self, weight: _Value) -> bool:
        tensor = weight.tensor
        if tensor is None or tensor.type not in WIDTHS or not weight.uses or _is_table(weight) or _is_factor(weight):
            return False
        open_, seen = [weight], set[int]()
        for value in _grow(open_):
            if id(value) in seen:
                continue
            seen.add(id(value))
            for use in _consumers(value, _TO_DOMAIN):
                if self._needs_positive(use):
                    return True
                if (total := _plus_constant(use)) is not None:
                    open_.append(total)
        return False

    def _needs_positive(self, use: _Use) -> bool:
        node, inputs = use.step.node, use.step.inputs
        if node.is_("BatchNormalization"):
            return use.input == _VARIANCE_INPUT
        if node.is_("Pow"):
            return use.input == 0 and len(inputs) == 2 and self._is_broken(inputs[1])
        return node.is_("Sqrt") or node.is_("Log")

    def _is_broken(self, exponent: _Value | None) -> bool:
        tensor = exponent.tensor if exponent is not None else None
        if tensor is None or tensor.numel != 1 or tensor.length <= 0 or WIDTHS.get(tensor.type) != tensor.length:
            return False
        with open(self.folder / tensor.file, "rb") as file:
            file.seek(tensor.offset)
            value = float(decoded(tensor.type, np.frombuffer(file.read(tensor.length), np.uint8))[0])
        return not value.is_integer()


def _place(tensor: Tensor | None) -> tuple[str, int, int] | None:
    return None if tensor is None else (tensor.file, tensor.offset, tensor.length)


def _constant(node: Node) -> Tensor | None:
    if not node.is_("Constant") or len(node.outputs) != 1 or node.count != 1 or not node.attributes:
        return None
    attribute = node.attributes[0]
    return attribute.tensors[0] if attribute.name == "value" and len(attribute.tensors) == 1 else None


def _grow(values: list[_Value]) -> Iterable[_Value]:
    at = 0
    while at < len(values) and at < _MOST_HOPS:
        yield values[at]
        at += 1


def _consumers(value: _Value, layout: frozenset[str]) -> list[_Use]:
    """Where a value is read, seen through these operators."""
    consumers, open_, at = list[_Use](), list(value.uses), 0
    while at < len(open_) and at < _MOST_HOPS:
        use = open_[at]
        at += 1
        node, outputs = use.step.node, use.step.outputs
        passes = use.input == 0 and node.domain == "" and node.op in layout and bool(outputs) and outputs[0] is not None
        if passes and outputs[0] is not None:
            open_ += outputs[0].uses
        else:
            consumers.append(use)
    return consumers


def _any_use(value: _Value, condition: Callable[[_Use], bool]) -> bool:
    return any(condition(use) for use in _consumers(value, _TO_MATRIX))


def _is_table(value: _Value) -> bool:
    shape = value.tensor.shape if value.tensor is not None else ()
    return len(shape) >= 2 and _any_use(value, lambda use: use.input == 0 and use.step.node.is_("Gather"))


def _is_factor(value: _Value) -> bool:
    shape = value.tensor.shape if value.tensor is not None else ()
    return len(shape) == 2 and _any_use(
        value, lambda use: use.input < 2 and (use.step.node.domain, use.step.node.op) in _PRODUCTS and bool(use.step.outputs)
    )


def _plus_constant(use: _Use) -> _Value | None:
    inputs, outputs = use.step.inputs, use.step.outputs
    if not use.step.node.is_("Add") or len(inputs) != 2 or not outputs:
        return None
    other = inputs[1 - use.input]
    return outputs[0] if other is not None and other.tensor is not None else None
