"""Error rates of models on the test recordings, with transformers, greedy, in a window of 10 s. What is measured is kept."""

import time

import torch

from koine_eval.real import corpus, plan, whisper
from koine_eval.real.store import parser, say
from koine_eval.real.text import normalise
from koine_eval.scoring import edits

#: Encoder positions of the window, utterances at once.
POSITIONS, BATCH = 500, 10


def transcripts(model, speech, utterances, is_fast=False, positions=POSITIONS):
    """Utterance's id -> normalised transcript."""
    ordered = sorted(utterances, key=lambda one: one.seconds)
    found = {}
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        for one, text in zip(batch, whisper.transcribe(model, speech, batch, positions, is_fast), strict=True):
            found[one.id] = normalise(text, one.language)
    return found


def count(name, reference, text):
    """Of an utterance: its name, word edits, words, character edits, characters."""
    row = [name]
    for parts in (str.split, list):
        row += [edits(parts(reference), parts(text)), len(parts(reference))]
    return row


def capped(row):
    """One that loops counts as one of which nothing is right."""
    return [row[0], min(row[1], row[2]), row[2], min(row[3], row[4]), row[4]]


def rates(rows):
    """Per cent: WER, CER."""
    total = lambda column: sum(row[column] for row in rows)
    return 100 * total(1) / total(2), 100 * total(3) / total(4)


def counts_of(store, model, languages):
    """Language -> counts of its test utterances."""
    speech, record = whisper.Speech(store), {}
    for language in languages:
        utterances = corpus.read(store, "test", language)
        found = transcripts(model, speech, utterances)
        record[language] = [count(one.id, one.normalised, found[one.id]) for one in utterances]
    return record


def measure(store, name, folder, languages):
    """Measures a transformers folder in the languages that are missing."""
    record = store.read("scores", name) or {}
    missing = [language for language in languages if language not in record]
    model = whisper.load(folder) if missing else None
    for language in missing:
        started = time.monotonic()
        record |= counts_of(store, model, [language])
        store.write("scores", name, record)
        wer, cer = rates(record[language])
        say(f"score: {name}: {language} WER {wer:.1f} CER {cer:.1f}, {time.monotonic() - started:.0f} s")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--models", nargs="+", help="names of transformers folders in the cache; base and experts otherwise")
    arguments.add_argument("--languages", nargs="+", default=plan.LANGUAGES, choices=plan.LANGUAGES)
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    for name in args.models or plan.CHECKPOINTS:
        measure(args.cache, name, args.cache.model(name), args.languages)


if __name__ == "__main__":
    main()
