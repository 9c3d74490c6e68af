"""Updates from bytes and back."""

from typing import Any

from koine_subscriber.codec import Codec

Update = dict[str, Any]
"""A ModelUpdate by its fields' names: times in milliseconds since 1970, bytes as `bytes`."""

_CODEC = Codec("ModelUpdate")
READER: Any = _CODEC.newest.parsed


def decode(message: bytes) -> Update:
    """The update that a message holds. Raises UndecodableError."""
    return _CODEC.decode(message)


def encode(update: Update) -> bytes:
    """The update as a message of the newest schema."""
    return _CODEC.encode(update)
