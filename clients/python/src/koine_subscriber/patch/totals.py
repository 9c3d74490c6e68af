"""The totals of one model, in a file that nobody else sees and that is gone with the process."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.patch.grid import Grid


class Region:
    """The totals of one plane of one weight."""

    def __init__(self, file: Any, start: int, grid: Grid) -> None:
        self._file = file
        self._start = start
        self.type = grid.type

    def read(self, at: int, count: int) -> Any:
        """`count` totals from element `at` on. Raises OSError."""
        return read_into(self._file.fileno(), self._start + at * self.type.itemsize, np.empty(count, self.type))

    def add(self, at: int, addends: Any, sign: int) -> None:
        """Adds, or takes away for the sign -1. Totals on the way may wrap: those at the end are in range. Raises OSError."""
        totals = self.read(at, len(addends))
        (np.add if sign > 0 else np.subtract)(totals, addends, out=totals)
        write_from(self._file.fileno(), self._start + at * self.type.itemsize, totals)


class Totals:
    """Regions that begin with zeros; sparse where the file system can."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._bytes = 0

    def region(self, numel: int, grid: Grid) -> Region:
        """A new one. Raises OSError."""
        region = Region(self._file, self._bytes, grid)
        self._bytes += numel * grid.type.itemsize
        os.ftruncate(self._file.fileno(), self._bytes)
        return region

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def read_into(descriptor: int, at: int, target: Any) -> Any:
    """Fills an array from a file's byte `at` on. Raises OSError, also if the file ends before."""
    rest = memoryview(target.view(np.uint8))
    while len(rest):
        count = os.preadv(descriptor, [rest], at)
        if count == 0:
            raise OSError(f"A file ends at byte {at}.")
        rest, at = rest[count:], at + count
    return target


def write_from(descriptor: int, at: int, source: Any) -> None:
    """Writes an array at a file's byte `at`. Raises OSError."""
    rest = memoryview(source.view(np.uint8))
    while len(rest):
        count = os.pwrite(descriptor, rest, at)
        rest, at = rest[count:], at + count
