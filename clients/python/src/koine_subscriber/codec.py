"""Records from bytes and back: Avro's single-object encoding, written with any released schema."""

import io
import json
from importlib import resources
from typing import Any

import fastavro
import fastavro.schema

from koine_subscriber.errors import UndecodableError
from koine_subscriber.wire import WireCheck

MARKER = b"\xc3\x01"
_HEADER_BYTES = 10
_MEANT = {"type", "name", "namespace", "fields", "symbols", "items", "values", "size", "default"}


def plain(schema: Any) -> Any:
    """A schema without what does not change bytes, such as logical types: a time stays a number."""
    if isinstance(schema, dict):
        return {key: value if key == "default" else plain(value) for key, value in schema.items() if key in _MEANT}
    return [plain(item) for item in schema] if isinstance(schema, list) else schema


class WriterSchema:
    """A schema that values are written with: parsed, its types by name, and the header of the single-object encoding."""

    def __init__(self, raw: Any) -> None:
        """`raw` is JSON's. Raises what fastavro does where it is no schema."""
        schema = plain(raw)
        self.named: dict[str, Any] = {}
        self.parsed: Any = fastavro.parse_schema(schema, named_schemas=self.named)
        canonical = fastavro.schema.to_parsing_canonical_form(schema)
        digest = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
        self.header = MARKER + bytes.fromhex(digest)

    def decode(self, message: bytes, start: int, reader: Any) -> dict[str, Any]:
        """The record in the message from `start` on, as the reader's schema has it.

        Raises EOFError, ValueError or another error where they are none. Takes no memory for a length before its bytes are there.
        """
        check = WireCheck(message, start)
        check.walk(self.parsed, self.named)
        if check.position != len(message):
            raise ValueError("bytes are left over")
        return dict(fastavro.schemaless_reader(io.BytesIO(message[start:]), self.parsed, reader))

    def encode(self, record: dict[str, Any]) -> bytes:
        """The record as a message."""
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.parsed, record)
        return self.header + out.getvalue()


def released(name: str) -> list[WriterSchema]:
    """The released schemas of a record, the oldest first."""
    folder = resources.files("koine_subscriber").joinpath("schemas")
    names = [entry.name for entry in folder.iterdir() if entry.name.startswith(name + ".v")]
    names.sort(key=lambda file: int(file.split(".")[1][1:]))
    return [WriterSchema(json.loads(folder.joinpath(file).read_text(encoding="utf-8"))) for file in names]


class Codec:
    """Of one kind of record, by its name: a record is a dict by its fields' names, with times in milliseconds since 1970."""

    def __init__(self, name: str) -> None:
        writers = released(name)
        self._name = name
        self.newest = writers[-1]
        self._by_header = {writer.header: writer for writer in writers}

    def decode(self, message: bytes) -> dict[str, Any]:
        """The record that a message holds, as the newest schema has it, with defaults for what its writer did not know.

        Raises UndecodableError if the bytes are not a whole one, or were written with a schema that is not known here.
        """
        if len(message) < _HEADER_BYTES or message[:2] != MARKER:
            raise UndecodableError(
                f"The message of {len(message)} bytes is not an Avro single-object encoding, which starts with C3 01. "
                "A schema registry's format is read where registry_url names the registry."
            )
        writer = self._by_header.get(message[:_HEADER_BYTES])
        if writer is None:
            raise UndecodableError(
                f"The message was written with a schema of fingerprint {message[2:10][::-1].hex()}, which is no known "
                f"version of {self._name}. Read the topic that has these, or update koine-subscriber if the writer is newer."
            )
        try:
            return writer.decode(message, _HEADER_BYTES, self.newest.parsed)
        except (EOFError, ValueError, IndexError, KeyError, TypeError, OverflowError) as e:
            raise UndecodableError(
                f"The message names a schema of {self._name} but its {len(message)} bytes are not one ({e}). "
                "Was it cut off, or written with another schema than its header says?"
            ) from e

    def encode(self, record: dict[str, Any]) -> bytes:
        """The record as a message of the newest schema."""
        return self.newest.encode(record)
