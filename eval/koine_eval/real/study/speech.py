"""The experiment's recordings: those of the corpus and the descriptions of Tux Paint's stamps, split anew.

Test sentences are in no training utterance. Czech and Dutch are tested on a voice that no expert hears; every other language has
the voices of its tests in its training.
"""

import json
from dataclasses import asdict, replace

from koine_eval.real import corpus, recordings, whisper
from koine_eval.real.store import new_folder, parser, say
from koine_eval.real.study import plan

#: The voice that is for tests alone.
TEST_VOICE = {"cs": "small", "nl": "small"}
#: Per cent of the sentences that are kept away from training; test utterances have at least so many words.
HELD_OUT, TEST_WORDS = 35, 2
#: Test utterances of a language, at most.
TEST = 200


def folder(store):
    return store.model("study")


def speech(store):
    """Sound and texts of this experiment's utterances, whose files lie below the whole cache."""
    return whisper.Speech(store, store.folder)


def split(utterances, language):
    """The same utterances of one language, each with its part: train, dev, test or unused."""
    voice = TEST_VOICE.get(language)
    is_held_out = lambda one: one.hash % 100 < HELD_OUT
    parts = {}
    for one in utterances:
        parts[one.id] = "unused" if one.voice == voice or is_held_out(one) else "train"
    trained = {one.normalised for one in utterances if parts[one.id] == "train"}
    held_out = sorted((one for one in utterances if parts[one.id] == "unused"), key=lambda one: (one.hash, one.id))
    fit = lambda one: len(one.normalised.split()) >= TEST_WORDS and one.seconds <= corpus.TEST_SECONDS
    sentences = set(trained)
    for part, most, wanted in (("dev", plan.DEV, lambda one: True), ("test", TEST, lambda one: fit(one) and voice in (None, one.voice))):
        for one in held_out:
            if most and parts[one.id] == "unused" and one.normalised not in sentences and wanted(one):
                parts[one.id] = part
                sentences.add(one.normalised)
                most -= 1
    return [replace(one, split=parts[one.id]) for one in utterances]


def utterances(store, part, language, most=None):
    """Of one split and language, in an order that has nothing to do with what they say; the first `most` of them."""
    with open(folder(store) / "manifest.jsonl", encoding="utf-8") as lines:
        rows = [corpus.Utterance(**json.loads(line)) for line in lines]
    found = [one for one in rows if one.split == part and one.language == language]
    return sorted(found, key=lambda one: (one.hash, one.id))[:most]


def main():
    store = parser(__doc__).parse_args().cache
    target = folder(store)
    if target.exists():
        return
    with open(store.manifest, encoding="utf-8") as lines:
        known = [corpus.Utterance(**json.loads(line)) for line in lines]
    by_language = {language: [] for language in plan.LANGUAGES}
    for one in known:
        if one.voice not in corpus.SPARE_VOICES:
            by_language[one.language].append(replace(one, wav=f"{store.manifest.parent.name}/{one.wav}"))
    with new_folder(target) as made:
        for recording in recordings.stamps(store):
            if found := corpus.utterance(recording, made):
                by_language[found.language].append(replace(found, wav=f"{target.name}/{found.wav}"))
        with open(made / "manifest.jsonl", "w", encoding="utf-8") as out:
            for language, found in by_language.items():
                found = split(found, language)
                for one in found:
                    out.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
                sums = lambda part: [one.seconds for one in found if one.split == part]
                said = (f"{len(sums(part))} {part} ({sum(sums(part)) / 60:.1f} min)" for part in ("train", "dev", "test"))
                say(f"speech: {language}: {', '.join(said)}")


if __name__ == "__main__":
    main()
