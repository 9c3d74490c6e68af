"""Connectionist temporal classification, greedily: the best token of every step, repeats merged, blanks dropped."""

from pathlib import Path
from typing import Any

from koine_subscriber.bundle_json import BundleJson
from koine_subscriber.errors import RejectedError
from koine_subscriber.runtime import best, float_matrix, logits_of, open_session
from koine_subscriber.vocabulary import Vocabulary


class Ctc:
    """A bundle whose config.json says `ctc`. It can be a subscriber's `load`; many threads may use it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises RejectedError MISSING_FILE or NOT_LOADABLE if the bundle is no such model."""
        config = BundleJson(folder, "config.json")
        if config.text("model_type") != "ctc":
            raise RejectedError("NOT_LOADABLE", f"config.json says model_type '{config.text('model_type')}', not ctc.")
        self._blank = config.index("blank_token_id")
        self._delimiter = config.text("word_delimiter_token")
        self._mels = config.index("num_mel_bins")
        self._vocabulary = Vocabulary.read(folder)
        self._session = open_session(folder, "model", threads)

    def transcribe(self, features: Any) -> str:
        """The text of one utterance, of features [frames, mels].

        Raises ValueError if the model does not take these, RuntimeError if its output is no logits, such as NaN.
        """
        matrix = float_matrix(features)
        if matrix.shape[1] != self._mels:
            raise ValueError(f"The features are {matrix.shape} but this model takes [frames, {self._mels}].")
        logits = logits_of(self._session.run(None, {self._session.get_inputs()[0].name: matrix[None]})[0])
        tokens, previous = [], self._blank
        for step in logits:
            token = best(step)
            if token not in (previous, self._blank):
                tokens.append(token)
            previous = token
        return self._vocabulary.characters(tokens, self._delimiter)
