"""The updates topic of a real broker, which KOINE_BROKER names; KOINE_MODEL names a model that has a version there."""

import hashlib
import os
import random
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from support import MODEL, announced

from koine_subscriber import ModelSubscriber, services
from koine_subscriber.__main__ import main
from koine_subscriber.chunks import CHUNK_BYTES, ChunkedFile, encode_chunk
from koine_subscriber.codec import released
from koine_subscriber.events import Update, encode
from koine_subscriber.inband import ArtifactsTopic, InBandBundles
from koine_subscriber.updates import UpdatesTopic

BROKER = os.environ.get("KOINE_BROKER")
pytestmark = pytest.mark.skipif(BROKER is None, reason="KOINE_BROKER names no broker")
KAFKA = {"bootstrap.servers": str(BROKER)}


@pytest.fixture
def topic() -> Iterator[str]:
    """A compacted topic of its own, with two partitions."""
    admin, name = AdminClient(KAFKA), f"updates-{uuid.uuid4()}"
    admin.create_topics([NewTopic(name, 2, 1, config={"cleanup.policy": "compact"})])[name].result()
    yield name
    admin.delete_topics([name])[name].result()


@pytest.fixture
def artifacts() -> Iterator[str]:
    """A compacted topic of chunks, with two partitions."""
    admin, name = AdminClient(KAFKA), f"artifacts-{uuid.uuid4()}"
    admin.create_topics([NewTopic(name, 2, 1, config={"cleanup.policy": "compact"})])[name].result()
    yield name
    admin.delete_topics([name])[name].result()


class Announcer:
    """Announces in transactions, as the merge job does."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._producer = confluent_kafka.Producer({**KAFKA, "transactional.id": topic})
        self._producer.init_transactions(30)

    def begin(self, update: Update) -> None:
        self._producer.begin_transaction()
        self._producer.produce(self._topic, encode(update), MODEL.encode())
        self._producer.flush(30)

    def commit(self) -> None:
        self._producer.commit_transaction(30)

    def abort(self) -> None:
        self._producer.abort_transaction(30)


def follow(topic: str, cache: Path, **more: Any) -> ModelSubscriber[Path]:
    return ModelSubscriber(MODEL, KAFKA, cache, lambda folder: folder, topic=topic, **more)


def test_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["follow", os.environ["KOINE_MODEL"], "--bootstrap", str(BROKER), "--cache", str(tmp_path), "--json", "--once"]
    assert main(arguments) == 0
    assert '"digest": "sha256:' in capsys.readouterr().out


def test_only_what_is_committed_serves(tmp_path: Path, topic: str) -> None:
    announcer = Announcer(topic)
    with follow(topic, tmp_path / "cache") as subscriber:
        with pytest.raises(TimeoutError):
            subscriber.await_version(0, 2)
        assert subscriber.status().troubles == 0
        announcer.begin(announced(tmp_path / "store", 0, b"0"))
        with pytest.raises(TimeoutError):
            subscriber.await_version(0, 2)
        announcer.commit()
        assert subscriber.await_version(0, 5).version == 0
        announcer.begin(announced(tmp_path / "store", 1, b"1"))
        announcer.abort()
        announcer.begin(announced(tmp_path / "store", 2, b"2"))
        announcer.commit()
        assert subscriber.await_version(2, 5).version == 2
        assert (subscriber.status().newest, subscriber.status().swaps, subscriber.status().troubles) == (2, 2, 0)


@pytest.mark.parametrize("last", ["committed", "aborted", "open"])
def test_the_end_of_the_topic_is_found_without_waiting(tmp_path: Path, topic: str, last: str) -> None:
    announcer = Announcer(topic)
    announcer.begin(announced(tmp_path / "store", 0, b"0"))
    announcer.commit()
    announcer.begin(announced(tmp_path / "store", 1, b"1"))
    {"committed": announcer.commit, "aborted": announcer.abort, "open": lambda: None}[last]()
    reader = UpdatesTopic(KAFKA, topic, MODEL)
    try:
        started = time.monotonic()
        found: list[Update] = []
        while not found and time.monotonic() - started < 30:
            found = reader.poll(1.0)
        assert [update["version"] for update in found] == ([0, 1] if last == "committed" else [0])
        assert time.monotonic() - started < 5
    finally:
        reader.close()
    if last == "open":
        announcer.abort()


def test_reports_are_written(tmp_path: Path, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TOPIC", topic)
    with follow("none-yet", tmp_path / "cache", service="asr-1"):
        pass
    consumer, schema = confluent_kafka.Consumer({**KAFKA, "group.id": topic}), released("ServiceReport")[-1]
    consumer.assign([confluent_kafka.TopicPartition(topic, partition, 0) for partition in range(2)])
    reports = list[dict[str, Any]]()
    deadline = time.monotonic() + 30
    while (not reports or not reports[-1]["ended"]) and time.monotonic() < deadline:
        for message in consumer.consume(10, timeout=1):
            assert message.key() == f"{MODEL}/asr-1".encode()
            reports.append(schema.decode(message.value(), 10, schema.parsed))
    consumer.close()
    assert [reports[-1][field] for field in ("service", "modelId", "version", "ended")] == ["asr-1", MODEL, None, True]


def test_leases_hold_through_swaps(tmp_path: Path, topic: str) -> None:
    announcer, failures, ended = Announcer(topic), list[Exception](), threading.Event()
    with follow(topic, tmp_path / "cache") as subscriber:
        announcer.begin(announced(tmp_path / "store", 0, b"0"))
        announcer.commit()
        subscriber.await_version(0, 10)

        def call() -> None:
            while not ended.wait(0.001):
                try:
                    with subscriber.acquire() as lease:
                        assert int((lease.model / "model.onnx").read_bytes()) == lease.version.version
                except Exception as e:
                    failures.append(e)

        worker = threading.Thread(target=call)
        worker.start()
        started = time.monotonic()
        for version in range(1, 6):
            announcer.begin(announced(tmp_path / "store", version, b"%d" % version))
            announcer.commit()
            subscriber.await_version(version, 10)
        assert time.monotonic() - started < 4
        ended.set()
        worker.join()
    assert failures == []


def test_a_service_without_the_store(tmp_path: Path, topic: str, artifacts: str) -> None:
    announcer, producer = Announcer(topic), confluent_kafka.Producer(KAFKA)
    contents = [random.Random(version).randbytes(5 * CHUNK_BYTES + version) for version in range(3)]
    received = InBandBundles(tmp_path / "spool", lambda: ArtifactsTopic(KAFKA, artifacts), patience=60.0)
    with follow(topic, tmp_path / "cache", received=received) as subscriber:
        for version, content in enumerate(contents):
            announcer.begin(announced(tmp_path / "store", version, content))
            (tmp_path / "store").rename(tmp_path / f"away{version}")
            announcer.commit()
            file = ChunkedFile(hashlib.sha256(content).hexdigest(), len(content))
            for index in random.Random(version).sample(range(file.count), file.count):
                chunk = content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
                producer.produce(artifacts, encode_chunk(file, index, chunk), f"{file.sha256}/{index:08d}".encode())
                producer.flush(30)
            served = subscriber.await_version(version, 30)
            assert (served.folder / "model.onnx").read_bytes() == content
        assert (subscriber.status().refused, subscriber.status().troubles) == (0, 0)
