"""ONNX model files as graphs: nodes, and where each tensor lies. Fields by their numbers in `onnx.proto`; no weight is read."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from koine_subscriber.patch.wire import Buffer, Field, broken, fields, floats, numbers, signed, text

FLOAT, FLOAT16, BFLOAT16 = 1, 10, 16
_DEEPEST = 16
_DATA = frozenset((4, 5, 6, 7, 9, 10, 11))
_OTHER_VALUES = frozenset((2, 4, 7, 9, 14, 15))
_FLOAT_DATA, _RAW_DATA = 4, 9


@dataclass(frozen=True)
class Tensor:
    """A tensor and its bytes: `file` is relative to the bundle. `length` -1: its elements are no range of bytes."""

    name: str
    type: int
    shape: tuple[int, ...]
    file: str
    offset: int
    length: int

    @property
    def numel(self) -> int:
        product = 1
        for size in self.shape:
            product *= size
        return product


@dataclass
class Node:
    """A node."""

    op: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list["Attribute"] = field(default_factory=list)

    def is_(self, op: str) -> bool:
        """Whether it is the ONNX operator of this name."""
        return self.op == op and self.domain == ""

    def attribute(self, name: str) -> "Attribute | None":
        """The one of this name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


@dataclass
class Attribute:
    """What an attribute holds. `integers` is None where it has values of another kind; `floats` are the bits of float32."""

    name: str = ""
    integers: list[int] | None = field(default_factory=list)
    floats: list[int] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    graphs: list["Graph"] = field(default_factory=list)


@dataclass
class Graph:
    """A graph with its nodes in the order of the file."""

    nodes: list[Node] = field(default_factory=list)
    initializers: list[Tensor] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list["Output"] = field(default_factory=list)


@dataclass(frozen=True)
class Output:
    """An output of a graph; `shape` has None for an open size, and is None where none is declared."""

    name: str
    shape: tuple[int | None, ...] | None


@dataclass
class Model:
    """A model file; `functions` are domain and name of those that it defines."""

    graph: Graph
    functions: set[tuple[str, str]]


def read_model(folder: Path, path: str) -> Model:
    """Reads the index of a model file of a bundle. Raises RejectedError NOT_ONNX, OSError."""
    with open(folder / path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _Reader(data, path).model(len(data))


class _Reader:
    def __init__(self, data: Buffer, path: str) -> None:
        self._data = data
        self._path = path

    def model(self, size: int) -> Model:
        graph, functions = None, set[tuple[str, str]]()
        for it in fields(self._data, 0, size):
            if it.number == 7:
                graph = self._graph(it, 1)
            elif it.number == 25:
                functions.add(self._function(it))
        if graph is None:
            raise broken(f"{self._path} has no graph")
        return Model(graph, functions)

    def _function(self, message: Field) -> tuple[str, str]:
        name = domain = ""
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                name = text(self._data, it)
            elif it.number == 10:
                domain = _standard(text(self._data, it))
        return domain, name

    def _graph(self, message: Field, depth: int) -> Graph:
        if depth > _DEEPEST:
            raise broken(f"the subgraphs of {self._path} are nested more than {_DEEPEST} deep")
        graph = Graph()
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                graph.nodes.append(self._node(it, depth))
            elif it.number == 5:
                graph.initializers.append(self._tensor(it))
            elif it.number == 11:
                graph.inputs.append(self._name(it))
            elif it.number == 12:
                graph.outputs.append(Output(self._name(it), self._shape(it)))
        return graph

    def _shape(self, message: Field) -> tuple[int | None, ...] | None:
        """That of a value whose type is a tensor's."""
        path = [message]
        for kinds in ((2,), (1, 8), (2,)):
            path = [it for outer in path for it in self._fields(outer) if it.number in kinds]
        if not path:
            return None
        return tuple(self._dimension(it) for shape in path for it in self._fields(shape) if it.number == 1)

    def _dimension(self, message: Field) -> int | None:
        return next((signed(it.value) for it in self._fields(message) if it.number == 1), None)

    def _fields(self, message: Field) -> Iterator[Field]:
        return fields(self._data, message.start, message.end)

    def _name(self, message: Field) -> str:
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                return text(self._data, it)
        return ""

    def _node(self, message: Field, depth: int) -> Node:
        node = Node()
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                node.inputs.append(text(self._data, it))
            elif it.number == 2:
                node.outputs.append(text(self._data, it))
            elif it.number == 4:
                node.op = text(self._data, it)
            elif it.number == 5:
                node.attributes.append(self._attribute(it, depth))
            elif it.number == 7:
                node.domain = _standard(text(self._data, it))
        return node

    def _attribute(self, message: Field, depth: int) -> Attribute:
        attribute, integers, is_other = Attribute(), list[int](), False
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                attribute.name = text(self._data, it)
            elif it.number in (5, 10):
                attribute.tensors.append(self._tensor(it))
            elif it.number in (6, 11):
                attribute.graphs.append(self._graph(it, depth + 1))
            elif it.number in (3, 8):
                integers += [signed(number) for number in numbers(self._data, it)]
            elif it.number in _OTHER_VALUES:
                is_other = True
                attribute.floats += floats(self._data, it) if it.number in (2, 7) else []
        attribute.integers = None if is_other else integers
        return attribute

    def _tensor(self, message: Field) -> Tensor:
        name, kind, shape, is_external = "", 0, list[int](), False
        data, entries = list[Field](), dict[str, str]()
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                shape += numbers(self._data, it)
            elif it.number == 2:
                kind = it.value
            elif it.number in _DATA:
                data.append(it)
            elif it.number == 8:
                name = text(self._data, it)
            elif it.number == 13:
                self._entry(it, entries)
            elif it.number == 14:
                is_external = it.value == 1
        if is_external:
            return self._external(Tensor(name, kind, tuple(shape), "", 0, -1), entries)
        is_range = len(data) == 1 and data[0].is_packed
        if is_range and (data[0].number == _RAW_DATA or (data[0].number == _FLOAT_DATA and kind == FLOAT)):
            return Tensor(name, kind, tuple(shape), self._path, data[0].start, data[0].end - data[0].start)
        return Tensor(name, kind, tuple(shape), self._path, 0, -1)

    def _entry(self, message: Field, entries: dict[str, str]) -> None:
        key = value = ""
        for it in fields(self._data, message.start, message.end):
            if it.number == 1:
                key = text(self._data, it)
            elif it.number == 2:
                value = text(self._data, it)
        entries[key] = value

    def _external(self, tensor: Tensor, entries: dict[str, str]) -> Tensor:
        parts = [part for part in entries.get("location", "").split("/") if part != "."]
        try:
            offset, length = int(entries.get("offset", "0")), int(entries.get("length", "-1"))
        except ValueError as e:
            raise broken(f"the place of tensor {tensor.name!r} outside {self._path} is no number") from e
        if not parts or {"", ".."} & set(parts) or offset < 0:
            raise broken(f"tensor {tensor.name!r} of {self._path} lies outside the bundle")
        file = str(PurePosixPath(self._path).parent.joinpath(*parts))
        width = {FLOAT: 4, FLOAT16: 2, BFLOAT16: 2}.get(tensor.type, 0)
        length = width * tensor.numel if length < 0 else length
        return Tensor(tensor.name, tensor.type, tensor.shape, file, offset, length)


def _standard(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain
