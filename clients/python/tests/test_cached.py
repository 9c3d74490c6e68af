"""Which decoder files Whisper takes, and what each run of them gets; on stand-ins for sessions."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from koine_subscriber import whisper  # noqa: E402
from koine_subscriber.errors import RejectedError  # noqa: E402

TEXT = [2, 3, 0]
"""What is answered after the prompt of one token; 0 ends it."""


class Session:
    """Answers the next token of TEXT, and as presents how many tokens the decoder and the encoder have seen."""

    def __init__(self, name: str, inputs: dict[str, str]) -> None:
        self.name, self.inputs, self.calls = name, inputs, list[dict[str, Any]]()

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name=name, type=kind, shape=["batch", 2, "past", 4]) for name, kind in self.inputs.items()]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in ("logits", "present.0.decoder.key", "present.0.encoder.key")]

    def run(self, _: None, inputs: dict[str, Any]) -> list[Any]:
        self.calls.append(inputs)
        if self.name == "encoder_model":
            return [np.ones((1, 2, 4), np.float32)]
        cached = inputs.get("use_cache_branch", [self.name == "decoder_with_past_model"])[0]
        before = int(inputs["past_key_values.0.decoder.key"].flat[0]) if cached else 0
        seen = before + inputs["input_ids"].shape[1]
        logits = np.zeros((1, inputs["input_ids"].shape[1], 5), np.float32)
        logits[0, -1, TEXT[seen - 1]] = 1
        return [logits, np.full(1, seen), np.full(1, -1 if cached else 7)]


PAST = {"past_key_values.0.decoder.key": "tensor(float)", "past_key_values.0.encoder.key": "tensor(float)"}
IDS = {"input_ids": "tensor(int64)"}
HIDDEN = {"encoder_hidden_states": "tensor(float)"}
MERGED = {**IDS, **HIDDEN, **PAST, "use_cache_branch": "tensor(bool)"}


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, dict[str, str]]) -> tuple[Any, dict[str, Session]]:
    sessions = {name: Session(name, inputs) for name, inputs in {"encoder_model": {}, **files}.items()}
    for name in files:
        (folder / f"{name}.onnx").touch()
    config = {"model_type": "whisper", "num_mel_bins": 2, "max_source_positions": 2, "eos_token_id": 0}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text('{"decoder_start_token_id": 1, "max_length": 9}')
    (folder / "vocab.json").write_text('{"a": 2, "b": 3}')
    monkeypatch.setattr(whisper, "open_session", lambda _, name, threads: sessions[name])
    return whisper.Whisper(folder), sessions


@pytest.mark.parametrize(
    "files",
    [
        {"decoder_model": {**IDS, **HIDDEN}},
        {"decoder_model": {**IDS, **HIDDEN}, "decoder_with_past_model": {**IDS, **PAST, "cache_position": "tensor(int64)"}},
        {"decoder_model_merged": MERGED},
        {"decoder_model_merged": {**MERGED, "use_cache_branch": "tensor(int64)"}, "decoder_model": {**IDS, **HIDDEN}},
    ],
    ids=["whole", "with-past", "merged", "merged-that-is-none"],
)
def test_a_text_is_the_same_with_and_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Any) -> None:
    model, sessions = opened(tmp_path, monkeypatch, files)
    assert model.transcribe(np.zeros((2, 3)), "de") == "ab"
    step = sessions.get("decoder_with_past_model")
    if step is not None:
        assert [call["cache_position"].tolist() for call in step.calls] == [[1], [2]]
        assert [call["past_key_values.0.encoder.key"].item() for call in step.calls] == [7, 7]
    if list(files) == ["decoder_model_merged"]:
        first, *others = sessions["decoder_model_merged"].calls
        assert first["past_key_values.0.decoder.key"].shape == (1, 2, 1, 4)
        assert [call["input_ids"].shape for call in others] == [(1, 1), (1, 1)]


def test_an_input_that_nothing_gives_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RejectedError, match="past_key_values.1.decoder.key"):
        files = {"decoder_model_merged": {**MERGED, "past_key_values.1.decoder.key": "tensor(float)"}}
        opened(tmp_path, monkeypatch, files)
