"""Updates from bytes: Avro's single-object encoding, written with any released schema."""

import io
import json
from importlib import resources
from typing import Any

import fastavro
import fastavro.schema

from koine_subscriber.errors import UndecodableError
from koine_subscriber.wire import WireCheck

Update = dict[str, Any]
"""A ModelUpdate by its fields' names: times in milliseconds since 1970, bytes as `bytes`."""

_MARKER = b"\xc3\x01"
_HEADER_BYTES = 10


def _plain(schema: Any) -> Any:
    """The schema without logical types: a time stays a number."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key not in ("logicalType", "doc")}
    return [_plain(item) for item in schema] if isinstance(schema, list) else schema


class _Writer:
    def __init__(self, text: str) -> None:
        raw = _plain(json.loads(text))
        self.named: dict[str, Any] = {}
        self.parsed: Any = fastavro.parse_schema(raw, named_schemas=self.named)
        canonical = fastavro.schema.to_parsing_canonical_form(raw)
        digest = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
        self.header = _MARKER + bytes.fromhex(digest)


def _writers() -> list[_Writer]:
    folder = resources.files("koine_subscriber").joinpath("schemas")
    names = [entry.name for entry in folder.iterdir() if entry.name.startswith("ModelUpdate.v")]
    names.sort(key=lambda name: int(name.split(".")[1][1:]))
    return [_Writer(folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


_WRITERS = _writers()
_READER = _WRITERS[-1].parsed
_BY_HEADER = {writer.header: writer for writer in _WRITERS}


def decode(message: bytes) -> Update:
    """The update that a message holds, as the newest schema has it, with defaults for what its writer did not know.

    Raises UndecodableError if the bytes are not a whole update, or were written with a schema that is not known here.
    """
    if len(message) < _HEADER_BYTES or message[:2] != _MARKER:
        raise UndecodableError(
            f"The message of {len(message)} bytes is not an Avro single-object encoding, which starts with C3 01. "
            "A schema registry's format is not read by this client: let the job write without one."
        )
    writer = _BY_HEADER.get(message[:_HEADER_BYTES])
    if writer is None:
        raise UndecodableError(
            f"The message was written with a schema of fingerprint {message[2:10][::-1].hex()}, which is no known "
            "version of ModelUpdate. Read the topic of updates, or update koine-subscriber if the writer is newer."
        )
    try:
        check = WireCheck(message, _HEADER_BYTES)
        check.walk(writer.parsed, writer.named)
        if check.position != len(message):
            raise ValueError("bytes are left over")
        found = fastavro.schemaless_reader(io.BytesIO(message[_HEADER_BYTES:]), writer.parsed, _READER)
    except (EOFError, ValueError, IndexError, KeyError, TypeError, OverflowError) as e:
        raise UndecodableError(
            f"The message names a schema of ModelUpdate but its {len(message)} bytes are not one ({e}). "
            "Was it cut off, or written with another schema than its header says?"
        ) from e
    return dict(found)


def encode(update: Update) -> bytes:
    """The update as a message of the newest schema."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _READER, update)
    return _WRITERS[-1].header + out.getvalue()
