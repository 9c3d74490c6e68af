"""The small models of fixtures/, to try recipes on: transcription of their evaluation speech, by ONNX Runtime."""

import json
from pathlib import Path

import numpy as np
import onnx
from safetensors.numpy import load_file

from koine_eval.real import score
from koine_eval.recognition import CtcRecogniser, WhisperRecogniser

FOLDER = Path(__file__).parents[2] / "fixtures"
RECOGNISERS = {"ctc": CtcRecogniser, "whisper": WhisperRecogniser}


class Fixtures:
    """Base and experts of one architecture; of two checkpoints of an expert the finished one."""

    alone = False

    def __init__(self, name):
        self.name = name
        self.folder = FOLDER / name
        self.base = self.folder / "base"
        languages = sorted(path.name for path in (self.folder / "evaluation").iterdir())
        self.experts = {language: self._finished(language) for language in languages}
        self.float16 = 2 * sum(_weights(file) for file in sorted(self.base.glob("*.onnx")))

    def _finished(self, language):
        later = self.folder / f"{language}-2"
        return later if later.exists() else self.folder / language

    def scores(self, bundle, languages):
        recogniser = RECOGNISERS[self.name](bundle)
        return {language: self._counts(recogniser, language) for language in languages}

    def _counts(self, recogniser, language):
        folder = self.folder / "evaluation" / language
        features = load_file(folder / "features.safetensors")
        rows = []
        for line in (folder / "references.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["task"] == "transcribe":
                text = recogniser.recognise(features[row["id"]], language, "transcribe")
                rows.append(score.count(row["id"], row["text"], text))
        return rows


def _weights(file):
    """How many there are in an ONNX file; constants are few."""
    graph = onnx.load(file, load_external_data=False).graph
    return sum(int(np.prod(one.dims)) for one in graph.initializer if one.data_type == onnx.TensorProto.FLOAT)
