"""A base and the task vectors inside it: sums of integers, to which members are added and from which they are taken, exactly."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.patch.floats import WIDTHS, decoded, encoded
from koine_subscriber.patch.grid import Grid, largest_magnitude
from koine_subscriber.patch.methods import Method
from koine_subscriber.patch.totals import Region, Totals, read_into, write_from
from koine_subscriber.patch.vectors import CHUNK, TaskVector, additions
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


class RunningModel:
    """For one thread. Memory does not grow with the model: totals lie in a file, and a few chunks of elements are looked at."""

    def __init__(self, base: Path, files: Iterable[str], method: Method, scratch: Path, place: Callable[[str], Path]) -> None:
        """The base in a folder, with nothing inside; `place` has the file of an artifact by its digest. Raises as Weights."""
        self.method = method
        self.inside: Counter[Member] = Counter()
        self._base, self._files = base, tuple(files)
        self._weights = Weights(base, self._files)
        self._place = place
        self._touched: dict[str, _Touched] = {}
        self._totals = Totals(scratch)

    def change(self, member: Member, sign: int) -> None:
        """Adds a member, or takes it out for the sign -1. After an error the totals are undefined, and this is to be closed.

        Raises RejectedError, UnsupportedError, OSError.
        """
        digest, factor = member
        for addition in additions(TaskVector.read(self._place(digest)), self._weights, self._place):
            touched = self._touched_weight(addition.weight)
            addends = self.method.addends(touched.grid, addition.values, factor)
            for plane, addend in zip(touched.planes, addends, strict=True):
                plane.add(addition.at, addend, sign)
        self.inside[member] += sign
        self.inside = +self.inside

    def write(self, target: Path, scale: float) -> None:
        """Writes the version into a folder that is empty: the base's files, with the merged weights in their places.

        Raises RejectedError, OSError.
        """
        by_file: dict[str, list[_Touched]] = {}
        for touched in self._touched.values():
            by_file.setdefault(touched.weight.tensor.file, []).append(touched)
        for name in self._files:
            to = target / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._base / name, to)
            with open(self._base / name, "rb", buffering=0) as source, open(to, "r+b", buffering=0) as out:
                for touched in by_file.get(name, []):
                    self._write(source.fileno(), out.fileno(), touched, scale)
                os.fsync(out.fileno())

    def close(self) -> None:
        """Lets go of the totals."""
        self._totals.close()

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
            grid = self._grid(weight)
            touched = _Touched(weight, grid, [self._totals.region(weight.numel, plane) for plane in self.method.grids(grid)])
            self._touched[weight.key] = touched
        return touched

    def _grid(self, weight: Weight) -> Grid:
        largest = 0.0
        with open(self._base / weight.tensor.file, "rb", buffering=0) as file:
            for at in range(0, weight.numel, CHUNK):
                count = min(CHUNK, weight.numel - at)
                largest = max(largest, largest_magnitude(_read(file.fileno(), weight, at, count)))
        return Grid.of(largest, weight.numel)


def _read(descriptor: int, weight: Weight, at: int, count: int) -> Any:
    width = WIDTHS[weight.tensor.type]
    data = read_into(descriptor, weight.tensor.offset + at * width, np.empty(count * width, np.uint8))
    return decoded(weight.tensor.type, data)
