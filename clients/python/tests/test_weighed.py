"""Versions that are weighed by statistics; their bytes are those of Java's by `test_patch_contract.py`."""

import json
import logging
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patches import PATCHES, WEIGHED, Here, artifact, members, put, running, safetensors, staged, with_piece

from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.layers import Layer
from koine_subscriber.patch.ordered import add_outer, dots, product, square, total
from koine_subscriber.patch.solver import Cholesky, solver
from koine_subscriber.patch.statistics import Statistics
from koine_subscriber.patch.weights import Weights

LARGE = next(line for line in WEIGHED if line["folder"] == "large")
CHANCE = np.random.default_rng(3)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    found = Here(tmp_path / "cache")
    yield found
    found.close()


def test_statistics_are_fetched_once_and_go_with_their_experts(
    tmp_path: Path, here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    updates = staged(LARGE, tmp_path, (1, 2, 3, 4, 5))
    here.take(updates[0])
    for update in updates[1:]:
        statistics = {Path(place).name for _, place in statistics_of(update)}
        assert here.take(update) <= {"artifacts", *statistics}
    assert here.patcher.patched == 5, caplog.messages
    held = {path.name for path in (tmp_path / "cache/artifacts").iterdir()}
    assert {file for file, _ in statistics_of(updates[5])} < held
    assert here.take(updates[1]) == set()
    held = {path.name for path in (tmp_path / "cache/artifacts").iterdir()}
    assert {file for file, _ in statistics_of(updates[5])} & held == {file for file, _ in statistics_of(updates[1])}


def test_after_a_restart_and_with_damaged_statistics(tmp_path: Path, here: Here, caplog: pytest.LogCaptureFixture) -> None:
    updates = staged(LARGE, tmp_path, (1, 2, 3, 4, 5))
    for update in updates[:3]:
        here.take(update)
    here.close()
    again = Here(tmp_path / "cache")
    again.take(updates[4])
    assert (again.patcher.patched, again.cache.whole) == (1, 0)
    for file, _ in statistics_of(updates[4]):
        place = tmp_path / "cache/artifacts" / file
        content = bytearray(place.read_bytes())
        content[-1] ^= 1
        place.write_bytes(content)
    again.patcher.close()
    assert "version-3" in again.take(updates[3])
    assert "cannot be computed here and is fetched whole" in caplog.messages[-1]
    again.take(updates[5])
    assert again.patcher.patched == 2
    again.close()


def statistics_of(update: Any) -> list[tuple[str, str]]:
    """The files of an update's statistics by their SHA-256, and the places that they come from."""
    found = []
    for digest, _ in members(update):
        name = artifact(digest).read_text().split('"statistics":"sha256:')[1][:64]
        file = PATCHES / "statistics" / name / "statistics.safetensors"
        found.append((sha256(file.read_bytes()).hexdigest(), file.parent.as_posix()))
    return found


def test_a_task_vector_without_statistics_is_refused(tmp_path: Path, here: Here) -> None:
    updates = staged(LARGE, tmp_path, (1,))
    here.take(updates[0])
    piece = safetensors({}, [])
    forged = with_piece(updates[1], tmp_path, piece)
    place = lambda digest: tmp_path / "artifacts" / digest.removeprefix("sha256:")  # noqa: E731
    with pytest.raises(RejectedError, match="no statistics"):
        running(LARGE, tmp_path, place).change(members(forged)[0], 1)
    assert "version-1" in here.take(forged)


def test_a_list_of_statistics_without_their_file(tmp_path: Path, here: Here) -> None:
    updates = staged(LARGE, tmp_path, (1,))
    here.take(updates[0])
    patch = updates[1]["experts"][0]["patch"]
    listed = json.loads((tmp_path / "artifacts" / patch["list"]["files"][0]["path"]).read_text())
    listed["statistics"]["files"][0]["path"] = "other.safetensors"
    patch["list"]["files"] = [put(tmp_path, json.dumps(listed).encode())]
    assert here.take(updates[1]) == {"artifacts", "version-1"}


STATISTICS = {"koine.format": "koine-statistics", "koine.version": "1"}
SOUND = {
    "x.diagonal": ("F32", [2], np.array([0.75, 0.75], "<f4").tobytes()),
    "x.factors": ("F16", [1, 2], np.array([0.5, -0.5], "<f2").tobytes()),
}


def test_sound_statistics(tmp_path: Path) -> None:
    gram = opened(tmp_path, SOUND).gram("x", 2)
    assert gram.mean == 1 and gram.factors.tolist() == [[0.5, -0.5]]
    assert opened(tmp_path, {"x.diagonal": ("F32", [2], bytes(8))}).gram("x", 2).factors.shape == (0, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"x.diagonal": ("F32", [3], bytes(12))},
        {"x.diagonal": ("F16", [2], bytes(4))},
        {"x.diagonal": ("F32", [2], np.array([2.5, -1], "<f4").tobytes())},
        {"x.diagonal": ("F32", [2], np.array([np.nan, 1], "<f4").tobytes())},
        {"x.diagonal": ("F32", [2], np.array([1, 1], "<f4").tobytes())},
        {"x.factors": ("F16", [1, 3], bytes(6))},
        {"x.factors": ("F16", [], bytes(2))},
        {"x.factors": ("F16", [0, 2], b"")},
        {"x.factors": ("F16", [1025, 2], bytes(4100))},
        {"x.factors": ("F16", [1, 2], np.array([np.inf, 0], "<f2").tobytes())},
    ],
)
def test_hostile_statistics(tmp_path: Path, changed: Any) -> None:
    with pytest.raises(RejectedError):
        opened(tmp_path, {**SOUND, **changed}).gram("x", 2)


def test_files_that_are_no_statistics(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="format"):
        opened(tmp_path, SOUND, {"koine.format": "koine-task-vector"})
    with pytest.raises(RejectedError, match="is not there"):
        opened(tmp_path, SOUND).gram("y", 2)


def opened(folder: Path, tensors: Any, metadata: dict[str, str] = STATISTICS) -> Statistics:
    (folder / "s").write_bytes(safetensors(tensors, [], metadata=metadata))
    return Statistics(folder / "s")


def test_layers_are_found_where_java_finds_them() -> None:
    found = Weights(PATCHES / "bases/layers", ["model.onnx"]).layers()
    assert found == {
        "model.onnx/gemm": Layer("model.onnx/x", 12, True),
        "model.onnx/flipped": Layer("model.onnx/r", 20, True),
        "model.onnx/copied": Layer("model.onnx/s", 16, False),
        "model.onnx/turned": Layer("model.onnx/s", 16, True),
        "model.onnx/plain": Layer("model.onnx/c", 16, False),
        "model.onnx/back": Layer("model.onnx/pr", 18, False),
        "model.onnx/classes": Layer("model.onnx/b", 16, False),
        "model.onnx/kernel": Layer("model.onnx/image:conv(3,2;2,1;1,0,1,1;1,2)", 12, True),
    }
    speech = Weights(PATCHES / "bases/speech", ["encoder.onnx", "decoder.onnx", "decoder_with_past.onnx"]).layers()
    assert speech["decoder_with_past.onnx/decoder.0.up"] == Layer("decoder.onnx/decoder.x0", 7, False)
    assert not any("proj" in key or "embed" in key for key in speech)


@pytest.mark.parametrize(("rows", "inner", "width"), [(1, 1, 1), (3, 4, 5), (7, 11, 300), (5, 18, 20_000), (130, 6, 200)])
def test_products_are_summed_in_one_order(rows: int, inner: int, width: int) -> None:
    left, right = CHANCE.standard_normal((rows, inner)), CHANCE.standard_normal((inner, width))
    found = product(left, right)
    for i, j in zip(CHANCE.integers(rows, size=40).tolist(), CHANCE.integers(width, size=40).tolist(), strict=True):
        assert found[i, j] == by_fours(left[i].tolist(), right[:, j].tolist())


def by_fours(a: list[float], b: list[float]) -> float:
    sum_, whole = 0.0, len(a) - len(a) % 4
    for k in range(0, whole, 4):
        sum_ += ((a[k] * b[k] + a[k + 1] * b[k + 1]) + a[k + 2] * b[k + 2]) + a[k + 3] * b[k + 3]
    for k in range(whole, len(a)):
        sum_ += a[k] * b[k]
    return sum_


def test_other_sums_go_from_the_first_element_on() -> None:
    rows, factors = CHANCE.standard_normal((400, 37)), CHANCE.standard_normal((64, 37))
    seen = dots(rows, factors)
    added = CHANCE.standard_normal((400, 37))
    expected = added[399, 36]
    add_outer(seen, factors, added)
    for k in range(64):
        expected += seen[k, 399] * factors[k, 36]
    assert added[399, 36] == expected
    for i, k in ((0, 0), (399, 63), (255, 7), (256, 8)):
        sum_ = 0.0
        for j in range(37):
            sum_ += float(rows[i, j]) * float(factors[k, j])
        assert seen[k, i] == sum_
    values = CHANCE.random(1000)
    sum_ = 0.0
    for value in values.tolist():
        sum_ += value
    assert total(values) == sum_ and total(values[:0]) == 0


@pytest.mark.parametrize("size", [1, 3, 4, 6, 21, 130])
def test_cholesky_in_the_order_of_a_loop(size: int) -> None:
    matrix = CHANCE.standard_normal((size, size + 2))
    upper = square(matrix, np.full(size, 0.5))
    right = CHANCE.standard_normal((size, 3))
    found = Cholesky(upper.copy()).solve(right.copy())
    assert found[:, 1].tolist() == solved(upper.tolist(), right[:, 1].tolist())
    np.testing.assert_allclose((np.triu(upper) + np.triu(upper, 1).T) @ found, right, atol=1e-8)


def solved(upper: list[list[float]], x: list[float]) -> list[float]:
    """Four columns at a time are taken off what is behind them, one after the other among themselves."""
    size = len(x)
    u = [row[:] for row in upper]
    for at in range(0, size, 4):
        end = min(size, at + 4)
        for k in range(at, end):
            root = float(np.sqrt(u[k][k]))
            u[k][k:] = [value / root for value in u[k][k:]]
            for i in range(k + 1, end):
                u[i][i:] = [u[i][j] - u[k][i] * u[k][j] for j in range(i, size)]
        for i in range(end, size):
            rows = range(at, at + 4)
            u[i][i:] = [u[i][j] - by_fours([u[k][i] for k in rows], [u[k][j] for k in rows]) for j in range(i, size)]
    for i in range(size):
        x[i] = (x[i] - by_fours([u[k][i] for k in range(i)], x[:i])) / u[i][i]
    for i in range(size - 1, -1, -1):
        x[i] = (x[i] - by_fours(u[i][i + 1 :], x[i + 1 :])) / u[i][i]
    return x


@pytest.mark.parametrize("rank", [0, 3, 9, 10, 25])
def test_low_ranks_solve_the_same_equations(rank: int) -> None:
    diagonal, rows = CHANCE.random(20) + 0.1, CHANCE.standard_normal((rank, 20))
    right = CHANCE.standard_normal((20, 5))
    found = solver(diagonal, rows).solve(right.copy())
    np.testing.assert_allclose((np.diag(diagonal) + rows.T @ rows) @ found, right, atol=1e-9)


def test_a_matrix_that_is_not_positive_is_refused() -> None:
    for value in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(RejectedError):
            Cholesky(np.array([[value]]))
