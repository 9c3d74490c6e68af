"""Which weights of a base multiply the input of a layer, and with nothing else: those that statistics weigh."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from koine_subscriber.patch.floats import WIDTHS
from koine_subscriber.patch.graph import Node
from koine_subscriber.patch.refusal import UnsupportedError
from koine_subscriber.patch.same import Group, SameWeights
from koine_subscriber.patch.wiring import (
    MOST_HOPS,
    TO_MATRIX,
    Use,
    Value,
    Wiring,
    consumers,
    grow,
    is_factor,
    is_table,
    plus_constant,
    shape,
)

_LARGEST = 1 << 15
_FEW_ELEMENTS = 16
_TO_OUTPUT = frozenset(
    ("Identity", "Cast", "Reshape", "Transpose", "Softmax", "LogSoftmax", "Log", "Squeeze", "Unsqueeze", "Flatten")
)
_MOST_DIRECTIONS, _LARGEST_SIZE = 2, 1 << 16
_ONE = 0x3F800000


@dataclass(frozen=True)
class Layer:
    """`input` is the key of the Gram matrix, of `size`; the weight is [out, in...] if `is_output_first`, else [in, out]."""

    input: str
    size: int
    is_output_first: bool


@dataclass(frozen=True)
class _Product:
    input: Value
    is_output_first: bool
    window: str

    @property
    def key(self) -> str:
        return self.input.key + (":" + self.window if self.window else "")


class Layers:
    """The layers of a base."""

    def __init__(self, folder: Path, wirings: Iterable[Wiring]) -> None:
        """Raises UnsupportedError for a matrix that is stored number by number."""
        self._folder = folder
        self._files = {id(value): wiring.file for wiring in wirings for value in wiring.values.values()}
        self._weights = [value for wiring in wirings for value in wiring.values.values() if _is_matrix(value)]
        self._tables = {shape(value) for value in self._weights if is_table(value)}

    def by_key(self) -> dict[str, Layer]:
        """By the keys of the weights. Raises OSError."""
        inputs: dict[str, dict[str, Layer]] = {}
        for group in SameWeights(self._folder).groups(self._weights):
            product = self._product(group)
            if product is not None and self._is_adapted(group):
                found = inputs.setdefault(product.key, {})
                for value, is_turned in group.places():
                    is_output_first = product.is_output_first != is_turned
                    found[value.key] = Layer(product.key, _size(value, is_output_first), is_output_first)
        of_one_size = (found for found in inputs.values() if len({layer.size for layer in found.values()}) == 1)
        return {key: layer for found in of_one_size for key, layer in found.items()}

    def _product(self, group: Group) -> _Product | None:
        """That of the first file which has one, as the group's matrix has it; None if files do not agree on its form."""
        by_file: dict[str, list[tuple[Value, bool]]] = {}
        for value, is_turned in group.places():
            by_file.setdefault(self._files[id(value)], []).append((value, is_turned))
        found = [product for file in sorted(by_file) if (product := _common(by_file[file])) is not None]
        return found[0] if len({product.is_output_first for product in found}) == 1 else None

    def _is_adapted(self, group: Group) -> bool:
        first = shape(group.values[0])
        if _size(group.values[0], len(first) > 2) > _LARGEST or (len(first) == 2 and first[0] > _LARGEST):
            return False
        return all(self._is_of_layer(value) for value, _ in group.places())

    def _is_of_layer(self, value: Value) -> bool:
        sizes = shape(value)
        if is_table(value) or (len(sizes) == 2) != is_factor(value):
            return False
        has_table = len(sizes) == 2 and not self._tables.isdisjoint((sizes, sizes[::-1]))
        return not has_table or not _is_projection(value)


def _is_matrix(value: Value) -> bool:
    """Whether it may be one: it is used, and has two dimensions or more."""
    tensor = value.tensor
    if tensor is None or tensor.type not in WIDTHS or len(tensor.shape) < 2 or not (value.uses or value.results):
        return False
    if tensor.length < 0 and tensor.numel > _FEW_ELEMENTS:
        raise UnsupportedError(f"the weight {value.key} is stored number by number")
    return tensor.length > 0


def _size(value: Value, is_output_first: bool) -> int:
    return math.prod(shape(value)[1:]) if is_output_first else shape(value)[0]


def _common(places: list[tuple[Value, bool]]) -> _Product | None:
    """The product that all places of a file are used for; None if there is no such."""
    found = set[_Product]()
    for value, is_turned in places:
        products = _products(value)
        if not products:
            return None
        found.update(_Product(it.input, it.is_output_first != is_turned, it.window) for it in products)
    return found.pop() if len(found) == 1 else None


def _products(weight: Value) -> list[_Product]:
    """All uses of a weight, if each is a product; else none."""
    found, open_, at = list[_Product](), [(weight, False)], 0
    while at < len(open_):
        value, is_turned = open_[at]
        if at >= MOST_HOPS or value.results:
            return []
        at += 1
        for use in value.uses:
            behind, product = _behind(use, is_turned, shape(weight)), _product_of(use, is_turned, shape(weight))
            if behind is not None:
                open_.append(behind)
            elif product is not None:
                found.append(product)
            else:
                return []
    return found


def _behind(use: Use, is_turned: bool, sizes: tuple[int, ...]) -> tuple[Value, bool] | None:
    """The weight behind a step that changes its element type or turns it; None for any other step."""
    node, outputs = use.step.node, use.step.outputs
    if use.step.path or use.input != 0 or len(outputs) != 1 or outputs[0] is None:
        return None
    if node.is_("Identity") or node.is_("Cast"):
        return outputs[0], is_turned
    if node.is_("Transpose") and len(sizes) == 2:
        order = node.attribute("perm")
        return (outputs[0], not is_turned) if order is None or order.integers == [1, 0] else None
    return None


def _product_of(use: Use, is_turned: bool, sizes: tuple[int, ...]) -> _Product | None:
    step = use.step
    activation = step.inputs[0] if len(step.inputs) > 1 else None
    if step.path or use.input != 1 or activation is None or activation.tensor is not None:
        return None
    if step.node.is_("Conv"):
        window = _window(step.node, sizes)
        return None if window is None else _Product(activation, True, window)
    turns = _turns(step.node) if len(sizes) == 2 else None
    return None if turns is None else _Product(activation, turns != is_turned, "")


def _turns(node: Node) -> bool | None:
    """Whether a plain product takes its second factor transposed; None for any other node."""
    if node.is_("MatMul"):
        return False
    is_fused = node.domain == "com.microsoft" and node.op in ("FusedMatMul", "FusedGemm")
    alpha = node.attribute("alpha")
    is_plain = alpha is None or alpha.floats == [_ONE]
    if (node.is_("Gemm") or is_fused) and is_plain and all(_is_off(node, it) for it in ("transA", "transBatchA", "transBatchB")):
        return not _is_off(node, "transB")
    return None


def _is_off(node: Node, name: str) -> bool:
    attribute = node.attribute(name)
    return attribute is None or attribute.integers == [0]


def _window(conv: Node, sizes: tuple[int, ...]) -> str | None:
    """Kernel, strides, pads and dilations of a convolution of one group, as text; None for any other."""
    kernel = list(sizes[2:])
    count = len(kernel)
    if not 1 <= count <= _MOST_DIRECTIONS or conv.attribute("auto_pad") is not None or _integers(conv, "group", [1]) != [1]:
        return None
    numbers = [
        _bounded(_integers(conv, "kernel_shape", kernel), count, 1),
        _bounded(_integers(conv, "strides", [1] * count), count, 1),
        _bounded(_integers(conv, "pads", [0] * (2 * count)), 2 * count, 0),
        _bounded(_integers(conv, "dilations", [1] * count), count, 1),
    ]
    if numbers[0] != kernel or None in numbers:
        return None
    return "conv(" + ";".join(",".join(map(str, each or ())) for each in numbers) + ")"


def _integers(node: Node, name: str, others: list[int]) -> list[int] | None:
    attribute = node.attribute(name)
    return others if attribute is None else attribute.integers


def _bounded(numbers: list[int] | None, count: int, least: int) -> list[int] | None:
    is_known = numbers is not None and len(numbers) == count and all(least <= number <= _LARGEST_SIZE for number in numbers)
    return numbers if is_known else None


def _is_projection(weight: Value) -> bool:
    """Whether what a matrix is multiplied to leaves the graph as numbers over a vocabulary."""
    results = (use.step.outputs[0] for use in consumers(weight, TO_MATRIX) if use.is_product)
    return any(result is not None and _reaches_output(result, shape(weight)) for result in results)


def _reaches_output(product: Value, matrix: tuple[int, ...]) -> bool:
    open_, seen, only_outputs = [product], set[int](), True
    shapes = list[tuple[int | None, ...] | None]()
    for value in grow(open_):
        if id(value) in seen:
            continue
        seen.add(id(value))
        for result in value.results:
            if result.owner is None:
                shapes.append(result.shape)
                continue
            at = result.output - 1 if result.owner.node.is_("Loop") else result.output
            outer = result.owner.outputs[at] if 0 <= at < len(result.owner.outputs) else None
            if outer is not None:
                open_.append(outer)
        for use in value.uses:
            if (passed := _passed(use)) is not None:
                open_.append(passed)
            else:
                only_outputs = False
    return any(only_outputs if sizes is None else _shows_width(sizes, matrix) for sizes in shapes)


def _passed(use: Use) -> Value | None:
    """What a value becomes in a step that a vocabulary goes through."""
    node, outputs = use.step.node, use.step.outputs
    if node.is_("Add") and len(use.step.inputs) == 2:
        return plus_constant(use)
    passes = outputs and use.input == 0 and node.domain == "" and node.op in _TO_OUTPUT
    return outputs[0] if passes else None


def _shows_width(sizes: tuple[int | None, ...], matrix: tuple[int, ...]) -> bool:
    return any(size in matrix for size in sizes) or (len(sizes) <= 3 and sizes[-1:] == (None,))
