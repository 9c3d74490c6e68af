"""Task vectors: which pieces one consists of, and what it adds to each weight, from the files of its pieces."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.blocks import Block, Entry, entries
from koine_subscriber.patch.refusal import UnsupportedError
from koine_subscriber.patch.safetensors import Safetensors
from koine_subscriber.patch.weights import Weight, Weights

CHUNK = 1 << 16
"""Elements that are worked on at a time."""

_RUN_ELEMENTS = 1 << 22
"""Elements of a matrix that are put together at a time from blocks of its transpose."""

_TRANSPOSED = "/"
_LONGEST_LIST = 16 << 20


@dataclass(frozen=True)
class TaskVector:
    """Digests of pieces, `sha256:<hex>`; of a combination a factor for each, else none."""

    base: str
    pieces: tuple[str, ...]
    factors: tuple[float, ...] | None

    @staticmethod
    def read(path: Path) -> "TaskVector":
        """Raises RejectedError INVALID_EVENT for what is none, UnsupportedError, OSError."""
        if path.stat().st_size > _LONGEST_LIST:
            raise _invalid("is too long")
        try:
            said = json.loads(path.read_text("utf-8"))
            kind, pieces, factors = said["format"], tuple(said["pieces"]), said.get("factors")
            if kind in (3, 4):
                raise UnsupportedError("its experts are weighed by statistics")
            if kind not in (1, 2) or not all(isinstance(piece, str) for piece in pieces):
                raise ValueError(f"format {kind}")
            if kind == 1:
                return TaskVector(str(said["base"]), pieces, None)
            numbers = tuple(float(factor) for factor in factors)
            if len(numbers) != len(pieces) or not all(map(math.isfinite, numbers)):
                raise ValueError("factors")
            return TaskVector(str(said["base"]), pieces, numbers)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as e:
            raise _invalid(f"cannot be read here ({e!r})") from e

    def factor(self, piece: int) -> float:
        """That of a piece; 1 for an expert's."""
        return 1.0 if self.factors is None else self.factors[piece]


@dataclass(frozen=True)
class _Stored:
    """A block of the how manieth piece, and the factor that it is to be read with."""

    order: int
    piece: Path
    entry: Entry
    factor: float

    def overlaps(self, other: "_Stored") -> bool:
        return self.entry.start < other.entry.end and other.entry.start < self.entry.end


@dataclass
class _Source:
    """A run of a weight's elements, from `start` to before `end`; it is opened when it is needed."""

    order: int
    start: int
    end: int
    factor: float
    open: Callable[[ExitStack], Block]
    files: ExitStack = field(default_factory=ExitStack)
    block: Block | None = None

    def read(self, at: int, count: int) -> Any:
        if self.block is None:
            self.block = self.open(self.files)
        return self.block.read(at - self.start, count)

    def close(self) -> None:
        self.files.close()
        self.block = None


@dataclass(frozen=True)
class Addition:
    """Elements of a weight from `at` on, as float32, before the member's factor."""

    weight: Weight
    at: int
    values: Any


def additions(vector: TaskVector, weights: Weights, place: Callable[[str], Path]) -> Iterator[Addition]:
    """What a task vector says, weight by weight and in order; `place` has the file of a digest.

    Raises RejectedError, UnsupportedError, OSError.
    """
    by_key: dict[str, list[_Stored]] = {}
    for order, digest in enumerate(vector.pieces):
        piece = place(digest)
        with Safetensors(piece) as file:
            for entry in entries(file):
                for key in entry.weights:
                    by_key.setdefault(key, []).append(_Stored(order, piece, entry, vector.factor(order)))
    sources: dict[str, list[_Source]] = {}
    for key, blocks in by_key.items():
        plain = key.removeprefix(_TRANSPOSED)
        weight = weights.weight(plain)
        found = list(_transposes(weight, blocks)) if key != plain else [_direct(weight, block) for block in blocks]
        sources.setdefault(plain, []).extend(found)
    for key, found in sources.items():
        found.sort(key=lambda source: source.order)
        try:
            yield from (_each if vector.factors is None else _summed)(weights.weight(key), found)
        finally:
            for source in found:
                source.close()


def _each(weight: Weight, sources: list[_Source]) -> Iterator[Addition]:
    for source in sources:
        for at in range(source.start, source.end, CHUNK):
            yield Addition(weight, at, source.read(at, min(CHUNK, source.end - at)))
        source.close()


def _summed(weight: Weight, sources: list[_Source]) -> Iterator[Addition]:
    """The sum of factor times value over the sources in their order, in float64, rounded to float32 once."""
    for at in range(min(source.start for source in sources), max(source.end for source in sources), CHUNK):
        end = min(at + CHUNK, weight.numel)
        sums = np.zeros(end - at, np.float64)
        for source in sources:
            low, high = max(at, source.start), min(end, source.end)
            if low < high:
                sums[low - at : high - at] += source.factor * source.read(low, high - low).astype(np.float64)
            elif source.end <= at:
                source.close()
        with np.errstate(all="ignore"):
            yield Addition(weight, at, sums.astype(np.float32))


def _direct(weight: Weight, stored: _Stored) -> _Source:
    entry = stored.entry
    _require_inside(weight, entry)
    return _Source(stored.order, entry.start, entry.end, stored.factor, lambda files: _opened(stored, files))


def _opened(stored: _Stored, files: ExitStack) -> Block:
    return stored.entry.open(files.enter_context(Safetensors(stored.piece)))


def _transposes(weight: Weight, blocks: list[_Stored]) -> Iterator[_Source]:
    """Runs of a matrix that are put together from blocks of its transpose; those of each expert for themselves."""
    experts: list[list[_Stored]] = []
    for block in blocks:
        _require_inside(weight, block.entry)
        if not experts or any(other.factor != block.factor or other.overlaps(block) for other in experts[-1]):
            experts.append([])
        experts[-1].append(block)
    if len(weight.tensor.shape) != 2:
        raise RejectedError("TENSOR_MISMATCH", f"A task vector has the transpose of {weight.key}, which is no matrix.")
    for expert in experts:
        for start in range(0, weight.numel, _RUN_ELEMENTS):
            run = _TransposedRun(*weight.tensor.shape, start, min(_RUN_ELEMENTS, weight.numel - start))
            inside = [block for block in expert if any(True for _ in run.pieces(block.entry.start, block.entry.end))]
            if inside:
                first = inside[0]
                yield _Source(first.order, start, start + run.count, first.factor, _filled(run, inside))


def _filled(run: "_TransposedRun", blocks: list[_Stored]) -> Callable[[ExitStack], Block]:
    def fill(_: ExitStack) -> Block:
        values = np.zeros(run.count, np.float32)
        for block in blocks:
            with ExitStack() as files:
                elements = _opened(block, files).read(0, block.entry.numel)
            for to, at, count in run.pieces(block.entry.start, block.entry.end):
                values[to : to + count] = elements[at :: run.rows][:count]
        return _Held(values)

    return fill


@dataclass(frozen=True)
class _Held:
    values: Any

    def read(self, at: int, count: int) -> Any:
        return self.values[at : at + count]


@dataclass(frozen=True)
class _TransposedRun:
    """`count` elements of a matrix [rows, columns] from `start` on."""

    rows: int
    columns: int
    start: int
    count: int

    def pieces(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        """What a block of the transpose, from its element `first` to before `end`, has of the run, row by row.

        Each is the place in the run, the place in the block, and how many elements follow, which are `rows` apart in the block.
        """
        for row in range(self.start // self.columns, (self.start + self.count - 1) // self.columns + 1):
            low = max(0, self.start - row * self.columns, -((row - first) // self.rows))
            high = min(self.columns, self.start + self.count - row * self.columns, -((row - end) // self.rows))
            if low < high:
                yield row * self.columns + low - self.start, low * self.rows + row - first, high - low


def _require_inside(weight: Weight, entry: Entry) -> None:
    if entry.end > weight.numel:
        raise RejectedError("TENSOR_MISMATCH", f"A task vector has elements beyond those of {weight.key}.")


def _invalid(what: str) -> RejectedError:
    return RejectedError("INVALID_EVENT", f"The list of a task vector's pieces {what}.")
