"""A schema registry's wire format, on a server that answers as one does."""

import base64
import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest
from support import CONTRACT, MODEL, FakeConsumer, announced, eventually, golden

from koine_subscriber import ModelSubscriber, TroubleHereError, UndecodableError, registry
from koine_subscriber.events import Update, decode, encode
from koine_subscriber.registry import SchemaRegistry
from koine_subscriber.updates import UpdatesTopic

RELEASED = sorted((Path(registry.__file__).parent / "schemas").glob("ModelUpdate.v*.avsc"), key=lambda file: int(file.stem[13:]))
SCHEMA = json.loads(RELEASED[-1].read_text("utf-8"))
PLAIN = base64.b64decode(golden("events.json", "plain")["base64"])
ID = 0x01020304


class Registry(http.server.BaseHTTPRequestHandler):
    """Has the schemas with numbers in `answers`: an answer in JSON, or bytes, or a status."""

    answers: dict[int, Any] = {}
    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        assert "application/vnd.schemaregistry.v1+json" in self.headers["Accept"]
        found = self.answers.get(int(self.path.removeprefix("/registry/schemas/ids/")), 404)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(found if isinstance(found, int) else 200)
        self.send_header("Content-Length", str(len(body) + (10 if body.endswith(b"cut") else 0)))
        self.send_header("Location", "/registry/schemas/ids/1")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[type[Registry], str]]:
    handler = type("Handler", (Registry,), {"answers": {}, "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield handler, f"http://127.0.0.1:{running.server_port}/registry/"
        running.shutdown()


def framed(number: int, body: bytes) -> bytes:
    return b"\0" + number.to_bytes(4, "big", signed=True) + body


def schema(text: Any) -> dict[str, str]:
    return {"schema": json.dumps(text)}


@pytest.mark.parametrize("entry", [e for e in json.loads((CONTRACT / "events.json").read_text("utf-8")) if e["json"]], ids=str)
def test_both_formats_are_read(server: tuple[type[Registry], str], entry: dict[str, Any]) -> None:
    handler, url = server
    message = base64.b64decode(entry["base64"])
    for file in RELEASED:
        raw = json.loads(file.read_text("utf-8"))
        fingerprint = fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(raw), "CRC-64-AVRO")
        if message[2:10] == bytes.fromhex(fingerprint):
            handler.answers[ID] = {"schemaType": "AVRO", "id": ID, **schema(raw)}
    read = SchemaRegistry(url)
    for _ in range(2):
        assert read.decode(framed(ID, message[10:])) == decode(message)
        assert read.decode(message) == decode(message)
    assert handler.asked == [(f"/registry/schemas/ids/{ID}", None)]


def test_credentials_are_sent_and_not_said(server: tuple[type[Registry], str]) -> None:
    handler, url = server
    handler.answers[ID] = 401
    with pytest.raises(TroubleHereError, match="status 401") as raised:
        SchemaRegistry(url.replace("://", "://me:s%3Acret@")).decode(framed(ID, b"x"))
    assert handler.asked[0][1] == "Basic " + base64.b64encode(b"me:s:cret").decode()
    assert "cret" not in str(raised.value)


def test_another_writer_s_schema_is_resolved(server: tuple[type[Registry], str]) -> None:
    handler, url = server
    fields = [field for field in SCHEMA["fields"] if field["name"] != "signature"]
    fixed = {"type": "fixed", "name": "Sum", "size": 2}
    fields.insert(0, {"name": "teams", "type": {"type": "map", "values": ["null", "float", fixed]}})
    fields.insert(3, {"name": "version2", "type": {"type": "string", "avro.java.string": "String"}})
    theirs = {**SCHEMA, "fields": fields}
    handler.answers[7] = schema(theirs)
    record = {"teams": {"a": 0.5, "b": b"xy", "c": None}, "version2": "x", **decode(PLAIN)}
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(theirs), record)
    assert SchemaRegistry(url).decode(framed(7, out.getvalue())) == decode(PLAIN)


def with_type(kind: Any) -> dict[str, Any]:
    return {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "more", "type": kind}]}


def laughs() -> Any:
    """A record of records of records, of which the last has no bytes: 10 to the 9th values."""
    kind: Any = "null"
    for level in range(9):
        first = {"type": "record", "name": f"R{level}", "fields": [{"name": "f0", "type": kind}]}
        first["fields"] += [{"name": f"f{i}", "type": f"R{level - 1}" if level else "null"} for i in range(1, 10)]
        kind = first
    return kind


ENDLESS = {"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}
BODY = encode(decode(PLAIN))[10:]
NULLABLE = [{"name": "modelId", "type": ["null", "string"]}]
MILLION = b"\x80\x89\x7a\x00"
HOSTILE = [
    ("more than 1048576 bytes", b" " * (1 << 20) + b"{}", BODY),
    ("JSONDecodeError", b"<html>", BODY),
    ("AttributeError", [], BODY),
    ("KeyError: 'schema'", {}, BODY),
    ("no schema of Avro", {"schemaType": "PROTOBUF", "schema": "{}"}, BODY),
    ("Expecting value", {"schema": "nonsense"}, BODY),
    ("RecursionError|Expecting value", {"schema": '{"type":"array","items":' * 20_000}, BODY),
    ("64 levels deep", schema({**SCHEMA, "doc": json.loads("[" * 80 + "]" * 80)}), BODY),
    ("no record ModelUpdate", schema("string"), BODY),
    ("no record ModelUpdate", schema({"type": "array", "items": "null", "name": "ModelUpdate"}), BODY),
    ("no record ModelUpdate", schema({**SCHEMA, "name": "Rejection"}), BODY),
    ("No default value for field modelId", schema({**SCHEMA, "fields": []}), b""),
    ("UnknownType", schema({"__fastavro_parsed": True, "__named_schemas": {}, **with_type("Gone")}), BODY),
    ("UnknownType", schema(with_type("Gone")), BODY),
    ("RecursionError", schema(with_type(ENDLESS)), BODY),
    ("1000000 elements", schema(with_type({"type": "array", "items": "null"})), BODY + MILLION),
    ("too many values for its length", schema(with_type(laughs())), BODY),
    ("a length of -5 bytes", schema(with_type({"type": "fixed", "name": "F", "size": -5})), BODY),
    ("bytes are left over", schema(SCHEMA), BODY + b"x"),
    ("a length of", schema(SCHEMA), BODY[:20]),
    ("not found in", schema({**SCHEMA, "fields": NULLABLE + SCHEMA["fields"][1:]}), b"\0" + BODY[1 + len(MODEL) :]),
]


@pytest.mark.parametrize(("why", "answer", "body"), HOSTILE)
def test_what_is_hostile_is_refused_and_the_next_is_read(
    server: tuple[type[Registry], str], why: str, answer: Any, body: bytes
) -> None:
    handler, url = server
    handler.answers.update({7: answer, ID: schema(SCHEMA)})
    read = SchemaRegistry(url)
    for _ in range(2):
        with pytest.raises(UndecodableError, match=why):
            read.decode(framed(7, body))
    assert read.decode(framed(ID, BODY)) == decode(PLAIN)


def test_a_schema_is_asked_for_once_also_where_it_is_refused(server: tuple[type[Registry], str]) -> None:
    handler, url = server
    handler.answers[7] = schema("string")
    read = SchemaRegistry(url)
    for _ in range(3):
        with pytest.raises(UndecodableError, match="schema 7"):
            read.decode(framed(7, b"x"))
    assert len(handler.asked) == 1


def test_what_is_known_is_bounded(server: tuple[type[Registry], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_MOST_KNOWN", 3)
    handler, url = server
    handler.answers.update({number: schema("string") for number in range(9)})
    read = SchemaRegistry(url)
    for number in range(9):
        with pytest.raises(UndecodableError):
            read.decode(framed(number, b"x"))
    assert sorted(read._known) == [6, 7, 8]


def test_a_number_that_the_registry_does_not_have_is_refused_until_it_has_it(server: tuple[type[Registry], str]) -> None:
    handler, url = server
    read = SchemaRegistry(url)
    message = framed(-2, encode(decode(PLAIN))[10:])
    with pytest.raises(UndecodableError, match="schema -2, which the schema registry does not have"):
        read.decode(message)
    handler.answers[-2] = schema(SCHEMA)
    assert read.decode(message) == decode(PLAIN)


@pytest.mark.parametrize("answer", [500, 401, 302, b'{"schema": "cut'])
def test_an_outage_is_no_fault_of_the_message(server: tuple[type[Registry], str], answer: Any) -> None:
    handler, url = server
    read = SchemaRegistry(url)
    handler.answers.update({7: answer, 1: schema(SCHEMA)})
    message = framed(7, encode(decode(PLAIN))[10:])
    with pytest.raises(TroubleHereError):
        read.decode(message)
    handler.answers[7] = schema(SCHEMA)
    assert read.decode(message) == decode(PLAIN)


def test_a_registry_that_drips_or_is_away_is_given_up(
    monkeypatch: pytest.MonkeyPatch, server: tuple[type[Registry], str]
) -> None:
    handler, url = server
    handler.answers[7] = schema(SCHEMA)
    monkeypatch.setattr(registry, "_SECONDS", 1e-9)
    with pytest.raises(TroubleHereError, match="does not answer"):
        SchemaRegistry(url).decode(framed(7, b"x"))
    with pytest.raises(TroubleHereError, match="does not answer"):
        SchemaRegistry("http://127.0.0.1:1").decode(framed(7, b"x"))


@pytest.mark.parametrize("url", ["registry:8081", "ftp://registry", "http://", ""])
def test_what_is_no_url_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="such as https://registry:8081"):
        ModelSubscriber(MODEL, {}, tmp_path, lambda folder: folder, registry_url=url)


def test_a_subscriber_skips_what_is_hostile_and_waits_for_the_registry(
    server: tuple[type[Registry], str], tmp_path: Path
) -> None:
    handler, url = server
    consumer, read = FakeConsumer(), SchemaRegistry(url)
    handler.answers.update({7: 503, 9: b"<html>"})

    def put(update: Update, number: int) -> None:
        consumer.log.append(framed(number, encode(update)[10:]))

    def topic() -> UpdatesTopic:
        return UpdatesTopic({}, "koine.updates", MODEL, consumer=consumer, read=read.decode)

    consumer.put(announced(tmp_path / "store", 0, b"0"))
    load = lambda folder: (folder / "model.onnx").read_bytes()  # noqa: E731
    with ModelSubscriber(MODEL, {}, tmp_path / "cache", load, open_topic=topic) as subscriber:
        subscriber.await_version(0, 10)
        put(announced(tmp_path / "store", 1, b"1"), 9)
        put(announced(tmp_path / "store", 2, b"2"), 7)
        eventually(lambda: subscriber.status().troubles > 0)
        assert subscriber.status().newest == 0
        handler.answers[7] = schema(SCHEMA)
        assert subscriber.await_version(2, 10).version == 2
