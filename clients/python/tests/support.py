"""Versions of a small model in a store, and a consumer without a broker."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from koine_subscriber.bundles import bundle_of
from koine_subscriber.events import Update, decode, encode
from koine_subscriber.updates import UpdatesTopic

CONTRACT = Path(__file__).parents[3] / "events/src/test/resources/dev/koine/events/contract"
MODEL = "whisper-small"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def golden(file: str, name: str) -> dict[str, Any]:
    return next(entry for entry in json.loads((CONTRACT / file).read_text("utf-8")) if entry["name"] == name)


def announced(store: Path, version: int, content: bytes) -> Update:
    """An update of a bundle that is put in the store."""
    folder = store / str(version)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    update = decode(base64.b64decode(golden("events.json", "plain")["base64"]))
    file = {"path": "model.onnx", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    update.update(version=version, bundle={"uri": folder.as_uri() + "/", "files": [file]})
    listing = f"{file['sha256']}  {file['size']}  model.onnx\n"
    update["digest"] = "sha256:" + hashlib.sha256(listing.encode()).hexdigest()
    bundle_of(update)
    return update


class FakeConsumer:
    """One partition that records can be put in."""

    def __init__(self) -> None:
        self.log: list[bytes | None] = []
        self.at = 0

    def put(self, update: Update) -> None:
        self.log.append(encode(update))

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def assign(self, places: list[Any]) -> None:
        self.at = max(0, places[0].offset)

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        return 0, len(self.log)

    def position(self, places: list[Any]) -> list[Any]:
        return [SimpleNamespace(partition=0, offset=self.at)]

    def consume(self, most: int, timeout: float) -> list[Any]:
        found = self.log[self.at :][:most]
        messages = [_message(self.at + i, value) for i, value in enumerate(found)]
        self.at += len(found)
        return messages

    def close(self) -> None:
        self.at = 0

    def topic(self) -> UpdatesTopic:
        return UpdatesTopic({}, "koine.updates", MODEL, consumer=self)


def _message(offset: int, value: bytes | None) -> Any:
    return SimpleNamespace(error=lambda: None, partition=lambda: 0, offset=lambda: offset, value=lambda: value)
