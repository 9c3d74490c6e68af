"""Makes the corpus: utterances at 16 kHz with their texts, split by sentence into training, test and unused.

Utterances with digits, marks or an unlikely number of letters a second are left out. Test sentences occur in no training
utterance of their language; voices are the same in both.
"""

import hashlib
import io
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from math import gcd

import soundfile
from scipy.signal import resample_poly

from koine_eval.real.recordings import all_recordings
from koine_eval.real.store import new_folder, parser, say
from koine_eval.real.text import normalise

RATE = 16000
#: Seconds of an utterance, and letters a second, from and to.
SECONDS, LETTERS = (0.6, 12), (3, 28)
#: Of a test utterance: at least so many words, at most so many seconds.
TEST_WORDS, TEST_SECONDS = 3, 9.5
#: Per cent of the sentences that are kept away from training, before test utterances are drawn from them.
HELD_OUT = 25
#: Test utterances of a language, and at most so many of one voice.
TEST, TEST_VOICE = {"en": 40}, {"ru": 25, "cs": 24, "nl": 24}
DEFAULT_TEST, DEFAULT_VOICE = 50, 99
#: A voice that is used neither for training nor for tests: its texts are another's.
SPARE_VOICES = {"menardi"}


@dataclass
class Utterance:
    """One recording at 16 kHz below the corpus, what is said, and the same as it is compared."""

    id: str
    language: str
    voice: str
    wav: str
    text: str
    normalised: str
    seconds: float
    split: str = "train"

    @property
    def hash(self):
        return int(hashlib.sha256((self.language + self.normalised).encode()).hexdigest()[:8], 16)


def is_usable(recording, seconds, normalised):
    text = recording.text
    if not normalised or re.search(r"[\d\[\]<>()*#/%…]|\.\.\.", text):
        return False
    if recording.language == "it" and re.search(r"\w\? +[a-zàèéìòù]|\w\?\w", text):  # ? where an accent was lost
        return False
    return SECONDS[0] <= seconds <= SECONDS[1] and LETTERS[0] <= len(normalised) / seconds <= LETTERS[1]


def utterance(recording, folder):
    """The utterance of a recording, its sound written below `folder`; None if it is of no use."""
    if not recording.text:
        return None
    try:
        samples, rate = soundfile.read(io.BytesIO(recording.sound), dtype="float32")
    except soundfile.LibsndfileError:  # a few files of the packages are empty
        return None
    samples = samples.mean(1) if samples.ndim > 1 else samples
    seconds, normalised = len(samples) / rate, normalise(recording.text, recording.language)
    if not is_usable(recording, seconds, normalised):
        return None
    if rate != RATE:
        common = gcd(rate, RATE)
        samples = resample_poly(samples, RATE // common, rate // common).astype("float32")
    wav = f"wav/{recording.language}/{recording.voice}/{recording.name}.wav"
    (folder / wav).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / wav, samples, RATE)
    name = f"{recording.language}-{recording.voice}-{recording.name}"
    return Utterance(name, recording.language, recording.voice, wav, recording.text, normalised, round(seconds, 2))


def split(utterances, language):
    """Sets the split of all utterances of one language."""
    for one in utterances:
        held_out = one.hash % 100 < HELD_OUT
        one.split = "spare" if one.voice in SPARE_VOICES else "unused" if held_out else "train"
    fit = lambda one: len(one.normalised.split()) >= TEST_WORDS and one.seconds <= TEST_SECONDS
    candidates = sorted((one for one in utterances if one.split == "unused" and fit(one)), key=lambda one: one.hash)
    sentences, voices = set(), Counter()
    for one in candidates:
        is_full = voices[one.voice] == TEST_VOICE.get(language, DEFAULT_VOICE)
        if one.normalised in sentences or is_full or len(sentences) == TEST.get(language, DEFAULT_TEST):
            continue
        one.split = "test"
        sentences.add(one.normalised)
        voices[one.voice] += 1


def read(store, part, language):
    """The utterances of one split and language."""
    with open(store.manifest, encoding="utf-8") as lines:
        rows = [Utterance(**json.loads(line)) for line in lines]
    return [row for row in rows if row.split == part and row.language == language]


def main():
    store = parser(__doc__).parse_args().cache
    target = store.manifest.parent
    if target.exists():
        return
    with new_folder(target) as folder:
        by_language = {}
        for recording in all_recordings(store):
            if recording.language not in by_language:
                say(f"corpus: {recording.language}")
                by_language[recording.language] = []
            if found := utterance(recording, folder):
                by_language[recording.language].append(found)
        with open(folder / store.manifest.name, "w", encoding="utf-8") as out:
            for language, utterances in by_language.items():
                split(utterances, language)
                for one in utterances:
                    out.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
                sums = lambda part: [one.seconds for one in utterances if one.split == part]
                said = (f"{len(sums(part))} {part} ({sum(sums(part)) / 60:.1f} min)" for part in ("train", "test"))
                say(f"corpus: {language}: {', '.join(said)}")


if __name__ == "__main__":
    main()
