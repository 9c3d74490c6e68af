"""Writes FIXTURES.md: error rates of the committed ONNX files, and of numpy merges of them, on the committed speech."""

import argparse
import json
from functools import cached_property
from pathlib import Path

import onnx
from safetensors.numpy import load_file

from koine_eval.merging import DENSITY, RANK, merge, task_vector
from koine_eval.recognition import CtcRecogniser, WhisperRecogniser
from koine_eval.scoring import error_rates

FIVE = ["ca", "de", "es", "fr", "it"]
PUBLISHED_SCALE = 0.2
SCALES = [0.1, 0.2, 0.3, 0.5]


class Bundles:
    """The bundles of one architecture, their evaluation speech, and what they score on it."""

    def __init__(self, folder, recogniser, files):
        self.folder = folder
        self.recogniser = recogniser
        self.files = files
        self.speech = {path.name: _read_evaluation(path) for path in sorted((folder / "evaluation").iterdir())}
        finished = {language: f"{language}-2" for language in self.speech if (folder / f"{language}-2").exists()}
        #: language -> the name of its finished expert
        self.experts = {language: finished.get(language, language) for language in self.speech}

    def open(self, name):
        """The recogniser of a bundle as it lies there."""
        return self.recogniser(self.folder / name)

    def merge(self, languages, scale):
        """A recogniser of the base with the experts of `languages` merged into it."""
        models = {}
        for file in self.files:
            vectors = [self._task_vectors[language, file] for language in languages]
            models[file] = merge(self._load("base", file), vectors, scale).SerializeToString()
        return self.recogniser(self.folder / "base", models)

    def score(self, recogniser, language, task):
        """Error rates of a recogniser on one language."""
        return error_rates(
            (row["text"], recogniser.recognise(row["features"], language, task))
            for row in self.speech[language]
            if row["task"] == task
        )

    def score_all(self, recogniser, task):
        """Language -> error rates of a recogniser."""
        return {language: self.score(recogniser, language, task) for language in self.speech}

    def score_experts(self, task):
        """Language -> error rates of its own expert."""
        return {language: self.score(self.open(name), language, task) for language, name in self.experts.items()}

    @cached_property
    def _task_vectors(self):
        return {
            (language, file): task_vector(self._load("base", file), self._load(name, file))
            for language, name in self.experts.items()
            for file in self.files
        }

    def _load(self, name, file):
        return onnx.load(self.folder / name / file)


def ctc_report(folder):
    """Per language: base, expert and three merges; then the mean error rates of merges over scales."""
    bundles = Bundles(folder, CtcRecogniser, ["model.onnx"])
    task, ten = "transcribe", list(bundles.speech)
    base, experts = bundles.score_all(bundles.open("base"), task), bundles.score_experts(task)
    merged = {
        (len(members), scale): bundles.score_all(bundles.merge(members, scale), task)
        for members in (FIVE, ten)
        for scale in SCALES
    }
    shown = {
        "base": base,
        "its expert": experts,
        "five merged, scale 0.2": merged[5, 0.2],
        "ten merged, scale 0.1": merged[10, 0.1],
        "ten merged, scale 0.2": merged[10, 0.2],
    }
    rows = [[language, *(_cell(rates[language]) for rates in shown.values())] for language in ten]
    rows += [[name, *(_mean(rates, group) for rates in shown.values())] for name, group in _groups(ten)]
    sweep = [
        [f"{count} merged, {name}", *(_mean(merged[count, scale], group) for scale in SCALES)]
        for count in (5, 10)
        for name, group in _groups(ten)
    ]
    early = _cell(bundles.score(bundles.open("de"), "de", task))
    return (
        _table(["language", *shown], rows),
        _table(["", *(f"scale {scale}" for scale in SCALES)], sweep),
        f"`de` is an early checkpoint of the German expert: {early}. The table has the finished one, `de-2`.",
    )


def whisper_report(folder):
    """Per task and language: base, expert, and all experts merged."""
    bundles = Bundles(folder, WhisperRecogniser, ["encoder_model.onnx", "decoder_model.onnx"])
    languages = list(bundles.speech)
    base, merged = bundles.open("base"), bundles.merge(languages, PUBLISHED_SCALE)
    rows = []
    for task in ("transcribe", "translate"):
        columns = [bundles.score_all(base, task), bundles.score_experts(task), bundles.score_all(merged, task)]
        rows += [[task, language, *(_cell(rates[language]) for rates in columns)] for language in languages]
        rows.append([task, "mean", *(_mean(rates, languages) for rates in columns)])
    header = ["task", "language", "base", "its expert", f"all {len(languages)} merged, scale {PUBLISHED_SCALE}"]
    return _table(header, rows)


def _read_evaluation(folder):
    """The lines of a references.jsonl, each with its features under "features"."""
    tensors = load_file(folder / "features.safetensors")
    with open(folder / "references.jsonl", encoding="utf-8") as lines:
        return [row | {"features": tensors[row["id"]]} for row in map(json.loads, lines)]


def _groups(ten):
    return [
        ("mean of the five", FIVE),
        ("mean of the other five", [l for l in ten if l not in FIVE]),
        ("mean of ten", ten),
    ]


def _mean(rates, languages):
    """The unweighted mean over languages, as a cell."""
    return _cell({key: sum(rates[language][key] for language in languages) / len(languages) for key in ("wer", "cer")})


def _cell(rate):
    return f"{rate['wer']:.2f} / {rate['cer']:.2f}"


def _table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the Markdown file to write")
    args = parser.parse_args()
    template = Path(__file__).with_name("FIXTURES.template.md").read_text(encoding="utf-8")
    ctc, scales, revisions = ctc_report(args.fixtures / "ctc")
    whisper = whisper_report(args.fixtures / "whisper")
    text = template.format(ctc=ctc, scales=scales, revisions=revisions, whisper=whisper, rank=RANK, density=DENSITY)
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
