"""Versions that are computed here or fetched whole, and what becomes of damaged and hostile task vectors."""

import asyncio
import json
import logging
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patches import LARGE, LINES, Here, artifact, block, members, put, running, safetensors, staged, with_piece
from support import MODEL, FakeConsumer

from koine_subscriber import ModelSubscriber
from koine_subscriber.aio import AsyncModelSubscriber
from koine_subscriber.bundles import bundle_of
from koine_subscriber.cache import BundleCache
from koine_subscriber.errors import RejectedError, TroubleHereError
from koine_subscriber.events import Update
from koine_subscriber.patch.patcher import Patcher
from koine_subscriber.patch.refusal import UnsupportedError

KEY = "model.onnx/w"


@pytest.fixture
def updates(tmp_path: Path) -> list[Update]:
    return staged(LARGE, tmp_path)


@pytest.fixture
def here(tmp_path: Path) -> Any:
    found = Here(tmp_path / "cache")
    yield found
    found.close()


def test_only_what_changed_is_fetched(
    updates: list[Update], here: Here, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert here.take(updates[0], is_serving=False) == {"base"}
    before = here.cache.bytes_fetched
    assert before == bundle_of(updates[0]).bytes
    assert here.take(updates[1]) == {"artifacts"}
    assert here.cache.bytes_fetched - before < before / 20
    for update in updates[2:]:
        assert here.take(update) == {"artifacts"}
    for _ in range(2):
        assert here.take(updates[2]) == set()
    assert (here.patcher.patched, here.cache.whole) == (5, 1)
    lines = [line for line in caplog.messages if "task vectors" in line]
    assert lines[0] == f"Version 1 of {MODEL}: 0.0 MB of task vectors instead of 0.3 MB."
    assert len(lines) == 5
    kept = {path.name for path in (tmp_path / "cache" / "artifacts").iterdir()}
    assert {digest.removeprefix("sha256:") for digest, _ in members(updates[2])} < kept
    assert len(list((tmp_path / "cache").glob("sha256-*"))) == 3


def test_after_a_restart_totals_are_made_from_what_is_here(updates: list[Update], here: Here, tmp_path: Path) -> None:
    for update in updates[:3]:
        here.take(update)
    here.close()
    again = Here(tmp_path / "cache")
    fetched = again.take({**updates[4], "experts": updates[4]["experts"]})
    assert fetched <= {"artifacts"} and again.cache.bytes_fetched < 2000
    assert (again.patcher.patched, again.cache.whole) == (1, 0)
    again.close()


def test_the_first_version_is_fetched_whole(updates: list[Update], here: Here, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert here.take(updates[1], is_serving=False) == {"version-1"}
    assert caplog.messages == [f"Version 1 of {MODEL} is fetched whole, 0.3 MB: nothing serves yet, and the base is not here."]
    assert here.take(updates[2]) == {"base", "artifacts"}
    assert (here.patcher.patched, here.cache.whole) == (1, 1)


@pytest.mark.parametrize(
    ("share", "is_base_held", "is_patched"), [(0.4, False, True), (0.6, False, False), (0.6, True, True), (1.1, True, False)]
)
def test_bytes_decide(
    updates: list[Update], here: Here, share: float, is_base_held: bool, is_patched: bool, tmp_path: Path
) -> None:
    if is_base_held:
        here.take(updates[0])
    listed = json.loads((tmp_path / "artifacts" / updates[1]["experts"][0]["patch"]["list"]["files"][0]["path"]).read_text())
    ballast = put(tmp_path, os.urandom(int(share * bundle_of(updates[1]).bytes)))
    for file in listed["artifacts"]["files"]:
        put(tmp_path, artifact(file["sha256"]).read_bytes())
    listed["artifacts"] = {"uri": (tmp_path / "artifacts").as_uri(), "files": [*listed["artifacts"]["files"], ballast]}
    patch = updates[1]["experts"][0]["patch"]
    patch["list"]["files"] = [put(tmp_path, json.dumps(listed).encode())]
    patch["bytes"] += ballast["size"]
    here.take(updates[1])
    assert (here.patcher.patched == 1) == is_patched


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"base": None}, "does not say what it is computed from"),
        ({"scale": None}, "does not say what it is computed from"),
        ({"scalesDigest": "sha256:" + "0" * 64}, "each weight has a factor of its own"),
        ({"recipe": {"method": "LATER"}}, "the method LATER is none"),
        ({"patch": None}, "no list of files for the expert e0"),
    ],
)
def test_what_is_not_computed_is_fetched_whole_and_said(
    updates: list[Update], here: Here, change: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here.take(updates[0])
    if "patch" in change:
        updates[1]["experts"][0]["patch"] = change.pop("patch")
    assert here.take({**updates[1], **change}) == {"version-1"}
    assert reason in caplog.messages[-1]


def test_weights_stored_number_by_number_are_tried_once(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    line = next(line for line in LINES if line["folder"] == "varints")
    updates = staged(line, tmp_path, versions=())
    here.take(updates[0])
    sound = staged(LARGE, tmp_path / "large", versions=[1])[1]
    update = with_piece({**sound, "base": updates[0]["bundle"]}, tmp_path, piece(rows=4))
    for _ in range(2):
        with pytest.raises(UnsupportedError, match="number by number"):
            here.patcher._computed(update, bundle_of(sound))
    assert here.patcher._unsupported


def piece(rows: int = 4, key: str = KEY, dtype: str = "F32", content: bytes = b"\0" * 16, **more: Any) -> bytes:
    return safetensors({f"{key}@{more.get('from', 0)}.dense": (dtype, [rows], content)}, [block(key, **more)])


def header(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def low_rank(rows: int, columns: int, rank: int, keep: int = 0, **more: Any) -> bytes:
    said = block(KEY, dense=False, rows=rows, columns=columns, rank=rank, keep=keep, **more)
    floats = {"u": [rows, rank], "v": [rank, columns]} if rank else {}
    return safetensors({f"{KEY}@0.{name}": ("F32", size, b"\0" * 64) for name, size in floats.items()}, [said])


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut off": lambda: piece()[:-1],
    "no header": lambda: header(b"{"),
    "a header beyond the file": lambda: struct.pack("<Q", 1 << 60) + b"{}",
    "a header of a list": lambda: header(b"[]"),
    "a deep header": lambda: header(b"[" * 100_000),
    "another format": lambda: piece().replace(b"koine-task-vector", b"koine-task-sector"),
    "another version": lambda: safetensors({}, [], version="4"),
    "no blocks": lambda: piece().replace(b"koine.blocks", b"koine.clocks"),
    "a foreign key": lambda: piece(key="model.onnx/other"),
    "a key behind the weight": lambda: piece(**{"from": 261 * 257 - 3}),
    "a start that is no number": lambda: piece(**{"from": 1.5}),
    "a start below zero": lambda: piece(**{"from": -1}),
    "a transpose of another length": lambda: piece(key="/" + KEY, **{"from": 261 * 257}),
    "NaN": lambda: piece(content=np.full(4, np.nan, "<f4").tobytes()),
    "infinity": lambda: piece(content=np.full(4, np.inf, "<f4").tobytes()),
    "a value without a place": lambda: piece(content=np.full(4, 1e30, "<f4").tobytes()),
    "another element type": lambda: piece(dtype="I64", content=b"\0" * 32),
    "another shape": lambda: piece(rows=3, content=b"\0" * 12),
    "an unknown precision": lambda: piece(precision="INT2"),
    "integers without scales": lambda: piece(dtype="U8", content=b"\0" * 4, precision="INT8"),
    "a huge rank": lambda: low_rank(4, 4, 1 << 40),
    "a rank that wraps": lambda: low_rank(4, 4, (1 << 62) + 4, precision="INT8"),
    "huge rows": lambda: low_rank(1 << 62, 1 << 62, 1),
    "huge rows of nothing": lambda: low_rank(46340, 46340, 0),
    "a mask that is not there": lambda: low_rank(4, 4, 0, keep=4),
    "more kept than there is": lambda: low_rank(4, 4, 0, keep=17),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pieces_are_refused_and_the_version_is_fetched_whole(
    updates: list[Update], here: Here, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    here.take(updates[0])
    forged = with_piece(updates[1], tmp_path, HOSTILE[name]())
    place = lambda digest: tmp_path / "artifacts" / digest.removeprefix("sha256:")  # noqa: E731
    with pytest.raises((RejectedError, UnsupportedError)):
        running(LARGE, tmp_path, place).change(members(forged)[0], 1)
    assert here.take(forged) == {"artifacts", "version-1"}
    assert "cannot be computed here and is fetched whole" in caplog.messages[-1]
    assert not list((tmp_path / "cache").glob("incoming-*"))
    assert here.take(updates[2]) == {"artifacts"}


@pytest.mark.parametrize(
    "vector",
    [
        {"format": 9},
        {"format": "1"},
        {"format": 2},
        {"format": 2, "factors": [1.0, 2.0]},
        {"format": 2, "factors": [float("nan")]},
        {"format": 2, "factors": ["x"]},
        {"pieces": ["sha256:../../lock"]},
        {"pieces": [7]},
        {"pieces": None},
        {"pieces": ["sha256:" + "0" * 64]},
    ],
)
def test_hostile_task_vectors(updates: list[Update], here: Here, tmp_path: Path, vector: dict[str, Any]) -> None:
    here.take(updates[0])
    assert here.take(with_piece(updates[1], tmp_path, piece(), **vector)) == {"artifacts", "version-1"}


@pytest.mark.parametrize(
    "listed",
    [b"", b"{}", b"[]", b'{"format":2,"artifacts":{"uri":"","files":[]}}', b'{"format":1,"artifacts":{"uri":7,"files":[]}}']
    + [b'{"format":1,"artifacts":{"uri":"file:///x","files":[{"path":"../x","size":1,"sha256":"%s"}]}}' % (b"0" * 64)]
    + [b'{"format":1,"artifacts":{"uri":"file:///x","files":[{"path":"x","size":1,"sha256":"x"}]}}', b"[" * 100_000],
)
def test_hostile_lists(updates: list[Update], here: Here, tmp_path: Path, listed: bytes) -> None:
    here.take(updates[0])
    updates[1]["experts"][0]["patch"]["list"] = {"uri": (tmp_path / "artifacts").as_uri(), "files": [put(tmp_path, listed)]}
    assert here.take(updates[1]) == {"artifacts", "version-1"}
    assert here.take(updates[2])


def test_a_list_of_more_bytes_than_are_said(updates: list[Update], here: Here) -> None:
    here.take(updates[0])
    updates[1]["experts"][0]["patch"]["bytes"] -= 1
    assert here.take(updates[1]) == {"artifacts", "version-1"}


def test_damaged_bytes_never_pass_and_raise_what_they_should(tmp_path: Path) -> None:
    chance = random.Random(5)
    for line in (line for line in LINES if line["folder"] == "speech"):
        wanted = members(line["updates"][2])
        for number in range(12):
            folder = tmp_path / f"{LINES.index(line)}-{number}"
            folder.mkdir()

            def place(digest: str, folder: Path = folder) -> Path:
                damaged = folder / digest.removeprefix("sha256:")
                if not damaged.exists():
                    content = bytearray(artifact(digest).read_bytes())
                    for _ in range(chance.randint(1, 3)):
                        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
                    damaged.write_bytes(content[: chance.randint(0, len(content))] if chance.random() < 0.1 else content)
                return damaged

            model = running(line, folder, place)
            try:
                for member in wanted:
                    model.change(member, 1)
            except (RejectedError, UnsupportedError, OSError):
                pass
            model.close()


def test_another_digest_is_fetched_whole(updates: list[Update], here: Here, caplog: pytest.LogCaptureFixture) -> None:
    here.take(updates[0])
    assert here.take({**updates[1], "scale": updates[1]["scale"] * 1.001}) == {"artifacts", "version-1"}
    assert "has the SHA-256" in caplog.messages[-1]
    assert (here.patcher.patched, here.cache.whole) == (0, 2)
    here.take(updates[2])
    assert here.patcher.patched == 1


def test_a_base_that_is_damaged_is_fetched_again(updates: list[Update], here: Here) -> None:
    here.take(updates[0])
    here.take(updates[1])
    model = here.cache.place(bundle_of(updates[0])) / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    assert here.take(updates[2]) == {"artifacts", "version-2"}
    assert here.take(updates[3]) == {"artifacts", "base"}
    assert here.patcher.patched == 2


def test_a_store_without_task_vectors(updates: list[Update], here: Here, tmp_path: Path) -> None:
    here.take(updates[0])
    (tmp_path / "artifacts").rename(tmp_path / "hidden")
    assert here.take(updates[1]) == {"artifacts", "version-1"}
    (tmp_path / "hidden").rename(tmp_path / "artifacts")
    (tmp_path / "version-2").rename(tmp_path / "gone")
    assert here.take(updates[2]) == {"artifacts"}


def test_trouble_with_both_is_trouble(updates: list[Update], here: Here, tmp_path: Path) -> None:
    here.take(updates[0])
    (tmp_path / "artifacts").rename(tmp_path / "hidden")
    (tmp_path / "version-1").rename(tmp_path / "gone")
    with pytest.raises(TroubleHereError):
        here.take(updates[1])


def test_what_is_closing_computes_and_fetches_no_more(updates: list[Update], tmp_path: Path) -> None:
    cache, closing = BundleCache(tmp_path / "cache"), list[int]()
    patcher = Patcher(cache, lambda: bool(closing))
    patcher.fetch(updates[0], bundle_of(updates[0]), False)
    closing.append(1)
    with pytest.raises(TroubleHereError, match="closing"):
        patcher.fetch(updates[1], bundle_of(updates[1]), True)
    assert not cache.place(bundle_of(updates[1])).exists()
    cache.close()


def test_a_process_that_dies_leaves_the_old_version_and_nothing_else(updates: list[Update], tmp_path: Path) -> None:
    (tmp_path / "updates").write_text(repr(updates[:2]))
    script = (
        "import os, sys, datetime\n"
        "from pathlib import Path\n"
        "from koine_subscriber.bundles import Bundle, bundle_of\n"
        "from koine_subscriber.cache import BundleCache\n"
        "from koine_subscriber.patch.patcher import Patcher\n"
        "cache = BundleCache(Path(sys.argv[1]) / 'cache')\n"
        "patcher = Patcher(cache)\n"
        "first, second = eval((Path(sys.argv[1]) / 'updates').read_text())\n"
        "patcher.fetch(first, bundle_of(first), False)\n"
        "Bundle.verify = lambda *_, **__: os._exit(9)\n"
        "patcher._cache.verified = lambda bundle: cache.place(bundle) if cache.place(bundle).exists() else None\n"
        "patcher.fetch(second, bundle_of(second), True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment).returncode == 9
    assert len(list((tmp_path / "cache").glob("incoming-*"))) == 1
    here = Here(tmp_path / "cache")
    names = {path.name for path in (tmp_path / "cache").iterdir()}
    assert names == {"lock", "artifacts", here.cache.place(bundle_of(updates[0])).name}
    assert here.take(updates[1]) == set()
    assert here.patcher.patched == 1
    here.close()


def test_a_subscriber_computes_versions(updates: list[Update], tmp_path: Path) -> None:
    consumer = FakeConsumer()
    follow = lambda patches: ModelSubscriber(  # noqa: E731
        MODEL, {}, tmp_path / "cache", lambda folder: folder, open_topic=consumer.topic, patches=patches
    )
    with follow(True) as subscriber:
        for update in updates:
            consumer.put(update)
            assert subscriber.await_version(update["version"], 30).digest == update["digest"]
            bundle_of(update).verify(subscriber.acquire().model)
        status = subscriber.status()
        assert (status.patched, status.whole, status.troubles) == (4, 1, 0)
        assert bundle_of(updates[0]).bytes < status.bytes_fetched < 1.2 * bundle_of(updates[0]).bytes
    assert (tmp_path / "cache/artifacts").exists()
    with follow(False) as subscriber:
        assert subscriber.await_version(4, 30).version == 4
        status = subscriber.status()
        assert (status.patched, status.whole, status.bytes_fetched) == (0, 0, 0)
    assert not (tmp_path / "cache/artifacts").exists()
    assert threading.active_count() == 1


def test_for_asyncio(updates: list[Update], tmp_path: Path) -> None:
    consumer = FakeConsumer()

    async def run() -> list[int]:
        seen = []
        start = AsyncModelSubscriber.start(
            MODEL, {}, tmp_path / "cache", lambda folder: folder, open_topic=consumer.topic, patches=True
        )
        async with await start as subscriber:
            consumer.put(updates[0])
            async for version in subscriber.versions():
                seen.append(subscriber.status().patched)
                if version.version == 2:
                    break
                consumer.put(updates[version.version + 1])
        return seen

    assert asyncio.run(run()) == [0, 1, 2]
