"""Agreement with Java, on the files that its ContractTest writes and verifies."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from koine_subscriber.bundles import Bundle, BundleFile
from koine_subscriber.chunks import CHUNK_BYTES, ChunkedFile, chunk_of, encode_chunk, key_of
from koine_subscriber.errors import RejectedError, UndecodableError
from koine_subscriber.events import decode, encode
from koine_subscriber.signatures import TrustedKeys
from koine_subscriber.statement import statement_of

CONTRACT = Path(__file__).parents[3] / "events/src/test/resources/dev/koine/events/contract"


def entries(name: str) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in json.loads((CONTRACT / name).read_text("utf-8"))]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("entry", entries("events.json"))
def test_events(entry: dict[str, Any]) -> None:
    message = base64.b64decode(entry["base64"])
    if entry["json"] is None:
        with pytest.raises(UndecodableError):
            decode(message)
    else:
        update = decode(message)
        assert plain(update) == entry["json"]
        assert decode(encode(update)) == update


@pytest.mark.parametrize("entry", entries("bundles.json"))
def test_bundles(entry: dict[str, Any], tmp_path: Path) -> None:
    for path, text in entry["tree"].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    for link, target in entry["links"].items():
        (tmp_path / link).symlink_to(target)
    for link, target in entry["hardLinks"].items():
        os.link(tmp_path / target, tmp_path / link)
    try:
        bundle = Bundle.of("file:///models/x/", [BundleFile(**file) for file in entry["files"]])
        bundle.verify(tmp_path)
        verdict = bundle.digest
    except RejectedError as e:
        verdict = e.code
    assert verdict == entry["verdict"]


@pytest.mark.parametrize("entry", entries("chunks.json"))
def test_chunks(entry: dict[str, Any]) -> None:
    file, found = ChunkedFile(entry["sha256"], entry["size"]), None
    key = key_of(base64.b64decode(entry["key"]))
    if key is not None and entry["value"] is not None and key[0] == file.sha256:
        try:
            content = chunk_of(key, base64.b64decode(entry["value"]), file)
            found = {"index": key[1], "offset": key[1] * CHUNK_BYTES, "bytes": base64.b64encode(content).decode()}
            assert encode_chunk(file, key[1], content) == base64.b64decode(entry["value"])
        except UndecodableError:
            pass
    assert found == entry["verdict"]


@pytest.mark.parametrize("entry", entries("statements.json"))
def test_statements(entry: dict[str, Any]) -> None:
    update = decode(base64.b64decode(entry["base64"]))
    assert statement_of(update) == base64.b64decode(entry["statement"])
    try:
        TrustedKeys(entry["trusted"]).require_update(update)
        verdict = "GOOD"
    except RejectedError as e:
        verdict = e.code
    assert verdict == entry["verdict"]


def test_released_schemas_are_java_s() -> None:
    released = Path(__file__).parents[3] / "schemas/src/main/resources/dev/koine/schemas/released"
    copies = Path(__file__).parents[1] / "src/koine_subscriber/schemas"
    read = ("ArtifactChunk.v*.avsc", "ModelUpdate.v*.avsc", "ServiceReport.v*.avsc")
    names = sorted(file.name for pattern in read for file in released.glob(pattern))
    assert names and names == sorted(file.name for file in copies.iterdir())
    for name in names:
        assert (copies / name).read_bytes() == (released / name).read_bytes()
