"""Error rates on the experiment's test utterances: greedy, in a window of 10 s or of Whisper's whole 30 s, its encoding in bfloat16 where the processor computes in it. What is measured is kept, with its texts."""

import time

from koine_eval.real import score as basis
from koine_eval.real import whisper
from koine_eval.real.store import say
from koine_eval.real.study import speech

#: The end of a name whose measurements are in the whole window.
WHOLE = "-30s"


def record(store, name):
    return store.read("study/scores", name) or {}


def missing(store, name, languages, most):
    """Languages -> test utterances that were not measured yet."""
    seen = record(store, name)
    found = {}
    for language in languages:
        known = {row[0] for row in seen.get(language, {}).get("counts", [])}
        todo = [one for one in speech.utterances(store, "test", language, most) if one.id not in known]
        if todo:
            found[language] = todo
    return found


def measure(store, name, model, languages, most):
    """Measures the utterances that are missing, language by language; returns the counts of the first `most` of each. The window is the whole one of a name with that end."""
    positions = whisper.WINDOW if name.endswith(WHOLE) else basis.POSITIONS
    sound = speech.speech(store)
    for language, utterances in missing(store, name, languages, most).items():
        started = time.monotonic()
        found = basis.transcripts(model, sound, utterances, is_fast=True, positions=positions)
        seen = record(store, name)
        rows = seen.setdefault(language, {"counts": [], "texts": {}})
        rows["counts"] += [basis.count(one.id, one.normalised, found[one.id]) for one in utterances]
        rows["texts"] |= found
        store.write("study/scores", name, seen)
        wer, cer = basis.rates(rows["counts"])
        seconds = time.monotonic() - started
        say(f"score: {name}: {language}, {len(rows['counts'])} utterances, WER {wer:.1f} CER {cer:.1f}, {seconds:.0f} s")
    return counts(store, name, languages, most)


def counts(store, name, languages, most=None):
    """Language -> counts of its first `most` test utterances, an utterance's word edits capped at its words."""
    seen = record(store, name)
    return {language: [basis.capped(row) for row in seen[language]["counts"][:most]] for language in languages if language in seen}
