"""Updates in a schema registry's wire format: a zero byte, the schema's id in four bytes, big-endian, the record."""

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from koine_subscriber.codec import WriterSchema
from koine_subscriber.errors import TroubleHereError, UndecodableError
from koine_subscriber.events import READER, Update, decode
from koine_subscriber.fetch import OPENER

_MAGIC = 0
_HEADER_BYTES = 5
_SECONDS = 10.0
_MOST_BYTES = 1 << 20
_MOST_KNOWN = 256
_DEEPEST = 64


class SchemaRegistry:
    """Reads updates with the header of a registry that has Confluent's REST interface, and those without one.

    Used by one thread. A schema that was answered once is not asked for again, also where it is none of ModelUpdate.
    """

    def __init__(self, url: str) -> None:
        """`url` of the interface, such as https://registry:8081 or https://user:password@registry:8081. Raises ValueError."""
        place = urllib.parse.urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError("The schema registry's URL is none. Give one such as https://registry:8081.")
        user, at, host = place.netloc.rpartition("@")
        self._root = urllib.parse.urlunsplit((place.scheme, host, place.path.rstrip("/") + "/", "", ""))
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if at:
            credentials = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
            self._headers["Authorization"] = f"Basic {credentials}"
        self._known: dict[int, WriterSchema | str] = {}

    def decode(self, message: bytes) -> Update:
        """The update that a message holds, as `events.decode`.

        Raises UndecodableError if it is none, TroubleHereError if the registry does not answer: the message may be an update.
        """
        if len(message) < _HEADER_BYTES or message[0] != _MAGIC:
            return decode(message)
        number = int.from_bytes(message[1:_HEADER_BYTES], "big", signed=True)
        writer = self._schema(number)
        try:
            return writer.decode(message, _HEADER_BYTES, READER)
        except Exception as e:
            raise UndecodableError(
                f"The message names the schema {number} of the registry but its {len(message)} bytes do not give a ModelUpdate "
                f"({_short(e)}). Was it cut off, or is that another topic's schema?"
            ) from e

    def _schema(self, number: int) -> WriterSchema:
        known = self._known.get(number)
        if known is None:
            text = _schema_in(number, self._ask(number))
            try:
                known = _parsed(number, text)
            except UndecodableError as e:
                known = str(e)
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[number] = known
        if isinstance(known, str):
            raise UndecodableError(known)
        return known

    def _ask(self, number: int) -> bytes:
        url = f"{self._root}schemas/ids/{number}"
        try:
            with OPENER.open(urllib.request.Request(url, headers=self._headers), timeout=_SECONDS) as response:
                return _read(response, number)
        except urllib.error.HTTPError as e:
            e.close()
            if e.code == 404:
                raise UndecodableError(
                    f"The message names the schema {number}, which the schema registry does not have. "
                    "Register it, and send the message again."
                ) from e
            raise TroubleHereError(f"The schema registry answers {url} with status {e.code}.") from e
        except (OSError, http.client.HTTPException) as e:
            raise TroubleHereError(f"The schema registry at {self._root} does not answer: {e!r}.") from e


def _read(response: Any, number: int) -> bytes:
    deadline = time.monotonic() + _SECONDS
    content = bytearray()
    while block := response.read1(1 << 16):
        content += block
        if len(content) > _MOST_BYTES:
            raise UndecodableError(f"The schema registry answers more than {_MOST_BYTES} bytes for the schema {number}.")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(content)} bytes in {_SECONDS} s")
    if response.length:
        raise ConnectionError(f"{response.length} bytes are missing")
    return bytes(content)


def _schema_in(number: int, answer: bytes) -> str:
    try:
        found = json.loads(answer)
        if found.get("schemaType") not in (None, "AVRO") or not isinstance(found["schema"], str):
            raise ValueError("no schema of Avro")
        return str(found["schema"])
    except Exception as e:
        raise UndecodableError(
            f"The schema registry does not answer with a schema of Avro for the schema {number} ({_short(e)}). "
            "Is registry_url that of its interface? The message is skipped until this restarts."
        ) from e


def _parsed(number: int, text: str) -> WriterSchema:
    try:
        raw = json.loads(text)
        _require_shallow(raw, _DEEPEST)
        schema = WriterSchema(raw)
        kind, name = (schema.parsed.get(field) if isinstance(schema.parsed, dict) else None for field in ("type", "name"))
        if kind != "record" or str(name).rpartition(".")[2] != "ModelUpdate":
            raise ValueError("it is no record ModelUpdate")
        return schema
    except Exception as e:
        raise UndecodableError(
            f"The message names the schema {number}, which the registry does not give as a schema of ModelUpdate ({_short(e)}). "
            "Send it to the topic that it belongs to, or write it with Koine's schema."
        ) from e


def _require_shallow(schema: Any, left: int) -> None:
    if left == 0:
        raise ValueError(f"it is more than {_DEEPEST} levels deep")
    if isinstance(schema, dict | list):
        for item in schema.values() if isinstance(schema, dict) else schema:
            _require_shallow(item, left - 1)


def _short(e: Exception) -> str:
    return f"{type(e).__name__}: {str(e)[:200]}"
