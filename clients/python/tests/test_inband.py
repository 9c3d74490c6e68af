"""Versions from a topic of chunks without a broker: in any order, twice, wrong, and not at all."""

import hashlib
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import confluent_kafka
import pytest
from support import MODEL, FakeConsumer, announced

from koine_subscriber import ModelSubscriber, TroubleHereError
from koine_subscriber.bundles import Bundle, BundleFile
from koine_subscriber.chunks import CHUNK_BYTES, ChunkedFile, encode_chunk
from koine_subscriber.inband import ArtifactsTopic, Coverage, InBandBundles

LONG = random.Random(1).randbytes(5 * CHUNK_BYTES + 11)
SHORT = b"a b c"


class FakeTopic:
    """Two partitions of chunks, and how many messages were handed out."""

    def __init__(self) -> None:
        self.log: dict[int, list[tuple[bytes, bytes | None]]] = {0: [], 1: []}
        self.low = {0: 0, 1: 0}
        self.at: dict[int, int] = {}
        self.read = 0

    def put(self, key: bytes, value: bytes | None) -> None:
        self.log[len(key + (value or b"")) % 2].append((key, value))

    def put_file(self, content: bytes, *indices: int) -> None:
        file = ChunkedFile(hashlib.sha256(content).hexdigest(), len(content))
        for index in indices or range(file.count):
            chunk = content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            self.put(f"{file.sha256}/{index:08d}".encode(), encode_chunk(file, index, chunk))

    def open(self) -> ArtifactsTopic:
        return ArtifactsTopic({}, "koine.artifacts", consumer=self)

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None, 1: None})})

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        return self.low[place.partition], len(self.log[place.partition])

    def assign(self, places: list[Any]) -> None:
        self.at = {place.partition: place.offset for place in places}

    def resume(self, places: list[Any]) -> None:
        assert set(self.at) == {place.partition for place in places}

    def pause(self, places: list[Any]) -> None:
        for place in places:
            self.at.pop(place.partition)

    def consume(self, most: int, timeout: float) -> list[Any]:
        for partition, at in self.at.items():
            if at < len(self.log[partition]):
                self.at[partition] += 1
                self.read += 1
                return [_message(partition, at, *self.log[partition][at])]
        end = confluent_kafka.KafkaError(confluent_kafka.KafkaError._PARTITION_EOF)
        return [_message(partition, at, None, None, end) for partition, at in list(self.at.items())]

    def close(self) -> None:
        self.at = {}


def _message(partition: int, offset: int, key: bytes | None, value: bytes | None, error: Any = None) -> Any:
    return SimpleNamespace(
        error=lambda: error, partition=lambda: partition, offset=lambda: offset, key=lambda: key, value=lambda: value
    )


def file_of(path: str, content: bytes) -> BundleFile:
    return BundleFile(path, len(content), hashlib.sha256(content).hexdigest())


BUNDLE = Bundle.of(
    "file:///nowhere/", [file_of("long", LONG), file_of("short", SHORT), file_of("twin", SHORT), file_of("e", b"")]
)


def source(topic: FakeTopic, folder: Path) -> InBandBundles:
    return InBandBundles(folder, topic.open, patience=0.0)


def assert_whole(received: InBandBundles, bundle: Bundle = BUNDLE) -> None:
    for file in bundle.files:
        with received.open(bundle, file) as opened:
            assert hashlib.sha256(opened.read()).hexdigest() == file.sha256


def test_any_order_and_twice(tmp_path: Path) -> None:
    topic = FakeTopic()
    topic.put_file(LONG, 5, 3, 1, 0, 2, 4)
    topic.put_file(SHORT)
    topic.put_file(LONG)
    received = source(topic, tmp_path / "spool")
    assert_whole(received)
    received.clear(BUNDLE)
    assert not (tmp_path / "spool").exists()


def test_a_process_that_ended_goes_on(tmp_path: Path) -> None:
    topic, rest = FakeTopic(), FakeTopic()
    topic.put_file(LONG, 0, 1, 2)
    topic.put_file(SHORT)
    with pytest.raises(TroubleHereError, match="4 of 7 chunks"):
        source(topic, tmp_path).open(BUNDLE, BUNDLE.files[0])
    rest.put_file(LONG, 3, 4, 5)
    assert_whole(source(rest, tmp_path))


def test_what_is_hostile_is_passed_over(tmp_path: Path) -> None:
    topic, long = FakeTopic(), file_of("long", LONG)
    topic.put(b"nonsense", b"123")
    topic.put(f"{long.sha256}/00000000".encode(), None)
    topic.put(f"{long.sha256}/00000001".encode(), b"\x00" * (3 << 20))
    larger = ChunkedFile(long.sha256, 1 << 40)
    topic.put(f"{long.sha256}/00000099".encode(), encode_chunk(larger, 99, b"\x00" * CHUNK_BYTES))
    received = source(topic, tmp_path)
    with pytest.raises(TroubleHereError, match="0 of 7 chunks"):
        received.open(BUNDLE, BUNDLE.files[0])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0
    topic.put_file(LONG)
    topic.put_file(SHORT)
    assert_whole(received)


@pytest.mark.parametrize("first", [True, False])
def test_wrong_bytes_are_received_again(tmp_path: Path, first: bool) -> None:
    topic, file = FakeTopic(), ChunkedFile(hashlib.sha256(LONG).hexdigest(), len(LONG))
    wrong = f"{file.sha256}/00000000".encode(), encode_chunk(file, 0, b"\x00" * CHUNK_BYTES)
    if first:
        topic.put(*wrong)
    topic.put_file(LONG)
    topic.put_file(SHORT)
    received = source(topic, tmp_path)
    if not first:
        topic.put(*wrong)
    failures = 0
    while failures < 3:
        try:
            assert_whole(received)
            break
        except TroubleHereError as e:
            assert "not those of a file" in str(e)
            failures += 1
    assert failures < 3


def test_what_is_sent_once_more_mends_what_was_spoiled_from_both_sides(tmp_path: Path) -> None:
    topic, file = FakeTopic(), ChunkedFile(hashlib.sha256(LONG).hexdigest(), len(LONG))
    wrong = f"{file.sha256}/00000000".encode(), encode_chunk(file, 0, b"\x00" * CHUNK_BYTES)
    topic.put(*wrong)
    topic.put_file(LONG)
    topic.put(*wrong)
    received = source(topic, tmp_path)
    with pytest.raises(TroubleHereError, match="6 of 7 chunks"):
        received.open(BUNDLE, BUNDLE.files[0])
    topic.put_file(SHORT)
    for _ in range(4):
        with pytest.raises(TroubleHereError, match="not those of a file"):
            received.open(BUNDLE, BUNDLE.files[0])
    topic.put_file(LONG)
    for _ in range(2):
        try:
            assert_whole(received)
            return
        except TroubleHereError:
            pass
    pytest.fail("It was sent again.")


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    topic = FakeTopic()
    for seed in range(60):
        topic.put_file(random.Random(seed).randbytes(10))
    topic.put_file(LONG)
    topic.put_file(SHORT)
    received = source(topic, tmp_path)
    assert_whole(received)
    before = topic.read
    assert before >= 7
    topic.put_file(b"new")
    newer = Bundle.of("file:///nowhere/", [file_of("new", b"new"), file_of("short", SHORT)])
    assert_whole(received, newer)
    assert topic.read - before <= 8


def test_a_topic_that_is_another_is_read_anew() -> None:
    coverage = Coverage()
    coverage.begin({0: (0, 100)})
    coverage.note("a", 0, 5)
    assert coverage.places(["a"], {0: (0, 100)}) == {0: (5, 6)}
    coverage.add({0: (0, 50)})
    assert coverage.backward({0: (0, 100)}, 256) == {0: (0, 100)}
    coverage.add(coverage.backward({0: (0, 100)}, 256))
    assert coverage.backward({0: (0, 100)}, 256) == {}
    coverage.begin({0: (0, 50)})
    assert coverage.places(["a"], {0: (0, 50)}) == {}
    assert coverage.backward({0: (0, 50)}, 16) == {0: (34, 50)}


def test_a_service_needs_no_store(tmp_path: Path) -> None:
    updates, topic = FakeConsumer(), FakeTopic()
    updates.put(announced(tmp_path / "store", 0, LONG))
    (tmp_path / "store").rename(tmp_path / "away")
    received = InBandBundles(tmp_path / "cache" / "in-band", topic.open, patience=0.1)
    with ModelSubscriber(
        MODEL,
        {},
        tmp_path / "cache",
        lambda folder: (folder / "model.onnx").read_bytes(),
        open_topic=updates.topic,
        received=received,
    ) as subscriber:
        with pytest.raises(TimeoutError):
            subscriber.await_version(0, 0.5)
        topic.put_file(LONG)
        assert subscriber.await_version(0, 20).version == 0
        assert subscriber.acquire().model == LONG
        assert subscriber.status().refused == 0
    assert not (tmp_path / "cache" / "in-band").exists()
