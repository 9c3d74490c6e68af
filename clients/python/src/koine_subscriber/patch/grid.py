"""The fixed-point grid that the totals of one weight are kept on: the law of merging."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError

_RANGE = 16
_WIDE_ELEMENTS = 1 << 16
_TINY = 2.0**-9


@dataclass(frozen=True)
class Grid:
    """`step` is a power of two; totals are int64 where `wide`, else int32."""

    step: float
    wide: bool

    @staticmethod
    def of(largest: float, numel: int) -> "Grid":
        """The grid of a base weight of `numel` elements whose largest finite magnitude is `largest`."""
        _, exponent = math.frexp(largest if largest > 0 else 1.0)
        return Grid(math.ldexp(_RANGE, exponent - 31), numel <= _WIDE_ELEMENTS or largest < _TINY)

    @property
    def type(self) -> Any:
        """The element type of the totals."""
        return np.dtype("<i8" if self.wide else "<i4")

    def steps(self, values: Any, factor: float) -> Any:
        """`factor * value / step`, rounded to the nearest integer, ties to even, in the totals' type.

        Raises RejectedError if a value has no place on the grid.
        """
        with np.errstate(all="ignore"):
            places = factor * values.astype(np.float64) * (1 / self.step)
            limit = (2.0**51 if self.wide else 2.0**31) - 0.5
            if not (np.abs(places) < limit).all():
                raise RejectedError("TOTAL_OVERFLOW", "A task vector has a value that has no place in a total.")
            return np.rint(places).astype(self.type)

    def merged(self, weights: Any, deltas: Any, scale: float) -> Any:
        """`weight + scale * (delta * step)` in float64, rounded to float32 once; where a delta is zero, the weight's own bits."""
        with np.errstate(all="ignore"):
            moved = (weights.astype(np.float64) + scale * (deltas * self.step)).astype(np.float32)
        return np.where(deltas == 0, weights, moved)


COUNTS = Grid(1.0, False)
"""That of whole numbers."""


def largest_magnitude(values: Any) -> float:
    """Of the finite ones. Raises RejectedError NON_FINITE if one is not a number."""
    magnitudes = np.abs(values)
    largest = float(magnitudes.max(initial=0))
    if math.isfinite(largest):
        return largest
    if np.isnan(magnitudes).any():
        raise RejectedError("NON_FINITE", "A weight of the base is not a number.")
    return float(magnitudes[np.isfinite(magnitudes)].max(initial=0))
