"""The graph of a model with its names resolved: which step reads which value. An Identity over a tensor is that tensor."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from koine_subscriber.patch.graph import Graph, Model, Node, Tensor
from koine_subscriber.patch.refusal import UnsupportedError

TO_MATRIX = frozenset(("Identity", "Cast", "Transpose"))
_PRODUCTS = frozenset((("", "MatMul"), ("", "Gemm"), ("com.microsoft", "FusedMatMul"), ("com.microsoft", "FusedGemm")))
MOST_HOPS = 1000


@dataclass(eq=False)
class Value:
    """A value of the graph; two are the same only if they are one object. `tensor` is what it holds, if it is a constant."""

    key: str
    tensor: Tensor | None
    uses: list["Use"] = field(default_factory=list)
    results: list["Result"] = field(default_factory=list)
    same_as: str | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A node with its values; None where one is left out. `path` is that of its subgraph."""

    path: str
    node: Node
    inputs: list[Value | None]
    outputs: list[Value | None]


@dataclass(frozen=True, eq=False)
class Use:
    """Where a step reads a value."""

    step: Step
    input: int

    @property
    def is_product(self) -> bool:
        """Whether it is a factor of a product of matrices."""
        return self.input < 2 and (self.step.node.domain, self.step.node.op) in _PRODUCTS and bool(self.step.outputs)


@dataclass(frozen=True, eq=False)
class Result:
    """Where a value leaves a graph, with the shape that is declared there; `owner` is the step that has the subgraph."""

    owner: Step | None
    output: int
    shape: tuple[int | None, ...] | None


@dataclass
class _Scope:
    path: str
    parent: "_Scope | None"
    owner: Step | None
    values: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> Value | None:
        scope: _Scope | None = self
        while scope is not None:
            found = scope.values.get(name)
            if found is not None:
                return scope.seen_through(found)
            scope = scope.parent
        return None

    def seen_through(self, value: Value) -> Value:
        """The tensor behind an Identity over one; else the value itself."""
        behind: Value | None = value
        for _ in range(MOST_HOPS):
            if behind is None or behind.same_as is None:
                break
            behind = self._plain(behind.same_as)
        return behind if behind is not None and behind.tensor is not None else value

    def _plain(self, name: str) -> Value | None:
        found = self.values.get(name)
        return found if found is not None or self.parent is None else self.parent._plain(name)


class Wiring:
    """That of one model file. `values` are its tensors by key, in the outermost graph and in all below."""

    def __init__(self, file: str, model: Model) -> None:
        """Raises UnsupportedError for what only Java reads."""
        self.file = file
        self.values: dict[str, Value] = {}
        self._model = model
        self._scope(model.graph, "", None, None)

    def _scope(self, graph: Graph, path: str, parent: _Scope | None, owner: Step | None) -> None:
        scope = _Scope(path, parent, owner)
        for tensor in graph.initializers:
            scope.values[tensor.name] = self._value(scope, tensor.name, tensor)
        for name in graph.inputs:
            scope.values.setdefault(name, self._value(scope, name, None))
        steps = [(index, step) for index, node in enumerate(graph.nodes) if (step := self._step(scope, node)) is not None]
        for index, step in steps:
            self._connect(scope, index, step)
        for number, output in enumerate(graph.outputs):
            if (value := scope.find(output.name)) is not None:
                value.results.append(Result(owner, number, output.shape))
        for value in scope.values.values():
            if value.tensor is not None:
                self.values[value.key] = value

    def _value(self, scope: _Scope, name: str, tensor: Tensor | None) -> Value:
        return Value(f"{self.file}/{scope.path}{name}", tensor)

    def _step(self, scope: _Scope, node: Node) -> Step | None:
        if (node.domain, node.op) in self._model.functions:
            raise UnsupportedError(f"{self.file} calls functions of its own")
        if (constant := _constant(node)) is not None:
            name = node.outputs[0]
            scope.values[name] = self._value(scope, name, replace(constant, name=name))
            return None
        outputs = [self._value(scope, name, None) if name else None for name in node.outputs]
        scope.values.update((name, value) for name, value in zip(node.outputs, outputs, strict=True) if value)
        if node.is_("Identity") and len(node.inputs) == len(node.outputs) == 1 and outputs[0] is not None:
            outputs[0].same_as = node.inputs[0]
        return Step(scope.path, node, [], outputs)

    def _connect(self, scope: _Scope, index: int, step: Step) -> None:
        output = step.outputs[0] if step.outputs else None
        if output is not None and output.same_as is not None and scope.seen_through(output) is not output:
            return
        for number, name in enumerate(step.node.inputs):
            value = scope.find(name) if name else None
            step.inputs.append(value)
            if value is not None:
                value.uses.append(Use(step, number))
        for attribute in step.node.attributes:
            for number, graph in enumerate(attribute.graphs):
                path = f"{scope.path}#{index}.{attribute.name}" + (f".{number}" if number else "") + "/"
                self._scope(graph, path, scope, step)


def grow(values: list[Value]) -> Iterator[Value]:
    """The values of a list that may become longer on the way."""
    at = 0
    while at < len(values) and at < MOST_HOPS:
        yield values[at]
        at += 1


def consumers(value: Value, layout: frozenset[str]) -> list[Use]:
    """Where a value is read, seen through these operators."""
    found, open_, at = list[Use](), list(value.uses), 0
    while at < len(open_) and at < MOST_HOPS:
        use = open_[at]
        at += 1
        node, outputs = use.step.node, use.step.outputs
        passes = use.input == 0 and node.domain == "" and node.op in layout and bool(outputs) and outputs[0] is not None
        if passes and outputs[0] is not None:
            open_ += outputs[0].uses
        else:
            found.append(use)
    return found


def is_table(value: Value) -> bool:
    """Whether a Gather looks its rows up."""
    return len(shape(value)) >= 2 and _any_use(value, lambda use: use.input == 0 and use.step.node.is_("Gather"))


def is_factor(value: Value) -> bool:
    """Whether it is a matrix of a product."""
    return len(shape(value)) == 2 and _any_use(value, lambda use: use.is_product)


def shape(value: Value) -> tuple[int, ...]:
    """That of its tensor; () if it is none."""
    return value.tensor.shape if value.tensor is not None else ()


def plus_constant(use: Use) -> Value | None:
    """The sum of a value and a constant, where a use is that."""
    inputs, outputs = use.step.inputs, use.step.outputs
    if not use.step.node.is_("Add") or len(inputs) != 2 or not outputs:
        return None
    other = inputs[1 - use.input]
    return outputs[0] if other is not None and other.tensor is not None else None


def _any_use(value: Value, condition: Callable[[Use], bool]) -> bool:
    return any(condition(use) for use in consumers(value, TO_MATRIX))


def _constant(node: Node) -> Tensor | None:
    if not node.is_("Constant") or len(node.outputs) != 1 or len(node.attributes) != 1:
        return None
    attribute = node.attributes[0]
    return attribute.tensors[0] if attribute.name == "value" and len(attribute.tensors) == 1 else None
