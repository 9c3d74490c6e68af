"""Whisper, greedily, on the files that Optimum exports; with a key-value cache where the bundle has a decoder that takes one."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from koine_subscriber.bundle_json import BundleJson
from koine_subscriber.errors import RejectedError
from koine_subscriber.runtime import best, float_matrix, logits_of, open_session
from koine_subscriber.vocabulary import Vocabulary

_LOG = logging.getLogger(__name__)
_PAST, _PRESENT = "past_key_values.", "present."
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_OWN = {"input_ids", "encoder_hidden_states", "cache_position"}


class Whisper:
    """A bundle whose config.json says `whisper`. It can be a subscriber's `load`; many threads may use it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises RejectedError MISSING_FILE or NOT_LOADABLE if the bundle is no such model."""
        config = BundleJson(folder, "config.json")
        if config.text("model_type") != "whisper":
            raise RejectedError("NOT_LOADABLE", f"config.json says model_type '{config.text('model_type')}', not whisper.")
        self._prompts = _Prompts(BundleJson(folder, "generation_config.json"), config)
        self._mels = config.index("num_mel_bins")
        self._frames = 2 * config.index("max_source_positions")
        self._padding = config.number("features_padding") if config.has("features_padding") else None
        self._vocabulary = Vocabulary.read(folder)
        self._encoder = open_session(folder, "encoder_model", threads)
        self._whole, self._step = _decoders(folder, threads)

    def transcribe(self, features: Any, language: str, task: str = "transcribe") -> str:
        """The text of one utterance, of features [mels, frames]; `language` is a BCP 47 tag, `task` may be translate.

        Raises ValueError if the model does not take these, RuntimeError if its output is no logits, such as NaN.
        """
        window = self._window(float_matrix(features))
        tokens = self._prompts.prompt(language, task)
        prompt = len(tokens)
        hidden = self._encoder.run(None, {"input_features": window[None]})[0]
        cache: dict[str, Any] = {}
        while len(tokens) < self._prompts.max_length:
            logits = self._after(tokens, prompt, hidden, cache)
            first = len(tokens) == prompt
            token = best(logits[-1], self._prompts.suppressed_first if first else self._prompts.suppressed)
            if token in self._prompts.ends:
                break
            tokens.append(token)
        return self._vocabulary.bytes(tokens[prompt:])

    def _window(self, features: Any) -> Any:
        """Features in the window that the encoder takes, with silence behind them."""
        if features.shape[0] != self._mels or features.shape[1] > self._frames:
            raise ValueError(
                f"The features are {features.shape} but this model takes [{self._mels}, up to {self._frames} frames]. "
                "Cut longer recordings into pieces."
            )
        padding = features.min() if self._padding is None else self._padding
        window = np.full((self._mels, self._frames), padding, np.float32)
        window[:, : features.shape[1]] = features
        return window

    def _after(self, tokens: list[int], prompt: int, hidden: Any, cache: dict[str, Any]) -> Any:
        cached = self._step is not None and len(tokens) > prompt
        session = self._step if cached else self._whole
        before = len(tokens) - 1 if cached else 0
        outputs = session.run(None, _inputs(session, tokens[before:], before, hidden, cache if cached else None))
        for output, value in zip(session.get_outputs(), outputs, strict=True):
            if output.name.startswith(_PRESENT) and not (cached and ".encoder." in output.name):
                cache[output.name] = value
        return logits_of(outputs[0])


class _Prompts:
    """What is asked of the decoder, and which tokens it may answer."""

    def __init__(self, generation: BundleJson, config: BundleJson) -> None:
        self._start = generation.index("decoder_start_token_id")
        self._languages, self._tasks = generation.table("lang_to_id"), generation.table("task_to_id")
        has_no_timestamps = generation.has("no_timestamps_token_id")
        self._last = [generation.index("no_timestamps_token_id")] if has_no_timestamps else []
        self.ends = generation.indices("eos_token_id") or frozenset([config.index("eos_token_id")])
        self.suppressed = generation.indices("suppress_tokens")
        self.suppressed_first = self.suppressed | generation.indices("begin_suppress_tokens")
        self.max_length = generation.index("max_length")
        if config.has("max_target_positions"):
            self.max_length = min(self.max_length, config.index("max_target_positions"))

    def prompt(self, language: str, task: str) -> list[int]:
        prompt = [self._start]
        if self._languages:
            prompt.append(_token(self._languages, f"<|{language.split('-')[0].lower()}|>", "language"))
        if self._tasks:
            prompt.append(_token(self._tasks, task, "task"))
        return prompt + self._last


def _token(tokens: dict[str, int], name: str, kind: str) -> int:
    if name not in tokens:
        raise ValueError(f"This model knows no {kind} {name}. It knows {', '.join(tokens)}.")
    return tokens[name]


def _decoders(folder: Path, threads: int) -> tuple[Any, Any]:
    """What takes a text from its beginning, and what takes one more token with a cache, or None; the best that is there."""
    if (folder / "decoder_model_merged.onnx").is_file():
        merged = open_session(folder, "decoder_model_merged", threads)
        try:
            return merged, _with_cache(merged, merged)
        except RejectedError as e:
            if not (folder / "decoder_model.onnx").is_file():
                raise
            _LOG.warning("A model is opened without decoder_model_merged.onnx: %s", e)
    whole = open_session(folder, "decoder_model", threads)
    if not (folder / "decoder_with_past_model.onnx").is_file():
        return whole, None
    return whole, _with_cache(whole, open_session(folder, "decoder_with_past_model", threads))


def _with_cache(whole: Any, step: Any) -> Any:
    given = {output.name for output in whole.get_outputs()}
    types = {place.name: place.type for place in step.get_inputs()}
    merged = whole is step
    if merged and types.pop("use_cache_branch", None) != "tensor(bool)":
        raise RejectedError("NOT_LOADABLE", "The merged decoder has no boolean input use_cache_branch. Export it with Optimum.")
    unknown = [
        name
        for name, kind in types.items()
        if name not in _OWN and not (name.startswith(_PAST) and _present(name) in given and kind in _TYPES)
    ]
    if unknown:
        raise RejectedError(
            "NOT_LOADABLE", f"The decoder with a cache takes {unknown}, which nothing gives. Export it with Optimum."
        )
    return step


def _present(past: str) -> str:
    return _PRESENT + past.removeprefix(_PAST)


def _inputs(session: Any, tokens: list[int], before: int, hidden: Any, cache: dict[str, Any] | None) -> dict[str, Any]:
    """What a decoder takes; without a cache a past is one position of zeros, which is not read."""
    inputs = {}
    for place in session.get_inputs():
        if place.name == "input_ids":
            inputs[place.name] = np.array([tokens], np.int64)
        elif place.name == "encoder_hidden_states":
            inputs[place.name] = hidden
        elif place.name == "cache_position":
            inputs[place.name] = np.arange(before, before + len(tokens), dtype=np.int64)
        elif place.name == "use_cache_branch":
            inputs[place.name] = np.array([cache is not None])
        elif place.name.startswith(_PAST) and cache is not None:
            inputs[place.name] = cache[_present(place.name)]
        elif place.name.startswith(_PAST):
            inputs[place.name] = np.zeros([size if isinstance(size, int) else 1 for size in place.shape], _TYPES[place.type])
    return inputs
