"""A base and the task vectors inside it: sums of integers, to which members are added and from which they are taken, exactly."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch import weighed
from koine_subscriber.patch.floats import WIDTHS, decoded, encoded
from koine_subscriber.patch.grid import Grid, largest_magnitude
from koine_subscriber.patch.layers import Layer
from koine_subscriber.patch.methods import Method
from koine_subscriber.patch.solver import Solver
from koine_subscriber.patch.totals import Region, Totals, read_into, write_from
from koine_subscriber.patch.vectors import CHUNK, Contribution, TaskVector, contributions
from koine_subscriber.patch.weighed import Grams
from koine_subscriber.patch.weights import Weight, Weights

Member = tuple[str, float]
"""The digest of a task vector, and its factor."""

_VARIANCE_SHARE = np.float32(1 / 16)


@dataclass(frozen=True)
class _Touched:
    """A weight that a member has said something of."""

    weight: Weight
    grid: Grid
    planes: list[Region]
    layer: Layer | None


class RunningModel:
    """For one thread. Memory does not grow with the model: totals lie in a file, and a few chunks of elements are looked at."""

    def __init__(self, base: Path, files: Iterable[str], method: Method, scratch: Path, place: Callable[[str], Path]) -> None:
        """The base in a folder, with nothing inside; `place` has the file of an artifact by its digest. Raises as Weights."""
        self.method = method
        self.inside: Counter[Member] = Counter()
        self._base, self._files = base, tuple(files)
        self._weights = Weights(base, self._files)
        self._place = place
        self._layers = self._weights.layers() if method.is_weighed else {}
        self._touched: dict[str, _Touched] = {}
        self._statistics: dict[str, str] = {}
        self._totals = Totals(scratch)

    def change(self, member: Member, sign: int) -> None:
        """Adds a member, or takes it out for the sign -1. After an error the totals are undefined, and this is to be closed.

        Raises RejectedError, UnsupportedError, OSError.
        """
        digest, factor = member
        vector, grams = TaskVector.read(self._place(digest)), Grams(self._place)
        if self.method.is_weighed:
            if vector.statistics is None:
                raise RejectedError("NO_STATISTICS", f"The task vector {digest} has no statistics to weigh it by.")
            self._statistics[digest] = vector.statistics
        try:
            for contribution in contributions(vector, self._weights, self._place):
                touched = self._touched_weight(contribution.weight)
                if touched.layer is None or vector.statistics is None:
                    self._add(touched, contribution, factor, sign)
                    continue
                gram = grams.of(vector.statistics, touched.layer)
                for run in contribution.runs():
                    weighed.add(touched.planes[0], touched.grid, touched.layer, gram, run, factor, sign)
        finally:
            grams.close()
        self.inside[member] += sign
        self.inside = +self.inside

    def _add(self, touched: _Touched, contribution: Contribution, factor: float, sign: int) -> None:
        for addition in contribution.additions():
            addends = self.method.addends(touched.grid, addition.values, factor)
            for plane, addend in zip(touched.planes, addends, strict=True):
                plane.add(addition.at, addend, sign)

    def write(self, target: Path, scale: float) -> None:
        """Writes the version into a folder that is empty: the base's files, with the merged weights in their places.

        Raises RejectedError, OSError.
        """
        by_file: dict[str, list[_Touched]] = {}
        for touched in sorted(self._touched.values(), key=lambda it: it.layer.input if it.layer else ""):
            by_file.setdefault(touched.weight.tensor.file, []).append(touched)
        weights = [(self._statistics[digest], factor) for digest, factor in self.inside.elements() if digest in self._statistics]
        solvers = _Solvers(self._place, weights)
        try:
            for name in self._files:
                to = target / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._base / name, to)
                with open(self._base / name, "rb", buffering=0) as source, open(to, "r+b", buffering=0) as out:
                    for touched in by_file.get(name, []):
                        if touched.layer is None:
                            self._write(source.fileno(), out.fileno(), touched, scale)
                        else:
                            self._write_solved(source.fileno(), out.fileno(), touched, touched.layer, solvers)
                    os.fsync(out.fileno())
        finally:
            solvers.close()

    def close(self) -> None:
        """Lets go of the totals."""
        self._totals.close()

    def _write_solved(self, source: int, out: int, touched: _Touched, layer: Layer, solvers: "_Solvers") -> None:
        """A weight whose delta is solved for: it is not scaled."""
        weight, tensor = touched.weight, touched.weight.tensor
        deltas = weighed.deltas(touched.planes[0], touched.grid, layer, weight.numel, lambda: solvers.of(layer))
        if deltas is not None:
            for at in range(0, weight.numel, CHUNK):
                run = deltas[at : at + CHUNK]
                merged = touched.grid.merged(_read(source, weight, at, len(run)), run, 1.0)
                write_from(out, tensor.offset + at * WIDTHS[tensor.type], encoded(tensor.type, merged))

    def _write(self, source: int, out: int, touched: _Touched, scale: float) -> None:
        weight, tensor = touched.weight, touched.weight.tensor
        for at in range(0, weight.numel, CHUNK):
            count = min(CHUNK, weight.numel - at)
            deltas = self.method.deltas([plane.read(at, count) for plane in touched.planes])
            if deltas.any():
                before = _read(source, weight, at, count)
                merged = touched.grid.merged(before, deltas, scale)
                if weight.is_variance:
                    least = before * _VARIANCE_SHARE
                    merged = np.where((before >= 0) & (merged < least), least, merged)
                write_from(out, tensor.offset + at * WIDTHS[tensor.type], encoded(tensor.type, merged))

    def _touched_weight(self, weight: Weight) -> _Touched:
        touched = self._touched.get(weight.key)
        if touched is None:
            grid, layer = self._grid(weight), self._layers.get(weight.key)
            grids = self.method.grids(grid) if layer is None else [Grid(weighed.step_of(grid), True)]
            touched = _Touched(weight, grid, [self._totals.region(weight.numel, plane) for plane in grids], layer)
            self._touched[weight.key] = touched
        return touched

    def _grid(self, weight: Weight) -> Grid:
        largest = 0.0
        with open(self._base / weight.tensor.file, "rb", buffering=0) as file:
            for at in range(0, weight.numel, CHUNK):
                count = min(CHUNK, weight.numel - at)
                largest = max(largest, largest_magnitude(_read(file.fileno(), weight, at, count)))
        return Grid.of(largest, weight.numel)


class _Solvers:
    """What solves with the sum of the members' Gram matrices of a layer input: the last one is kept, since weights share it."""

    def __init__(self, place: Callable[[str], Path], members: list[tuple[str, float]]) -> None:
        self._grams, self._members = Grams(place), members
        self._last: tuple[str, Solver] | None = None

    def of(self, layer: Layer) -> Solver:
        if self._last is None or self._last[0] != layer.input:
            self._last = None
            self._last = (layer.input, self._grams.solver(layer, self._members))
        return self._last[1]

    def close(self) -> None:
        self._grams.close()


def _read(descriptor: int, weight: Weight, at: int, count: int) -> Any:
    width = WIDTHS[weight.tensor.type]
    data = read_into(descriptor, weight.tensor.offset + at * width, np.empty(count * width, np.uint8))
    return decoded(weight.tensor.type, data)
