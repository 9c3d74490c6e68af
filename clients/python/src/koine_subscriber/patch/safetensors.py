"""Safetensors files: what is in them by name, and elements on request. Every size is checked before memory is taken for it."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.totals import read_into

_LARGEST_HEADER = 32 << 20
_TYPES: dict[str, Any] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "U8": np.dtype(np.uint8)}


@dataclass(frozen=True)
class Entry:
    """A tensor of the file."""

    dtype: str
    shape: tuple[int, ...]
    offset: int


class Safetensors:
    """An open file of F32, F16 and U8."""

    def __init__(self, path: Path) -> None:
        """Raises RejectedError NOT_SAFETENSORS, OSError."""
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self.entries: dict[str, Entry] = {}
        self.metadata: dict[str, str] = {}
        try:
            self._read_header()
        except BaseException:
            self._file.close()
            raise

    def read(self, name: str, at: int, count: int) -> Any:
        """`count` elements from element `at` on, in the file's type. Raises RejectedError, OSError."""
        entry = self.entries.get(name)
        if entry is None or at < 0 or at + count > math.prod(entry.shape):
            raise malformed(f"it has no elements {at} to {at + count} of {name!r}")
        kind = _TYPES[entry.dtype]
        return read_into(self._file.fileno(), entry.offset + at * kind.itemsize, np.empty(count, kind))

    def __enter__(self) -> "Safetensors":
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def _read_header(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        length = int.from_bytes(self._file.read(8), "little")
        if size < 8 or length > min(size - 8, _LARGEST_HEADER):
            raise malformed(f"its header claims {length} bytes")
        try:
            header = json.loads(self._file.read(length).decode())
            self.metadata = {str(key): str(value) for key, value in header.pop("__metadata__", {}).items()}
            for name, entry in header.items():
                self.entries[name] = _entry(entry, 8 + length, size)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
            raise malformed(f"its header is unreadable ({e!r})") from e


def _entry(entry: dict[str, Any], start: int, size: int) -> Entry:
    shape, (first, end) = tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (*shape, first, end)):
        raise ValueError("a size is no number")
    if end > size - start or end - first != math.prod(shape) * _TYPES[entry["dtype"]].itemsize:
        raise ValueError("a tensor does not lie in the file")
    return Entry(entry["dtype"], shape, start + first)


def malformed(what: str) -> RejectedError:
    """The refusal of a file that is no piece of a task vector."""
    return RejectedError("NOT_SAFETENSORS", f"A piece of a task vector cannot be read here: {what}.")
