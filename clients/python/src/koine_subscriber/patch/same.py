"""Weights that have the same bytes, or are the transpose of others, whatever their names and files."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.patch.floats import WIDTHS
from koine_subscriber.patch.graph import Tensor
from koine_subscriber.patch.totals import read_into
from koine_subscriber.patch.wiring import Value

_BEGINNING = 1 << 10
_BLOCK = 1 << 20
_PROBES = 16


@dataclass
class Group:
    """One weight with all places that hold it; at least one in `values`, and those with its transpose."""

    values: list[Value] = field(default_factory=list)
    turned: list[Value] = field(default_factory=list)

    @property
    def tensor(self) -> Tensor:
        assert self.values[0].tensor is not None
        return self.values[0].tensor

    def places(self) -> Iterator[tuple[Value, bool]]:
        """All, with whether they have the transpose."""
        for value in self.values:
            yield value, False
        for value in self.turned:
            yield value, True


class SameWeights:
    """Compares those of one base."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._descriptors: dict[str, int] = {}

    def groups(self, values: Iterable[Value]) -> list[Group]:
        """Each weight is in one. All have tensors with bytes. Raises OSError."""
        with self._open:
            return self._with_transposes(self._with_equals(values))

    def _with_equals(self, values: Iterable[Value]) -> list[Group]:
        alike: dict[Any, list[Value]] = {}
        for value in values:
            if value.tensor is not None:
                alike.setdefault(self._fingerprint(value.tensor), []).append(value)
        groups: dict[Any, Group] = {}
        for fingerprint, found in alike.items():
            for value in found:
                key = fingerprint if len(found) == 1 or value.tensor is None else (fingerprint, self._digest(value.tensor))
                groups.setdefault(key, Group()).values.append(value)
        return list(groups.values())

    def _with_transposes(self, groups: list[Group]) -> list[Group]:
        first: list[Group] = []
        by_corners: dict[Any, list[Group]] = {}
        for group in groups:
            sizes = group.tensor.shape
            if len(sizes) != 2 or min(sizes) < 2:
                first.append(group)
                continue
            candidates = by_corners.get((sizes[::-1], self._corners(group.tensor, True)), [])
            of = next((other for other in candidates if self._is_transpose(group.tensor, other.tensor)), None)
            if of is None:
                first.append(group)
                by_corners.setdefault((sizes, self._corners(group.tensor, False)), []).append(group)
            else:
                of.turned += group.values
        return first

    def _fingerprint(self, tensor: Tensor) -> Any:
        count = min(_BEGINNING, tensor.length)
        return tensor.type, tensor.shape, tensor.length, self._read(tensor, 0, count).tobytes()

    def _digest(self, tensor: Tensor) -> bytes:
        digest = sha256()
        for at in range(0, tensor.length, _BLOCK):
            digest.update(self._read(tensor, at, min(_BLOCK, tensor.length - at)))
        return digest.digest()

    def _corners(self, tensor: Tensor, is_turned: bool) -> bytes:
        """The element type and a few elements of a matrix; or those at the same rows and columns of its transpose."""
        columns, size, width = tensor.shape[1], min(tensor.shape), WIDTHS[tensor.type]
        found = [bytes([tensor.type])]
        for i in range(_PROBES):
            row, column = i * 7 % size, (i * 5 + 1) % size
            at = column * columns + row if is_turned else row * columns + column
            found.append(self._read(tensor, at * width, width).tobytes())
        return b"".join(found)

    def _is_transpose(self, a: Tensor, b: Tensor) -> bool:
        (rows, columns), width = a.shape, WIDTHS[a.type]
        if a.type != b.type:
            return False
        kind = np.dtype(f"<u{width}")
        height = max(1, _BLOCK // columns)
        for row in range(0, rows, height):
            count = min(height, rows - row)
            left = self._read(a, row * columns * width, count * columns * width).view(kind).reshape(count, columns)
            for column in range(columns):
                right = self._read(b, (column * rows + row) * width, count * width).view(kind)
                if not np.array_equal(left[:, column], right):
                    return False
        return True

    def _read(self, tensor: Tensor, at: int, count: int) -> Any:
        descriptor = self._descriptors.get(tensor.file)
        if descriptor is None:
            descriptor = os.open(self._folder / tensor.file, os.O_RDONLY | os.O_CLOEXEC)
            self._open.callback(os.close, descriptor)
            self._descriptors[tensor.file] = descriptor
        return read_into(descriptor, tensor.offset + at, np.empty(count, np.uint8))
