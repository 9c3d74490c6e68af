"""Synthesises the corpus with espeak-ng: per language a train, a dev, an evaluation and a test set.

Speakers (espeak-ng voice variants) and phrases of the others never occur in train. `evaluation` is what fixtures carry,
`test` is more speech of its speakers.
"""

import argparse
import json
import random
import subprocess
import zlib
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.signal import resample_poly

from koine_eval import features, phrases

#: espeak-ng voice variants
SPEAKERS = {
    "train": "m1 m2 m3 m5 m7 f1 f2 f4 Andy Annie aunty belinda caleb Denis ed Hugo linda Mario steph klatt2".split(),
    "dev": ["m4", "m8", "f3"],
    "evaluation": ["m6", "robert", "Gene", "f5"],
}
SPEAKERS["test"] = SPEAKERS["evaluation"]
UTTERANCES = {"train": 1000, "dev": 100, "evaluation": 30, "test": 100}
MAX_FRAMES = 240
#: espeak-ng writes mono 16-bit samples; on a pipe its header does not know their number, so it is skipped.
ESPEAK_RATE = 22050
WAV_HEADER = 44


@dataclass
class Utterance:
    """One recording: its features [frames, mels], what was said, and the English translation."""

    id: str
    language: str
    features: np.ndarray
    text: str
    english: str


def synthesise(text, voice, speed, pitch):
    """Speech by espeak-ng as float samples at 16 kHz, outer silence cut off."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    samples = np.frombuffer(wav[WAV_HEADER:], "<i2") / 32768
    samples = resample_poly(samples, features.SAMPLE_RATE // 50, ESPEAK_RATE // 50)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    margin = features.SAMPLE_RATE // 25
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


def build(language, split, heard):
    """All utterances of one language and split, drawn from a seed of their own; none has a text of `heard`."""
    rng = random.Random(zlib.crc32(f"{language}/{split}".encode()))
    utterances = []
    while len(utterances) < UTTERANCES[split]:
        numbers = phrases.draw_phrase(rng, held_out=split != "train")
        text = phrases.spell(numbers, language)
        if text in heard:
            continue
        voice = f"{phrases.VOICES[language]}+{rng.choice(SPEAKERS[split])}"
        mel = features.log_mel(synthesise(text, voice, rng.randrange(160, 221), rng.randrange(30, 71)))
        if len(mel) <= MAX_FRAMES:
            name = f"{language}-{split}-{len(utterances):04d}"
            utterances.append(Utterance(name, language, mel, text, phrases.spell(numbers, "en")))
    return utterances


def write(folder, utterances):
    """Stores a split as features.safetensors (float16) and utterances.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {u.id: u.features.astype(np.float16) for u in utterances}
    save_file(tensors, folder / "features.safetensors")
    with open(folder / "utterances.jsonl", "w", encoding="utf-8") as out:
        for u in utterances:
            row = {"id": u.id, "language": u.language, "text": u.text, "english": u.english}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def read(corpus, language, split):
    """The utterances that `write` stored, features widened to float32."""
    folder = Path(corpus) / language / split
    tensors = load_file(folder / "features.safetensors")
    with open(folder / "utterances.jsonl", encoding="utf-8") as rows:
        return [
            Utterance(row["id"], row["language"], tensors[row["id"]].astype(np.float32), row["text"], row["english"])
            for row in map(json.loads, rows)
        ]


def _build_language(job):
    corpus, language = job
    heard = set()  # 74 and the pair 70, 4 are the same words in some languages: phrases alone do not keep texts apart
    for split in UTTERANCES:
        if not (corpus / language / split / "utterances.jsonl").exists():
            write(corpus / language / split, build(language, split, heard))
            print(f"corpus: {language} {split}", flush=True)
        if split == "train":
            heard = {u.text for u in read(corpus, language, split)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder to fill; splits already there are kept")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    jobs = [(args.corpus, language) for language in phrases.LANGUAGES]
    with Pool(args.processes) as pool:
        pool.map(_build_language, jobs, chunksize=1)


if __name__ == "__main__":
    main()
