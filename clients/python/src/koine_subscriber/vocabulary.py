"""The tokens of a model's `vocab.json`, and text made of them."""

import re
from collections.abc import Iterable
from pathlib import Path

from koine_subscriber.bundle_json import BundleJson

_SPECIAL = re.compile(r"<\|.*\|>|<[a-z]+>|\[[A-Z]+]")
_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
"""White space as Java's `strip` has it: without those that do not break a line."""


def _byte_symbols() -> dict[str, int]:
    """GPT-2's table: printable bytes stand for themselves, the others, in order, for the characters from 256 on."""
    table, following = {}, 256
    for byte in range(256):
        printable = 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or byte >= 0xAE
        table[chr(byte if printable else following)] = byte
        following += not printable
    return table


_BYTES = _byte_symbols()


class Vocabulary:
    """Ids without a token and special tokens are left out of texts."""

    def __init__(self, ids: dict[str, int]) -> None:
        self._tokens = {number: token for token, number in ids.items() if not _SPECIAL.fullmatch(token)}

    @staticmethod
    def read(folder: Path) -> "Vocabulary":
        """That of a bundle. Raises RejectedError."""
        return Vocabulary(BundleJson(folder, "vocab.json").table())

    def characters(self, ids: Iterable[int], word_delimiter: str) -> str:
        """The text of character tokens."""
        tokens = (self._tokens.get(number, "") for number in ids)
        text = "".join(" " if token == word_delimiter else token for token in tokens)
        return re.sub(" +", " ", text.strip(_SPACE))

    def bytes(self, ids: Iterable[int]) -> str:
        """The text of byte-level tokens."""
        symbols = "".join(self._tokens.get(number, "") for number in ids)
        return bytes(_BYTES[symbol] for symbol in symbols if symbol in _BYTES).decode("utf-8", "replace").strip(_SPACE)
