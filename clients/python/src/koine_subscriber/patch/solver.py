"""Solves with symmetric positive definite matrices, to the bits of Java's: by Cholesky, and where the rank is low by Woodbury."""

from typing import Any, Protocol

import numpy as np

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.ordered import add_rows, product, square

_AT_ONCE = 4


class Solver(Protocol):
    """Solves A X = B. The columns of B have nothing to do with one another."""

    def solve(self, columns: Any) -> Any:
        """X for B [n, w], which may be changed."""


class Cholesky:
    """The factor L^T of A = L L^T."""

    def __init__(self, upper: Any) -> None:
        """Takes the upper triangle of A, and changes it. Raises RejectedError if it is not positive definite."""
        size = len(upper)
        for at in range(0, size, _AT_ONCE):
            end = min(size, at + _AT_ONCE)
            for k in range(at, end):
                pivot = upper[k, k]
                if not 0 < pivot < np.inf:
                    raise RejectedError("NOT_SAFETENSORS", "Statistics come to a matrix that is not positive definite.")
                upper[k, k:] /= np.sqrt(pivot)
                for i in range(k + 1, end):
                    upper[i, i:] -= upper[k, i] * upper[k, i:]
            if end < size:
                _subtract(upper, at, end)
        self._upper = upper
        self._lower = np.ascontiguousarray(upper.T)

    def solve(self, columns: Any) -> Any:
        upper, lower, size = self._upper, self._lower, len(self._upper)
        sums = np.zeros_like(columns)
        for at in range(0, size, _AT_ONCE):
            end = min(size, at + _AT_ONCE)
            for i in range(at, end):
                for k in range(at, i):
                    sums[i] += lower[i, k] * columns[k]
                columns[i] -= sums[i]
                columns[i] /= lower[i, i]
            if end < size:
                _add_below(lower[end:, at:end], columns[at:end], sums[end:])
        for i in range(size - 1, -1, -1):
            columns[i] -= _row_times(upper[i, i + 1 :], columns[i + 1 :])
            columns[i] /= upper[i, i]
        return columns


class LowRankSolver:
    """A = D + V^T V for a positive diagonal: D^-1 B - D^-1 V^T (I + V D^-1 V^T)^-1 V D^-1 B."""

    def __init__(self, diagonal: Any, rows: Any) -> None:
        self._inverse = 1 / diagonal
        self._rows = rows
        self._columns = np.ascontiguousarray(rows.T)
        self._inner = Cholesky(square(rows * np.sqrt(self._inverse), np.ones(len(rows))))

    def solve(self, columns: Any) -> Any:
        columns *= self._inverse[:, None]
        seen = self._inner.solve(product(self._rows, columns))
        columns -= self._inverse[:, None] * product(self._columns, seen)
        return columns


def solver(diagonal: Any, rows: Any) -> Solver:
    """Of a diagonal [n] and V [rank, n]. Where the rank is half of the size or more, A itself is factored."""
    if 2 * len(rows) >= len(diagonal):
        return Cholesky(square(np.ascontiguousarray(rows.T), diagonal))
    return LowRankSolver(diagonal, rows)


def _subtract(upper: Any, at: int, end: int) -> None:
    """Takes four rows, each times its element in a column, from the row of that number, for all rows behind them."""
    size = len(upper)
    factors, step = upper[at:end, end:].T, max(1, (1 << 14) // (size - end))
    for row in range(end, size, step):
        rows = slice(row, min(size, row + step))
        sums = np.zeros((rows.stop - rows.start, size - row))
        add_rows(factors[rows.start - end : rows.stop - end], upper[at:end, row:], sums)
        upper[rows, row:] -= sums


def _add_below(factors: Any, columns: Any, sums: Any) -> None:
    step = max(1, (1 << 14) // sums.shape[1])
    for at in range(0, len(sums), step):
        add_rows(factors[at : at + step], columns, sums[at : at + step])


def _row_times(factors: Any, columns: Any) -> Any:
    """The sum of rows, each times its factor: four at a time from the first on."""
    sum_ = np.zeros(columns.shape[1])
    whole = len(factors) - len(factors) % _AT_ONCE
    if whole:
        terms = factors[:whole:_AT_ONCE, None] * columns[:whole:_AT_ONCE]
        for k in range(1, _AT_ONCE):
            terms += factors[k:whole:_AT_ONCE, None] * columns[k:whole:_AT_ONCE]
        for term in terms:
            sum_ += term
    for k in range(whole, len(factors)):
        sum_ += factors[k] * columns[k]
    return sum_
