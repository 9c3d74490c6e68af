"""Assembles the fixtures: ONNX bundles of the trained models and the evaluation speech.

The tree is built aside and takes the old one's place only when every check has passed.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from koine_eval import corpus, onnx_export, trained_forms
from koine_eval.plan import ARCHITECTURES

#: architecture -> how its features lie in a fixture, from [frames, mels], and the tasks that it is asked for
EVALUATION = {
    "ctc": (lambda mel: mel, ["transcribe"]),
    "whisper": (lambda mel: mel.T, ["transcribe", "translate"]),
}


def write_bundles(architecture, models, out):
    """Exports the base and every expert; fails if an expert is not built like the base."""
    plan = ARCHITECTURES[architecture]
    names = ["base", *sorted(path.stem for path in models.glob("*.pt") if path.stem != "base")]
    for name in names:
        model = plan.task.new_model()
        model.load_state_dict(torch.load(models / f"{name}.pt"))
        plan.export(model, plan.task.vocab, out / name)
        for file in plan.onnx_files:
            onnx_export.check_same_structure(out / "base" / file, out / name / file)
        print(f"fixtures: {architecture}/{name}", flush=True)


#: architecture -> how many utterances of the training speech are carried, for statistics of a language's activations
TRAINING = {"ctc": 0, "whisper": 24}


def write_speech(utterances, layout, tasks, folder):
    """Some speech of one language: features.safetensors and references.jsonl."""
    folder.mkdir(parents=True)
    tensors = {u.id: np.ascontiguousarray(layout(u.features).astype(np.float16)) for u in utterances}
    save_file(tensors, folder / "features.safetensors")
    with open(folder / "references.jsonl", "w", encoding="utf-8") as lines:
        for u in utterances:
            for task in tasks:
                text = u.text if task == "transcribe" else u.english
                row = {"id": u.id, "language": u.language, "task": task, "text": text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_training(architecture, corpus_folder, out):
    """The first utterances of every language's training speech, to be transcribed."""
    layout, _ = EVALUATION[architecture]
    count = TRAINING[architecture]
    for language in ARCHITECTURES[architecture].base_languages if count else []:
        utterances = corpus.read(corpus_folder, language, "train")[:count]
        write_speech(utterances, layout, ["transcribe"], out / "training" / language)


def write_evaluation(architecture, corpus_folder, out):
    """The held-out utterances of every language."""
    layout, tasks = EVALUATION[architecture]
    for language in ARCHITECTURES[architecture].base_languages:
        utterances = corpus.read(corpus_folder, language, "evaluation")
        write_speech(utterances, layout, tasks, out / "evaluation" / language)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the fixtures folder; it is replaced")
    args = parser.parse_args()
    aside = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    for architecture in ARCHITECTURES:
        torch.manual_seed(0)
        write_bundles(architecture, args.models / architecture, aside / architecture)
        write_evaluation(architecture, args.corpus, aside / architecture)
        write_training(architecture, args.corpus, aside / architecture)
    trained_forms.write_all(aside / "ctc")
    for path in aside.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(args.out, ignore_errors=True)
    aside.rename(args.out)


if __name__ == "__main__":
    main()
