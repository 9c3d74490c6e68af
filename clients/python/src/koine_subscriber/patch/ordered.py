"""Sums of products in float64 in the one order that a version's bytes depend on: numpy's own products and sums promise none.

Only elementwise operations are used, over axes along which elements do not meet, so that each element is what a loop would give.
"""

from typing import Any

import numpy as np

_AT_ONCE = 4
_BLOCK = 1 << 14


def add_rows(factors: Any, matrix: Any, sums: Any) -> None:
    """Adds to each row of `sums` [r, w] the rows of `matrix` [k, w] times its factors of [r, k]: by fours, in their order."""
    term, other = np.empty_like(sums), np.empty_like(sums)
    whole = len(matrix) - len(matrix) % _AT_ONCE
    for at in range(0, whole, _AT_ONCE):
        np.multiply(factors[:, at, None], matrix[at], out=term)
        for k in range(at + 1, at + _AT_ONCE):
            np.multiply(factors[:, k, None], matrix[k], out=other)
            np.add(term, other, out=term)
        np.add(sums, term, out=sums)
    for k in range(whole, len(matrix)):
        np.multiply(factors[:, k, None], matrix[k], out=term)
        np.add(sums, term, out=sums)


def product(left: Any, right: Any) -> Any:
    """The product of [m, k] and [k, w], each element summed up as `add_rows` does."""
    sums = np.zeros((len(left), right.shape[1]))
    step = max(1, _BLOCK // max(1, right.shape[1]))
    for at in range(0, len(left), step):
        add_rows(left[at : at + step], right, sums[at : at + step])
    return sums


def square(matrix: Any, diagonal: Any) -> Any:
    """The upper triangle of M M^T and a diagonal, for M [n, k], in a matrix; what is below the diagonal means nothing."""
    size, turned = len(matrix), np.ascontiguousarray(matrix.T)
    sums = np.zeros((size, size))
    step = max(1, _BLOCK // max(1, size))
    for at in range(0, size, step):
        add_rows(matrix[at : at + step], turned[:, at:], sums[at : at + step, at:])
    sums[np.arange(size), np.arange(size)] += diagonal
    return sums


def dots(left: Any, right: Any) -> Any:
    """The dot products of rows of [c, n] with rows of [k, n], as [k, c], each summed up from its first element on."""
    sums = np.zeros((len(right), len(left)))
    columns, others = np.ascontiguousarray(left.T), np.ascontiguousarray(right.T)
    step = max(1, _BLOCK // max(1, len(right)))
    for at in range(0, len(left), step):
        sum_ = sums[:, at : at + step]
        term = np.empty_like(sum_)
        for column, other in zip(columns, others, strict=True):
            np.multiply(other[:, None], column[at : at + step], out=term)
            np.add(sum_, term, out=sum_)
    return sums


def add_outer(left: Any, right: Any, sums: Any) -> None:
    """Adds left[k] times right[k], an outer product, to `sums` [r, w] for k = 0, 1, ... of [k, r] and [k, w]."""
    step = max(1, _BLOCK // max(1, sums.shape[1]))
    for at in range(0, len(sums), step):
        sum_ = sums[at : at + step]
        term = np.empty_like(sum_)
        for rows, row in zip(left[:, at : at + step], right, strict=True):
            np.multiply(rows[:, None], row, out=term)
            np.add(sum_, term, out=sum_)


def total(values: Any) -> float:
    """The sum of a run, from its first element on."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0
