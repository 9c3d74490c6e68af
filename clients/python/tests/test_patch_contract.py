"""Agreement with Java on the bytes of versions, on the files that its PatchContractTest writes and verifies."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patches import COMPUTED, LINES, PATCHES, compute, members, running

from koine_subscriber.bundles import Bundle
from koine_subscriber.errors import RejectedError
from koine_subscriber.patch import running as running_module
from koine_subscriber.patch import vectors
from koine_subscriber.patch.floats import decoded, encoded
from koine_subscriber.patch.graph import BFLOAT16, FLOAT, FLOAT16
from koine_subscriber.patch.grid import Grid
from koine_subscriber.patch.methods import Method
from koine_subscriber.patch.refusal import UnsupportedError
from koine_subscriber.patch.weights import Weights


def lines(which: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(line, id=line["name"]) for line in which]


def digest(model: running_module.RunningModel, update: dict[str, Any], target: Path) -> str:
    """The digest of what is written: that of the update if it is whole."""
    target.mkdir()
    model.write(target, update["scale"])
    bundle = Bundle.from_event(update["bundle"])
    bundle.verify(target)
    return bundle.digest


@pytest.mark.parametrize("line", lines(COMPUTED))
def test_versions_from_scratch(line: dict[str, Any], tmp_path: Path) -> None:
    for update in line["updates"]:
        target = tmp_path / str(update["version"])
        target.mkdir()
        compute(line, update, target)
        Bundle.from_event(update["bundle"]).verify(target)
        assert Bundle.from_event(update["bundle"]).digest == update["digest"]


@pytest.mark.parametrize("line", lines(COMPUTED))
def test_no_version_depends_on_what_was_inside_before(line: dict[str, Any], tmp_path: Path) -> None:
    chance, model = random.Random(line["name"]), running(line, tmp_path)
    for step in range(8):
        update = chance.choice(line["updates"])
        wanted = Counter(members(update))
        changes = [(member, -1) for member in (model.inside - wanted).elements()]
        changes += [(member, 1) for member in (wanted - model.inside).elements()]
        chance.shuffle(changes)
        for member, sign in changes:
            model.change(member, sign)
        assert digest(model, update, tmp_path / str(step)) == update["digest"]
    model.close()


@pytest.mark.parametrize("line", lines(COMPUTED))
@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_how_elements_are_cut_into_runs_changes_nothing(
    line: dict[str, Any], chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if line["folder"] == "large":
        chunk += 1000
    monkeypatch.setattr(vectors, "CHUNK", chunk)
    monkeypatch.setattr(vectors, "_RUN_ELEMENTS", 3 * chunk)
    monkeypatch.setattr(running_module, "CHUNK", chunk + 1)
    update = line["updates"][2]
    compute(line, update, tmp_path)
    Bundle.from_event(update["bundle"]).verify(tmp_path)


@pytest.mark.parametrize("line", lines([line for line in LINES if line not in COMPUTED and "stock" not in line["name"]]))
def test_what_is_not_supported_says_so(line: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="number by number"):
        compute(line, line["updates"][0], tmp_path)


def test_methods_that_are_sums() -> None:
    names = ("COMPACT", "LORS", "LOW_RANK", "MAGNITUDE", "TASK_ARITHMETIC", "DARE")
    assert {Method.of({"method": name, "slack": 0.0}).slack for name in names} == {None}


def test_variances_are_found_where_java_finds_them() -> None:
    normalized = Weights(PATCHES / "bases/normalized", ["model.onnx"])
    for name in ("w", "gain", "shift", "mean", "scale", "variance", "spelled"):
        assert normalized.weight(f"model.onnx/{name}").is_variance == (name in ("variance", "spelled"))
    nested = Weights(PATCHES / "bases/nested", ["nested/model.onnx"])
    for branch in ("#3.then_branch/", "#3.else_branch/"):
        assert nested.weight(f"nested/model.onnx/{branch}spread").is_variance
        assert not nested.weight(f"nested/model.onnx/{branch}weight").is_variance
    assert not nested.weight("nested/model.onnx/shared").is_variance


@pytest.mark.parametrize(
    ("largest", "numel", "step", "wide"),
    [
        (1.0, 1 << 17, 2.0**-26, False),
        (0.999, 1 << 17, 2.0**-27, False),
        (0.0, 1 << 17, 2.0**-26, True),
        (2.0**-9, 1 << 17, 2.0**-35, False),
        (2.0**-10, 1 << 17, 2.0**-36, True),
        (1.0, 1 << 16, 2.0**-26, True),
        (1.0, (1 << 16) + 1, 2.0**-26, False),
    ],
)
def test_grids(largest: float, numel: int, step: float, wide: bool) -> None:
    assert Grid.of(largest, numel) == Grid(step, wide)


def test_addends_are_rounded_to_even_and_end_with_the_range() -> None:
    grid = Grid(0.25, False)
    assert grid.steps(np.array([0.125, 0.375, -0.125, -0.375, 0.3], np.float32), 1.0).tolist() == [0, 2, 0, -2, 1]
    assert grid.steps(np.array([2.0**29 - 64], np.float32), 1.0).tolist() == [2**31 - 256]
    for value in (2.0**29, -(2.0**29), float("nan"), float("inf")):
        with pytest.raises(RejectedError):
            grid.steps(np.array([value], np.float32), 1.0)


def test_weights_without_a_delta_keep_their_bits() -> None:
    weights = np.array([-0.0, -0.0, np.inf, 1.0], np.float32)
    merged = Grid(0.25, False).merged(weights, np.array([0.0, 1.0, 0.0, -2.0]), 0.5)
    assert merged.view(np.uint32).tolist() == np.array([-0.0, 0.125, np.inf, 0.75], np.float32).view(np.uint32).tolist()


@pytest.mark.parametrize("kind", [FLOAT, FLOAT16, BFLOAT16])
def test_every_encoded_value_is_decoded_as_it_was(kind: int) -> None:
    bits = np.arange(1 << 16, dtype="<u2") if kind != FLOAT else np.arange(0, 1 << 32, 65521, dtype=np.uint64).astype("<u4")
    values = decoded(kind, bits.view(np.uint8))
    sound = ~np.isnan(values)
    assert (encoded(kind, values[sound]) == bits[sound].view(np.uint8)).all()


def test_bfloat16_is_rounded_to_nearest_even() -> None:
    values = np.array([0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x7F7FFFFF], np.uint32).view(np.float32)
    assert encoded(BFLOAT16, values).view("<u2").tolist() == [0x3F80, 0x3F82, 0x3F81, 0x3F80, 0x7F80]
