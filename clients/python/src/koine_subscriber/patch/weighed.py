"""Task vectors weighed by statistics: with G a member's Gram matrix of a layer's input, tau its task vector and w its factor,

    Q = sum of G (w tau)        [in, out], a weight's: kept, in integers of a fixed step
    P = sum of |w| G            [in, in], a layer input's: made when a version is written
    delta = (P + ridge)^-1 Q

so that a version is a function of its members, in whatever order they came and went.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.grid import Grid
from koine_subscriber.patch.layers import Layer
from koine_subscriber.patch.ordered import add_outer, dots, product
from koine_subscriber.patch.solver import Solver, solver
from koine_subscriber.patch.statistics import Gram, Statistics
from koine_subscriber.patch.totals import Region
from koine_subscriber.patch.vectors import Run

_RIDGE = 1e-3
_LIMIT = 2.0**62
_AT_ONCE = 1 << 18
_TILE = 256
Block = tuple[int, Any]
"""Where a run of elements begins, and the elements."""


class Grams:
    """Those of members, each by the digest of the statistics and a layer."""

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place
        self._open: dict[str, Statistics] = {}
        self._files = ExitStack()

    def of(self, statistics: str, layer: Layer) -> Gram:
        """Raises RejectedError, OSError."""
        file = self._open.get(statistics)
        if file is None:
            file = self._open[statistics] = Statistics(self._place(statistics))
            self._files.callback(file.close)
        return file.gram(layer.input, layer.size)

    def solver(self, layer: Layer, members: Iterable[tuple[str, float]]) -> Solver:
        """What solves with P of members, each its statistics and factor. Raises RejectedError, OSError."""
        diagonal, mean, rows = np.zeros(layer.size), 0.0, []
        for statistics, weight in sorted((statistics, abs(factor)) for statistics, factor in members):
            gram = self.of(statistics, layer)
            diagonal += weight * gram.diagonal
            rows.append(math.sqrt(weight) * gram.factors)
            mean += weight * gram.mean
        return solver(diagonal + _RIDGE * mean, np.concatenate(rows))

    def close(self) -> None:
        """Closes the files."""
        self._files.close()
        self._open.clear()


def step_of(grid: Grid) -> float:
    """The step of Q of a weight, by that weight's grid."""
    return grid.step * 2.0**-20


def add(region: Region, grid: Grid, layer: Layer, gram: Gram, run: Run, factor: float, sign: int) -> None:
    """Adds what a run of a member's task vector is weighed to, or takes it out for the sign -1. Raises RejectedError, OSError."""
    with np.errstate(all="ignore"):
        for at, values in _products(layer, gram, run):
            places = (factor * values) * (1 / step_of(grid))
            if not (np.abs(places) < _LIMIT).all():
                raise RejectedError("TOTAL_OVERFLOW", "A weighed task vector has a value that has no place in a total.")
            region.add(at, np.rint(places).astype(region.type).reshape(-1), sign)


def deltas(region: Region, grid: Grid, layer: Layer, numel: int, made: Callable[[], Solver]) -> Any:
    """The merged delta of a weight in steps of its grid, as float64; None if it is zero. Raises as Grams.solver."""
    totals = region.read(0, numel)
    if not totals.any():
        return None
    matrix = totals.astype(np.float64)
    del totals
    matrix *= step_of(grid)
    matrix = matrix.reshape((-1, layer.size) if layer.is_output_first else (layer.size, -1))
    columns = matrix.T if layer.is_output_first else matrix
    solves = made()
    for at in range(0, columns.shape[1], _TILE):
        tile = np.ascontiguousarray(columns[:, at : at + _TILE])
        columns[:, at : at + _TILE] = solves.solve(tile)
    matrix *= 1 / grid.step
    return matrix.reshape(-1)


def _products(layer: Layer, gram: Gram, run: Run) -> Iterator[Block]:
    """D G of a weight [out, in], G D of one that is [in, out], for the elements D of the run."""
    columns = layer.size if layer.is_output_first else run.weight.numel // layer.size
    factors = run.factors() if run.at % columns == 0 and run.count % columns == 0 else None
    if factors is not None and factors[1].shape[1] == columns:
        yield from _of_factors(layer, gram, run.at, *(it.astype(np.float64) for it in factors))
    else:
        first, end = run.at // columns, -(-(run.at + run.count) // columns)
        elements = np.zeros((end - first, columns), np.float32)
        elements.reshape(-1)[run.at - first * columns :][: run.count] = run.read()
        yield from (_rows_times if layer.is_output_first else _times_rows)(gram, first, elements)


def _of_factors(layer: Layer, gram: Gram, at: int, u: Any, v: Any) -> Iterator[Block]:
    """Factors are multiplied with the Gram matrix before they are with one another."""
    if layer.is_output_first:
        left, right = u, np.concatenate([block for _, block in _rows_times(gram, 0, v)]).reshape(v.shape)
    else:
        first, right = at // v.shape[1], v
        left, at = np.concatenate([block for _, block in _times_rows(gram, first, u)]).reshape(layer.size, -1), 0
    width = right.shape[1]
    for rows in _chunks(len(left), width):
        yield at + rows.start * width, product(left[rows], right)


def _rows_times(gram: Gram, first: int, elements: Any) -> Iterator[Block]:
    """Rows, of which this is the first, times the Gram matrix."""
    size = len(gram.diagonal)
    for rows in _chunks(len(elements), size):
        chunk = elements[rows].astype(np.float64)
        block = np.zeros((len(chunk), size))
        add_outer(dots(chunk, gram.factors), gram.factors, block)
        block += chunk * gram.diagonal
        yield (first + rows.start) * size, block


def _times_rows(gram: Gram, first: int, elements: Any) -> Iterator[Block]:
    """The Gram matrix times a matrix of which these are the rows from this first one on, and others are zero."""
    (count, width), end = elements.shape, first + len(elements)
    seen = np.zeros((len(gram.factors), width))
    for rows in _chunks(count, width):
        turned = np.ascontiguousarray(gram.factors[:, first + rows.start : first + rows.stop].T)
        add_outer(turned, elements[rows].astype(np.float64), seen)
    for rows in _chunks(len(gram.diagonal), width):
        block = np.zeros((rows.stop - rows.start, width))
        add_outer(gram.factors[:, rows], seen, block)
        low, high = max(first, rows.start), min(end, rows.stop)
        if low < high:
            block[low - rows.start : high - rows.start] += elements[low - first : high - first] * gram.diagonal[low:high, None]
        yield rows.start * width, block


def _chunks(rows: int, width: int) -> Iterator[slice]:
    step = max(1, _AT_ONCE // max(1, width))
    for at in range(0, rows, step):
        yield slice(at, min(rows, at + step))
