"""The subscriber on a consumer without a broker."""

import time
from pathlib import Path
from typing import Any

import pytest
from support import MODEL, FakeConsumer, announced, eventually

from koine_subscriber import ModelSubscriber, TroubleHereError, TrustedKeys
from koine_subscriber.updates import UpdatesTopic


def follow(consumer: FakeConsumer, cache: Path, **more: Any) -> ModelSubscriber[bytes]:
    more.setdefault("open_topic", consumer.topic)
    return ModelSubscriber(MODEL, {}, cache, lambda folder: (folder / "model.onnx").read_bytes(), **more)


def away() -> UpdatesTopic:
    raise TroubleHereError("The broker is away.")


def test_newest_serves_and_older_ones_are_ignored(tmp_path: Path) -> None:
    consumer = FakeConsumer()
    consumer.log += [b"no event", None]
    for version in (0, 2, 1):
        consumer.put(announced(tmp_path / "store", version, b"%d" % version))
    with follow(consumer, tmp_path / "cache") as subscriber:
        assert subscriber.await_version(2, 10).version == 2
        with subscriber.acquire() as lease:
            assert lease.model == b"2"
        time.sleep(0.3)
        assert subscriber.status().swaps == 1
        assert subscriber.status().troubles == 0


def test_a_held_model_stays_open_through_a_swap(tmp_path: Path) -> None:
    consumer, closed = FakeConsumer(), list[bytes]()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    with follow(consumer, tmp_path / "cache", close=closed.append) as subscriber:
        subscriber.await_version(0, 10)
        lease = subscriber.acquire()
        consumer.put(announced(tmp_path / "store", 1, b"1"))
        subscriber.await_version(1, 10)
        assert closed == []
        lease.close()
        lease.close()
        assert closed == [b"0"]
    assert closed == [b"0", b"1"]
    with pytest.raises(RuntimeError):
        subscriber.acquire()


@pytest.mark.parametrize("damage", ["bytes", "digest", "trial"])
def test_a_refused_version_changes_nothing(tmp_path: Path, damage: str) -> None:
    consumer = FakeConsumer()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    bad = announced(tmp_path / "store", 1, b"1")

    def trial(model: bytes, _: object) -> None:
        if model == b"1":
            raise ValueError("nonsense")

    if damage == "bytes":
        (tmp_path / "store/1/model.onnx").write_bytes(b"2")
    if damage == "digest":
        bad["digest"] = "sha256:" + "0" * 64
    with follow(consumer, tmp_path / "cache", trial=trial) as subscriber:
        subscriber.await_version(0, 10)
        consumer.put(bad)
        eventually(lambda: subscriber.status().refused == 1)
        assert subscriber.acquire().model == b"0"
        consumer.put(announced(tmp_path / "store", 2, b"3"))
        assert subscriber.await_version(2, 10).version == 2
    assert not list((tmp_path / "cache").glob("incoming-*"))


def test_unsigned_updates_are_refused_where_keys_are_given(tmp_path: Path) -> None:
    consumer, codes = FakeConsumer(), list[str]()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    with follow(consumer, tmp_path / "cache", trusted=TrustedKeys([]), on_rejected=lambda _, e: codes.append(e.code)):
        eventually(lambda: codes == ["UNSIGNED"])


def test_last_version_stands_in_while_the_broker_is_away(tmp_path: Path) -> None:
    consumer = FakeConsumer()
    consumer.put(announced(tmp_path / "store", 4, b"4"))
    with follow(consumer, tmp_path / "cache") as subscriber:
        subscriber.await_version(4, 10)
    with follow(consumer, tmp_path / "cache", open_topic=away) as subscriber:
        assert subscriber.await_version(0, 10).version == 4
        eventually(lambda: subscriber.status().troubles > 0)


def test_a_store_that_is_away_is_tried_again(tmp_path: Path) -> None:
    consumer = FakeConsumer()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    (tmp_path / "store/0").rename(tmp_path / "hidden")
    with follow(consumer, tmp_path / "cache") as subscriber:
        eventually(lambda: subscriber.status().troubles > 0)
        (tmp_path / "hidden").rename(tmp_path / "store/0")
        assert subscriber.await_version(0, 10).version == 0
        assert subscriber.status().refused == 0


def test_what_the_store_does_not_give_as_listed_serves_once_it_does(tmp_path: Path) -> None:
    consumer, codes = FakeConsumer(), list[str]()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    late = announced(tmp_path / "store", 1, b"1")
    (tmp_path / "store/1/model.onnx").write_bytes(b"2")
    with follow(consumer, tmp_path / "cache", on_rejected=lambda _, e: codes.append(e.code)) as subscriber:
        subscriber.await_version(0, 10)
        consumer.put(late)
        eventually(lambda: codes == ["DIGEST_MISMATCH"])
        (tmp_path / "store/1/model.onnx").write_bytes(b"1")
        assert subscriber.await_version(1, 10).version == 1
        assert subscriber.status().refused == 1
    assert codes == ["DIGEST_MISMATCH"]


def test_what_is_there_in_the_end_and_bad_is_refused_for_good(tmp_path: Path) -> None:
    consumer, codes, trials = FakeConsumer(), list[str](), list[bytes]()
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    late = announced(tmp_path / "store", 1, b"1")
    (tmp_path / "store/1/model.onnx").rename(tmp_path / "not-yet")

    def trial(model: bytes, _: object) -> None:
        trials.append(model)
        if model == b"1":
            raise ValueError("nonsense")

    with follow(consumer, tmp_path / "cache", trial=trial, on_rejected=lambda _, e: codes.append(e.code)) as subscriber:
        subscriber.await_version(0, 10)
        consumer.put(late)
        eventually(lambda: codes == ["MISSING_FILE"])
        (tmp_path / "not-yet").rename(tmp_path / "store/1/model.onnx")
        eventually(lambda: codes == ["MISSING_FILE", "NOT_LOADABLE"])
        time.sleep(2.5)
        assert trials == [b"0", b"1"]
        assert subscriber.status().refused == 1
