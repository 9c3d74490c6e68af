"""Task vectors: which pieces one consists of, and what it adds to each weight, from the files of its pieces."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.blocks import Block, Entry, entries
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
    """Digests of pieces, `sha256:<hex>`; of a combination a factor for each, else none; that of its statistics, if it has some.

    One with statistics may have no pieces: they protect a language that nothing is merged for.
    """

    base: str
    pieces: tuple[str, ...]
    factors: tuple[float, ...] | None
    statistics: str | None = None

    @staticmethod
    def read(path: Path) -> "TaskVector":
        """Raises RejectedError INVALID_EVENT for what is none, OSError."""
        if path.stat().st_size > _LONGEST_LIST:
            raise _invalid("is too long")
        try:
            said = json.loads(path.read_text("utf-8"))
            kind, pieces, statistics = said["format"], tuple(said["pieces"]), None
            if kind not in (1, 2, 3, 4) or not all(isinstance(piece, str) for piece in pieces):
                raise ValueError(f"format {kind}")
            if kind in (3, 4):
                statistics = str(said["statistics"])
            if kind in (1, 3):
                return TaskVector(str(said["base"]), pieces, None, statistics)
            numbers = tuple(float(factor) for factor in said["factors"])
            if len(numbers) != len(pieces) or not all(map(math.isfinite, numbers)):
                raise ValueError("factors")
            return TaskVector(str(said["base"]), pieces, numbers, statistics)
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

    def opened(self) -> Block:
        if self.block is None:
            self.block = self.open(self.files)
        return self.block

    def read(self, at: int, count: int) -> Any:
        return self.opened().read(at - self.start, count)

    def close(self) -> None:
        self.files.close()
        self.block = None


@dataclass(frozen=True)
class Addition:
    """Elements of a weight from `at` on, as float32, before the member's factor."""

    weight: Weight
    at: int
    values: Any


@dataclass(frozen=True)
class Run:
    """Elements of a weight that the same blocks of a task vector cover."""

    weight: Weight
    at: int
    count: int
    sources: list[_Source]

    def factors(self) -> tuple[Any, Any] | None:
        """Those of the one block that the run is, as it is; else None. Raises as Block.read."""
        return self.sources[0].opened().factors() if self._is_block else None

    def read(self) -> Any:
        """The elements as float32, before the member's factor. Raises as Block.read."""
        if self._is_block:
            return self.sources[0].read(self.at, self.count)
        return _sum(self.sources, self.at, self.at + self.count)

    @property
    def _is_block(self) -> bool:
        first = self.sources[0]
        return len(self.sources) == 1 and first.factor == 1 and first.end - first.start == self.count


@dataclass(frozen=True)
class Contribution:
    """What a task vector says of a weight."""

    weight: Weight
    sources: list[_Source]
    is_combined: bool

    def additions(self) -> Iterator[Addition]:
        """In the order of the pieces, or, of a combination, in that of the elements. Raises as Block.read."""
        if not self.is_combined:
            yield from _each(self.weight, self.sources)
            return
        low, high = min(source.start for source in self.sources), max(source.end for source in self.sources)
        for at in range(low, high, CHUNK):
            yield Addition(self.weight, at, _sum(self.sources, at, min(at + CHUNK, self.weight.numel)))

    def runs(self) -> Iterator[Run]:
        """In the order of the elements."""
        cuts = sorted({cut for source in self.sources for cut in (source.start, source.end)})
        for at, end in pairwise(cuts):
            for source in self.sources:
                if source.end <= at:
                    source.close()
            inside = [source for source in self.sources if source.start <= at < source.end]
            if inside:
                yield Run(self.weight, at, end - at, inside)


def contributions(vector: TaskVector, weights: Weights, place: Callable[[str], Path]) -> Iterator[Contribution]:
    """Weight by weight; `place` has the file of a digest. Each is to be done with before the next.

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
            yield Contribution(weights.weight(key), found, vector.factors is not None)
        finally:
            for source in found:
                source.close()


def _each(weight: Weight, sources: list[_Source]) -> Iterator[Addition]:
    for source in sources:
        for at in range(source.start, source.end, CHUNK):
            yield Addition(weight, at, source.read(at, min(CHUNK, source.end - at)))
        source.close()


def _sum(sources: list[_Source], at: int, end: int) -> Any:
    """The sum of factor times value over the sources in their order, in float64, rounded to float32 once."""
    sums = np.zeros(end - at, np.float64)
    for source in sources:
        low, high = max(at, source.start), min(end, source.end)
        if low < high:
            sums[low - at : high - at] += source.factor * source.read(low, high - low).astype(np.float64)
        elif source.end <= at:
            source.close()
    with np.errstate(all="ignore"):
        return sums.astype(np.float32)


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

    def factors(self) -> None:
        return None


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
