"""Statistics of a language under a base: a safetensors file with a Gram matrix of each layer's input, of low rank."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.ordered import total
from koine_subscriber.patch.safetensors import Safetensors

FILE = "statistics.safetensors"
_MOST_BYTES = 2 << 30
_MOST_RANK = 1024
_MEAN_TOLERANCE = 0.01


@dataclass(frozen=True)
class Gram:
    """`diagonal` [n] and F [rank, n] of diag(d) + F^T F, in float64."""

    diagonal: Any
    factors: Any

    @property
    def mean(self) -> float:
        """That of the matrix's diagonal."""
        return total(np.concatenate((self.diagonal, (self.factors * self.factors).reshape(-1)))) / len(self.diagonal)


class Statistics:
    """An open file; numbers are checked when they are read."""

    def __init__(self, path: Path) -> None:
        """Raises RejectedError for what is none, OSError."""
        if path.stat().st_size > _MOST_BYTES:
            raise _malformed("they are too large")
        self._file = Safetensors(path)
        said = self._file.metadata
        if said.get("koine.format") != "koine-statistics" or said.get("koine.version") != "1":
            self.close()
            raise _malformed(f"their format is {said.get('koine.format')!r}, version {said.get('koine.version')!r}")

    def gram(self, key: str, size: int) -> Gram:
        """That of an input. Raises RejectedError, OSError."""
        diagonal = self._numbers(key + ".diagonal", "F32", (size,))
        factors = self._file.entries.get(key + ".factors")
        if factors is None:
            gram = Gram(diagonal, np.zeros((0, size)))
        else:
            rank = factors.shape[0] if factors.shape else 0
            if not 1 <= rank <= _MOST_RANK:
                raise _malformed(f"the rank of {key[:200]!r} is {rank}")
            gram = Gram(diagonal, self._numbers(key + ".factors", "F16", (rank, size)))
        if (diagonal < 0).any() or (gram.mean != 0 and not abs(gram.mean - 1) <= _MEAN_TOLERANCE):
            raise _malformed(f"the diagonal of {key[:200]!r} is none of a mean")
        return gram

    def close(self) -> None:
        """Closes the file."""
        self._file.__exit__(None, None, None)

    def _numbers(self, name: str, dtype: str, shape: tuple[int, ...]) -> Any:
        entry = self._file.entries.get(name)
        if entry is None or entry.dtype != dtype or entry.shape != shape:
            raise _malformed(f"{name[:200]!r} of type {dtype} and shape {shape} is not there")
        values = self._file.read(name, 0, int(np.prod(shape))).astype(np.float64).reshape(shape)
        if not np.isfinite(values).all():
            raise _malformed(f"{name[:200]!r} has an element that is no number")
        return values


def _malformed(what: str) -> RejectedError:
    return RejectedError("NOT_SAFETENSORS", f"Statistics cannot be read here: {what}.")
