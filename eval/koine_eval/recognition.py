"""Runs exported bundles with ONNX Runtime: features in, text out. Looks at the bundle's files and nothing else.

A recogniser takes a bundle's folder, and may take `models`, file name -> serialised model, in place of the ONNX files.
"""

import json

import numpy as np

from koine_eval import ctc, onnx_export, whisper


def _session(folder, name, models):
    return onnx_export.session(models[name] if models else folder / name)


def _json(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


class CtcRecogniser:
    """A CTC bundle, decoded greedily."""

    def __init__(self, folder, models=None):
        self.vocab = _json(folder, "vocab.json")
        self.session = _session(folder, "model.onnx", models)

    def recognise(self, mel, language, task):
        """The transcript of features [frames, mels]; language and task are not needed."""
        logits = self.session.run(None, {"features": mel[None].astype(np.float32)})[0]
        return ctc.decode(logits[0], self.vocab)


class WhisperRecogniser:
    """A Whisper bundle, decoded greedily without a key-value cache."""

    def __init__(self, folder, models=None):
        self.vocab = _json(folder, "vocab.json")
        self.config = _json(folder, "config.json")
        self.generation = _json(folder, "generation_config.json")
        self.encoder = _session(folder, "encoder_model.onnx", models)
        self.decoder = _session(folder, "decoder_model.onnx", models)

    def recognise(self, mel, language, task):
        """The transcript or translation of features [mels, frames]."""
        missing = 2 * self.config["max_source_positions"] - mel.shape[1]
        padding = self.config["features_padding"]
        padded = np.pad(mel.astype(np.float32), ((0, 0), (0, missing)), constant_values=padding)
        hidden = self.encoder.run(None, {"input_features": padded[None]})[0]
        start = [
            self.generation["decoder_start_token_id"],
            self.generation["lang_to_id"][f"<|{language}|>"],
            self.generation["task_to_id"][task],
            self.generation["no_timestamps_token_id"],
        ]
        ids = list(start)
        while len(ids) < self.generation["max_length"]:
            inputs = {"input_ids": np.array([ids]), "encoder_hidden_states": hidden}
            following = int(self.decoder.run(None, inputs)[0][0, -1].argmax())
            if following == self.generation["eos_token_id"]:
                break
            ids.append(following)
        return whisper.decode(ids[len(start) :], self.vocab)
