"""Texts of the models in eval/fixtures; Java's TextsTest reads the same golden file."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from koine_subscriber.errors import RejectedError
from koine_subscriber.vocabulary import Vocabulary

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from koine_subscriber.ctc import Ctc  # noqa: E402
from koine_subscriber.runtime import best  # noqa: E402
from koine_subscriber.whisper import Whisper  # noqa: E402

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "eval/fixtures"
GOLDEN = json.loads((ROOT / "speech/src/test/resources/dev/koine/speech/texts.json").read_text("utf-8"))


@cache
def features(folder: Path) -> dict[str, Any]:
    """The matrices of a features.safetensors."""
    data = (folder / "features.safetensors").read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    entries = json.loads(data[8:start])
    entries.pop("__metadata__", None)
    types = {"F32": "<f4", "F16": "<f2"}
    return {
        name: np.frombuffer(data[start + first : start + end], types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in entries.items()
        for first, end in [entry["data_offsets"]]
    }


@cache
def model(kind: str, name: str) -> Any:
    return {"ctc": Ctc, "whisper": Whisper}[kind](FIXTURES / kind / name)


def transcribe(kind: str, name: str, matrix: Any, language: str, task: str) -> str:
    recogniser = model(kind, name)
    return str(recogniser.transcribe(matrix) if kind == "ctc" else recogniser.transcribe(matrix, language, task))


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: f"{entry['kind']}-{entry['model']}-{entry['id']}-{entry['task']}")
def test_texts_are_those_of_java(entry: dict[str, str]) -> None:
    matrix = features(FIXTURES / entry["kind"] / "evaluation" / entry["language"])[entry["id"]]
    assert transcribe(entry["kind"], entry["model"], matrix, entry["language"], entry["task"]) == entry["text"]


def test_what_a_model_does_not_take_is_said() -> None:
    with pytest.raises(ValueError, match=r"\[frames, 40\]"):
        model("ctc", "base").transcribe(np.zeros((5, 39)))
    with pytest.raises(ValueError, match="no matrix"):
        model("ctc", "base").transcribe(np.zeros(40))
    with pytest.raises(ValueError, match="up to 256 frames"):
        model("whisper", "base").transcribe(np.zeros((40, 257)), "de")
    with pytest.raises(ValueError, match=r"knows no language <\|nl\|>"):
        model("whisper", "base").transcribe(np.zeros((40, 9)), "nl")
    with pytest.raises(RuntimeError, match="NaN"):
        model("ctc", "base").transcribe(np.full((20, 40), np.nan))


def test_other_bundles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="not whisper"):
        Whisper(FIXTURES / "ctc/base")
    with pytest.raises(RejectedError, match="no config.json"):
        Ctc(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "ctc", "blank_token_id": -1}')
    with pytest.raises(RejectedError, match="blank_token_id"):
        Ctc(tmp_path)


def test_vocabularies() -> None:
    letters = Vocabulary({"<pad>": 0, "|": 1, "a": 2, "ß": 3})
    assert letters.characters([1, 2, 3, 1, 1, 0, 2, 9, 1], "|") == "aß a"
    pieces = Vocabulary({"Ġdrei": 0, "ÃŁ": 1, "ig": 2, "<|endoftext|>": 3, "<|de|>": 4, "Ġ": 5, "ÑĤÑĢÐ¸": 6, "Ċ": 7})
    assert pieces.bytes([4, 0, 1, 2, 5, 6, 3, 99]) == "dreißig три"


def test_the_lowest_of_the_likeliest_that_may_be_chosen() -> None:
    assert best(np.array([1, 3, 3, 2], np.float32)) == 1
    assert best(np.array([1, 3, 3, 2], np.float32), {1}) == 2
    assert best(np.array([5, -np.inf, -np.inf], np.float32), {0}) == 1
    with pytest.raises(RuntimeError, match="none of its 2"):
        best(np.zeros(2, np.float32), {0, 1})
