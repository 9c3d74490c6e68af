"""What is said: spoken numbers in ten languages, and which phrases are kept away from training."""

import random
import unicodedata
import zlib

from num2words import num2words

#: language code -> espeak-ng voice
VOICES = {
    "ca": "ca",
    "de": "de",
    "es": "es",
    "fr": "fr-fr",
    "it": "it",
    "id": "id",
    "nl": "nl",
    "pt": "pt",
    "ru": "ru",
    "sv": "sv",
}
LANGUAGES = list(VOICES)


def spell(numbers, language):
    """The words of a phrase, in lower case, hyphens read as spaces: (21, 3), "ca" -> "vint i un tres"."""
    words = " ".join(num2words(number, lang=language) for number in numbers)
    words = unicodedata.normalize("NFC", words).replace("\u00ad", "").replace("-", " ").lower()
    return " ".join(words.split())


def is_held_out(numbers):
    """True for phrases that no model hears in training, in no language: some numbers over 20, some pairs."""
    if any(number > 20 and _one_in(6, (number,)) for number in numbers):
        return True
    return len(numbers) > 1 and _one_in(5, numbers)


def draw_phrase(rng: random.Random, held_out: bool):
    """A random phrase on the wanted side of the split: a number, two digits, or a number and a digit."""
    while True:
        kind = rng.random()
        if kind < 0.2:
            numbers = (rng.randrange(0, 21),)
        elif kind < 0.5:
            numbers = (rng.randrange(0, 100),)
        elif kind < 0.8:
            numbers = (rng.randrange(0, 10), rng.randrange(0, 10))
        else:
            numbers = (rng.randrange(20, 100), rng.randrange(0, 10))
        if is_held_out(numbers) == held_out:
            return numbers


def _one_in(n, numbers):
    return zlib.crc32(repr(numbers).encode()) % n == 0
