"""How texts are compared: lower case, letters and digits only, one space between words."""

import unicodedata


def normalise(text, language):
    text = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    if language == "es":  # the list of Spanish texts lacks most accents
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return " ".join("".join(c if _belongs(c) else " " for c in text).split())


def _belongs(character):
    return character.isalnum() or unicodedata.category(character).startswith("M")
