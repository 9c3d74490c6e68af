"""What is kept of the task vectors for each element, and what it comes to: a sum; of TIES, two sums and two counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from koine_subscriber.patch.grid import COUNTS, Grid
from koine_subscriber.patch.refusal import UnsupportedError

_SUMS = frozenset(("COMPACT", "LORS", "LOW_RANK", "MAGNITUDE", "TASK_ARITHMETIC", "DARE"))


@dataclass(frozen=True)
class Method:
    """`slack` is that of TIES; None for a sum. If it `is_weighed`, statistics do that to the matrices of layers."""

    slack: float | None
    is_weighed: bool = False

    @staticmethod
    def of(recipe: Mapping[str, Any]) -> "Method":
        """Raises UnsupportedError."""
        if recipe["method"] == "TIES":
            return Method(float(recipe["slack"]))
        if recipe["method"] == "REGMEAN":
            return Method(None, True)
        if recipe["method"] not in _SUMS:
            raise UnsupportedError(f"the method {recipe['method']} is none that this client computes")
        return Method(None)

    def grids(self, grid: Grid) -> list[Grid]:
        """The grid of each plane of totals of a weight."""
        return [grid] if self.slack is None else [grid, grid, COUNTS, COUNTS]

    def addends(self, grid: Grid, values: Any, factor: float) -> list[Any]:
        """What values of a task vector, multiplied with a factor, add to each plane. Raises as Grid.steps."""
        if self.slack is None:
            return [grid.steps(values, factor)]
        with np.errstate(all="ignore"):
            signs = factor * values.astype(np.float64)
        zero = np.float32(0)
        return [
            grid.steps(np.where(signs < 0, zero, values), factor),
            grid.steps(np.where(signs < 0, values, zero), factor),
            (signs > 0).astype(COUNTS.type),
            (signs < 0).astype(COUNTS.type),
        ]

    def deltas(self, planes: list[Any]) -> Any:
        """The merged deltas in steps of the grid, as float64."""
        totals = [plane.astype(np.float64) for plane in planes]
        if self.slack is None:
            return totals[0]
        positive, negative, positives, negatives = totals
        larger, smaller = np.maximum(positive, -negative), np.minimum(positive, -negative)
        with np.errstate(all="ignore"):
            both = np.where(larger == 0, 0.0, (positive + negative) / (positives + negatives))
            one = np.where(positive > -negative, positive / positives, negative / negatives)
        return np.where(smaller >= (1 - self.slack) * larger, both, one)
