"""Blocks of task vectors: what is kept of a run of elements, as float32 of one defined value each, any range at a time."""

import json
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from koine_subscriber.patch.safetensors import Safetensors, malformed

_FORMAT, _VERSIONS = "koine-task-vector", ("1", "2", "3")
_QUANTIZED = {"INT8": 127, "INT4": 7}
_DTYPES = {"FLOAT32": "F32", "FLOAT16": "F16"}
_RUN = 128
_STRIDE = 512
_LARGEST = (1 << 31) - 9
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)


class Block(Protocol):
    """A run of elements."""

    def read(self, at: int, count: int) -> Any:
        """`count` elements from element `at` on, as float32. Raises RejectedError, OSError."""

    def factors(self) -> tuple[Any, Any] | None:
        """U [rows, rank] and V [rank, columns] in float32, where the block is their product and nothing else."""


@dataclass(frozen=True)
class Entry:
    """What a piece says about a block; `rows` is 1 for a dense one. `start` is its first element in each of `weights`."""

    weights: tuple[str, ...]
    start: int
    dense: bool
    precision: str
    rows: int
    columns: int
    rank: int
    keep: int

    @property
    def numel(self) -> int:
        return self.rows * self.columns

    @property
    def end(self) -> int:
        return self.start + self.numel

    def open(self, file: Safetensors) -> Block:
        """The block in the file that lists it, which stays open as long as this is read. Raises RejectedError, OSError."""
        if self.dense:
            return _Floats(file, self, "dense", (self.columns,))
        return _Lors(file, self)


def entries(file: Safetensors) -> list[Entry]:
    """The blocks of a piece. Raises RejectedError NOT_SAFETENSORS."""
    said = file.metadata
    if said.get("koine.format") != _FORMAT or said.get("koine.version") not in _VERSIONS:
        raise malformed(f"its format is {said.get('koine.format')!r}, version {said.get('koine.version')!r}")
    try:
        found = [_entry(block) for block in json.loads(said["koine.blocks"])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise malformed(f"its list of blocks is unreadable ({e!r})") from e
    return found


def _entry(block: dict[str, Any]) -> Entry:
    names = tuple(block["weights"])
    sizes = [block[name] for name in ("from", "rows", "columns", "rank", "keep")]
    if not names or not all(isinstance(name, str) for name in names) or not all(type(size) is int for size in sizes):
        raise ValueError("a block without weights or sizes")
    entry = Entry(names, sizes[0], block["dense"] is True, block["precision"], *sizes[1:])
    is_odd = entry.dense and (entry.rows != 1 or entry.rank or entry.keep)
    if min(sizes) < 0 or entry.numel > _LARGEST or entry.keep > entry.numel or is_odd:
        raise ValueError("an impossible block")
    if entry.precision not in _DTYPES and entry.precision not in _QUANTIZED:
        raise ValueError("an unknown precision")
    return entry


class _Floats:
    """Numbers in the precision of their block."""

    def __init__(self, file: Safetensors, entry: Entry, part: str, shape: tuple[int, ...]) -> None:
        self._file, self._precision = file, entry.precision
        self._name = f"{entry.weights[0]}@{entry.start}.{part}"
        self._count = math.prod(shape)
        if entry.precision in _DTYPES:
            _require(file, self._name, _DTYPES[entry.precision], shape)
        else:
            width = self._count if entry.precision == "INT8" else (self._count + 1) // 2
            _require(file, self._name, "U8", (width,))
            _require(file, self._name + ".scales", "F32", ((self._count + _RUN - 1) // _RUN,))

    def read(self, at: int, count: int) -> Any:
        if self._precision in _DTYPES:
            return _finite(self._file.read(self._name, at, count).astype(np.float32), self._name)
        integers = self._integers(at, count)
        if (np.abs(integers) > _QUANTIZED[self._precision]).any():
            raise malformed(f"the integers of {self._name} do not fit their scales")
        first, end = at // _RUN, (at + count + _RUN - 1) // _RUN
        scales = _finite(self._file.read(self._name + ".scales", first, end - first), self._name)
        values = np.repeat(scales, _RUN)[at - first * _RUN :][:count] * integers.astype(np.float32)
        return _finite(values, self._name)

    def factors(self) -> None:
        return None

    def _integers(self, at: int, count: int) -> Any:
        if self._precision == "INT8":
            return self._file.read(self._name, at, count).view(np.int8).astype(np.int16)
        first, end = at // 2, (at + count + 1) // 2
        packed = self._file.read(self._name, first, end - first)
        halves = np.stack((packed & 0xF, packed >> 4), axis=1).reshape(-1)[at - first * 2 :][:count]
        return (halves.astype(np.int16) ^ 8) - 8


class _Lors:
    """A low-rank part and kept values. The products are added in the order of the rank, each rounded to float32."""

    def __init__(self, file: Safetensors, entry: Entry) -> None:
        self._columns, self._rank = entry.columns, entry.rank
        if entry.rank > 0:
            u = _Floats(file, entry, "u", (entry.rows, entry.rank))
            v = _Floats(file, entry, "v", (entry.rank, entry.columns))
            self._u = u.read(0, entry.rows * entry.rank).reshape(entry.rows, entry.rank)
            self._v = v.read(0, entry.rank * entry.columns).reshape(entry.rank, entry.columns)
        self._kept = _Kept(file, entry) if entry.keep > 0 else None

    def read(self, at: int, count: int) -> Any:
        if self._rank > 0:
            with np.errstate(all="ignore"):
                values = self._products(at, count)
        else:
            values = np.zeros(count, np.float32)
        if self._kept is not None:
            self._kept.add(at, values)
        return values

    def factors(self) -> tuple[Any, Any] | None:
        return (self._u, self._v) if self._rank > 0 and self._kept is None else None

    def _products(self, at: int, count: int) -> Any:
        """The rest of the first row, whole rows, the beginning of the last."""
        columns, parts, end = self._columns, [], at + count
        while at < end:
            row, column = divmod(at, columns)
            rows = 1 if column or end - at < columns else (end - at) // columns
            width = min(columns - column, end - at) if rows == 1 else columns
            parts.append(self._product(slice(row, row + rows), slice(column, column + width)).reshape(-1))
            at += rows * width
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _product(self, rows: slice, columns: slice) -> Any:
        u, v = self._u[rows], self._v[:, columns]
        total = u[:, :1] * v[0]
        term = np.empty_like(total)
        for k in range(1, self._rank):
            np.multiply(u[:, k : k + 1], v[k], out=term)
            np.add(total, term, out=total)
        return total


class _Kept:
    """Entries that a mask marks, and their values in the order of the elements."""

    def __init__(self, file: Safetensors, entry: Entry) -> None:
        name = f"{entry.weights[0]}@{entry.start}.mask"
        width = (entry.numel + 7) // 8
        _require(file, name, "U8", (width,))
        self._values = _Floats(file, entry, "values", (entry.keep,))
        self._mask = file.read(name, 0, width)
        strides = np.add.reduceat(_ONES[self._mask], np.arange(0, width, _STRIDE), dtype=np.int64)
        self._before = np.concatenate(([0], np.cumsum(strides)))
        is_beyond = entry.numel % 8 and int(self._mask[-1]) >> (entry.numel % 8)
        if int(self._before[-1]) != entry.keep or is_beyond:
            raise malformed(f"the mask {name} does not mark the {entry.keep} entries that are kept")

    def add(self, at: int, values: Any) -> None:
        """Adds those of a range to its values."""
        first, end = at // 8, (at + len(values) + 7) // 8
        marked = np.unpackbits(self._mask[first:end], bitorder="little")[at - first * 8 :][: len(values)].astype(bool)
        kept = int(np.count_nonzero(marked))
        values[marked] += self._values.read(self._count_before(at), kept)

    def _count_before(self, at: int) -> int:
        byte, stride = at // 8, at // 8 // _STRIDE
        count = int(self._before[stride]) + int(_ONES[self._mask[stride * _STRIDE : byte]].sum(dtype=np.int64))
        return count + (int(_ONES[self._mask[byte] & ((1 << at % 8) - 1)]) if at % 8 else 0)


def _require(file: Safetensors, name: str, dtype: str, shape: tuple[int, ...]) -> None:
    entry = file.entries.get(name)
    if entry is None or entry.dtype != dtype or entry.shape != shape:
        raise malformed(f"tensor {name[:200]!r} of type {dtype} and shape {shape} is not there")


def _finite(values: Any, name: str) -> Any:
    if not np.isfinite(values).all():
        raise malformed(f"{name[:200]!r} has an element that is no number")
    return values
