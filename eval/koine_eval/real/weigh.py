"""Experts weighed by what layers are given in each language: statistics by `koine statistics`, merges by `koine merge`.

A language's statistics hear recordings of its training split. The experts are merged as training left them, and each merge is
measured in all languages, those without an expert among them. What is made and measured is kept.
"""

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from koine_eval.real import carry, corpus, koine, plan, score, whisper
from koine_eval.real.store import new_folder, parser, say

#: Utterances that the statistics of a language hear.
UTTERANCES = 24
#: Frames of features a second.
FRAMES = 2 * whisper.POSITIONS
#: Eigenvectors of a layer's input that `koine statistics` keeps where nobody says more.
RANK = 64
#: Languages that no expert is for and that are not to change.
PROTECTED = ("es", "fr", "en")
#: In which experts are measured, and in which nobody has one.
OWN = tuple(expert.language for expert in plan.EXPERTS)


@dataclass(frozen=True)
class Merge:
    """A name, and what the experts are weighed by: nothing, or statistics of a rank."""

    name: str
    rank: int = 0
    protected: tuple = ()
    weight: float = 1

    def arguments(self, store):
        """What `koine merge` is told."""
        if not self.rank:
            return ["--scale", "norm:0.4"]
        words = ["--method", "REGMEAN"]
        for language in OWN:
            words += ["--statistics", f"{language}={statistics(store, language, self.rank)}"]
        for language in self.protected:
            words += ["--protect", f"{language}={statistics(store, language, self.rank)}@{self.weight}"]
        return words

    def languages(self):
        """Whose statistics are taken."""
        return (*OWN, *self.protected) if self.rank else ()


DEFAULT = Merge("default")
MERGES = (
    DEFAULT,
    Merge("regmean", RANK),
    Merge("regmean-protect", RANK, PROTECTED),
    Merge("regmean-protect-0.25", RANK, PROTECTED, 0.25),
    Merge("regmean-protect-ru", RANK, (*PROTECTED, "ru")),
    *(Merge(f"regmean-rank-{rank}", rank) for rank in (16, 32, 128)),
)


def speech_set(store, language):
    return store.model("weigh") / "speech" / language


def statistics(store, language, rank):
    return store.model("weigh") / f"statistics-{rank}" / language


def write_speech(store, language):
    """An evaluation set of training recordings, each as long as its speech, unless it is there."""
    target = speech_set(store, language)
    if target.exists():
        return
    tested = {one.normalised for one in corpus.read(store, "test", language)}
    fit = lambda one: one.normalised not in tested and one.seconds <= corpus.TEST_SECONDS
    distinct = {one.hash: one for one in corpus.read(store, "train", language) if fit(one)}
    utterances = [one for _, one in sorted(distinct.items())[:UTTERANCES]]
    write_set(target, whisper.Speech(store), utterances)


def write_set(target, sound, utterances):
    """An evaluation set of recordings of one language, each as long as its speech."""
    features = sound.features(utterances, whisper.WINDOW).numpy().astype(np.float16)
    heard = lambda one, frames: np.ascontiguousarray(frames[:, : int(one.seconds * FRAMES) + 2])
    with new_folder(target) as folder:
        tensors = {one.id: heard(one, frames) for one, frames in zip(utterances, features, strict=True)}
        save_file(tensors, folder / "features.safetensors")
        with open(folder / "references.jsonl", "w", encoding="utf-8") as lines:
            for one in utterances:
                row = {"id": one.id, "language": one.language, "task": "transcribe", "text": one.text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def hear(command, base, features, language, target, *words):
    """Statistics by `koine statistics`; the seconds they took."""
    words = ["--base", base, "--features", features, "--language", language, *words]
    with new_folder(target) as folder:
        started = time.monotonic()
        koine.run(command, "statistics", *words, "--utterances", UTTERANCES, "--device", "CPU", "--out", folder)
        return time.monotonic() - started


def collect(store, language, rank, command):
    """The statistics of a language, unless they are there."""
    target = statistics(store, language, rank)
    if target.exists():
        return
    write_speech(store, language)
    seconds = hear(command, store.model("base-onnx"), speech_set(store, language), language, target, "--rank", rank)
    store.write("weigh", f"statistics-{rank}/{language}", {"seconds": seconds, "bytes": koine.size(target)})
    say(f"weigh: statistics of {language}, rank {rank}: {koine.size(target) / 1e6:.2f} MB, {seconds:.0f} s")


def merged(store, command, words):
    """The model that `koine merge` makes of the base and what `words` names, and the seconds it took."""
    work = Path(tempfile.mkdtemp(prefix="koine-real-"))
    try:
        base = ["--checkpoint", store.model("base"), "--base", store.model("base-onnx"), "--out", work / "merged", "--device", "CPU"]
        started = time.monotonic()
        koine.run(command, "merge", *base, *words)
        seconds = time.monotonic() - started
        return carry.model(store, work / "merged"), seconds
    finally:
        shutil.rmtree(work)


def measure(store, merge, command):
    """Merges the experts and measures the result in all languages, unless that was done."""
    if store.read("weigh", merge.name):
        return
    for language in merge.languages():
        collect(store, language, merge.rank, command)
    words = [word for expert in plan.EXPERTS for word in ("--expert", f"{expert.language}={store.model(expert.name)}")]
    model, seconds = merged(store, command, [*words, *merge.arguments(store)])
    scores = score.counts_of(store, model, plan.LANGUAGES)
    store.write("weigh", merge.name, {"seconds": seconds, "scores": scores})
    rates = ", ".join(f"{language} {score.rates(rows)[0]:.1f}" for language, rows in scores.items())
    say(f"weigh: {merge.name}: {seconds:.0f} s to merge, WER {rates}")


def main():
    arguments = parser(__doc__)
    names = [merge.name for merge in MERGES]
    arguments.add_argument("--merges", nargs="+", choices=names, default=names)
    arguments.add_argument("--koine", type=Path, default=koine.OWN, help="the command to run; that of this checkout otherwise")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    command = args.koine.resolve()
    koine.run(command, "--version")  # builds Koine
    score.measure(args.cache, "base", args.cache.model("base"), plan.LANGUAGES)
    for expert in plan.EXPERTS:
        score.measure(args.cache, expert.checkpoint, args.cache.model(expert.checkpoint), [expert.language])
    for merge in (merge for merge in MERGES if merge.name in args.merges):
        measure(args.cache, merge, command)


if __name__ == "__main__":
    main()
