"""Reports on `koine.services`, on a producer without a broker."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import confluent_kafka
import pytest
from support import CONTRACT, MODEL, FakeConsumer, announced, eventually

from koine_subscriber import ModelSubscriber, RejectedError, services
from koine_subscriber.__main__ import main
from koine_subscriber.codec import released
from koine_subscriber.services import ReportsTopic, ServiceReporter, encode

NOW = 1_800_000_000.5
SCHEMA = released("ServiceReport")[-1]


class FakeProducer:
    """Takes a report where `takes` says so, and answers where `answers` does."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.keys: set[bytes] = set()
        self.takes, self.answers, self.purged = True, True, threading.Event()
        self._due: list[Callable[[], None]] = []

    def produce(self, topic: str, value: bytes, key: bytes, on_delivery: Callable[[Any, Any], None]) -> None:
        assert topic == "koine.services"
        report = SCHEMA.decode(value, 10, SCHEMA.parsed)
        assert value[:10] == SCHEMA.header

        def deliver() -> None:
            if not self.takes:
                on_delivery(confluent_kafka.KafkaError(confluent_kafka.KafkaError._MSG_TIMED_OUT), None)
                return
            self.reports.append(report)
            self.keys.add(key)
            on_delivery(None, SimpleNamespace())

        self._due.append(deliver)

    def poll(self, seconds: float) -> None:
        if self.answers and self._due:
            self._due.pop(0)()
        else:
            threading.Event().wait(0.001)

    def purge(self) -> None:
        self.purged.set()


def reporter(producer: FakeProducer, **more: Any) -> ServiceReporter:
    started = ServiceReporter({}, MODEL, "asr-1", topic=ReportsTopic({}, lambda: producer), clock=lambda: NOW, **more)
    started.start()
    return started


@pytest.mark.parametrize("entry", json.loads((CONTRACT / "reports.json").read_text("utf-8")), ids=lambda entry: entry["name"])
def test_bytes_are_java_s(entry: dict[str, Any]) -> None:
    message = base64.b64decode(entry["base64"])
    assert encode(entry["json"]) == message
    assert SCHEMA.decode(message, 10, SCHEMA.parsed) == entry["json"]


def test_says_what_serves_and_what_did_not() -> None:
    producer = FakeProducer()
    said = reporter(producer)
    eventually(lambda: len(producer.reports) == 1)
    assert producer.reports[0]["version"] is None and producer.reports[0]["failures"] == []
    said.served(3, "sha256:3", NOW - 1)
    eventually(lambda: producer.reports[-1]["version"] == 3)
    time = 1_800_000_000_500
    assert producer.reports[-1] == {
        "service": "asr-1",
        "modelId": MODEL,
        "version": 3,
        "digest": "sha256:3",
        "since": time - 1000,
        "ended": False,
        "failures": [],
        "time": time,
    }
    said.refused(4, RejectedError("NOT_LOADABLE", "It answers nonsense."))
    for _ in range(3):
        said.trouble("no route")
    eventually(lambda: [failure["times"] for failure in producer.reports[-1]["failures"]] == [1, 3])
    assert producer.reports[-1]["failures"] == [
        {"kind": "REFUSED", "version": 4, "reason": "It answers nonsense.", "times": 1, "time": time},
        {"kind": "TROUBLE", "version": None, "reason": "no route", "times": 3, "time": time},
    ]
    for version in range(10, 20):
        said.refused(version, RejectedError("NOT_LOADABLE", "\udcff" * 5000))
    eventually(lambda: [failure["version"] for failure in producer.reports[-1]["failures"]] == [15, 16, 17, 18, 19])
    assert all(failure["reason"] == "?" * 1000 + "..." for failure in producer.reports[-1]["failures"])
    said.close()
    said.close()
    assert [report["ended"] for report in producer.reports[-2:]] == [False, True]
    assert producer.reports[-1]["version"] == 3
    assert producer.keys == {f"{MODEL}/asr-1".encode()}


def test_reports_that_it_is_alive() -> None:
    producer = FakeProducer()
    said = reporter(producer, every=0.01)
    eventually(lambda: len(producer.reports) > 3)
    said.close()


def test_a_report_that_is_not_taken_is_written_again_with_what_is_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_FIRST_PAUSE", 0.01)
    producer = FakeProducer()
    producer.takes = False
    said = reporter(producer)
    said.served(1, "sha256:1", NOW)
    said.served(2, "sha256:2", NOW)
    producer.takes = True
    eventually(lambda: bool(producer.reports) and producer.reports[-1]["version"] == 2)
    said.close()


def test_a_broker_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_LAST_WORD_SECONDS", 0.2)
    producer = FakeProducer()
    producer.answers = False
    said = reporter(producer)
    said.served(1, "sha256:1", NOW)
    said.close()
    assert producer.purged.wait(10)
    assert producer.reports == []


def test_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_LAST_WORD_SECONDS", 0.2)
    said = ServiceReporter({"bootstrap.servers": "127.0.0.1:1", "fetch.wait.max.ms": 100}, MODEL, "asr-1")
    said.start()
    said.served(1, "sha256:1", NOW)
    said.close()
    eventually(lambda: not said._thread.is_alive())


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a b", "x" * 101, "a\n"])
def test_services_cannot_be_called_anything(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="such as asr-1"):
        ServiceReporter({}, MODEL, name)
    with pytest.raises(SystemExit):
        main(["follow", MODEL, "--bootstrap", "127.0.0.1:1", "--cache", str(tmp_path), f"--service={name}"])
    assert "such as asr-1" in capsys.readouterr().err


def test_a_subscriber_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    producer, consumer = FakeProducer(), FakeConsumer()
    monkeypatch.setattr(services, "_producer", lambda kafka: producer)
    consumer.put(announced(tmp_path / "store", 0, b"0"))
    load = lambda folder: (folder / "model.onnx").read_bytes()  # noqa: E731
    with ModelSubscriber(MODEL, {}, tmp_path / "cache", load, open_topic=consumer.topic, service="asr-1") as subscriber:
        served = subscriber.await_version(0, 10)
        eventually(lambda: bool(producer.reports) and producer.reports[-1]["version"] == 0)
        assert producer.reports[-1]["digest"] == served.digest
        bad = announced(tmp_path / "store", 1, b"1")
        (tmp_path / "store/1/model.onnx").write_bytes(b"2")
        consumer.put(bad)
        eventually(lambda: [failure["version"] for failure in producer.reports[-1]["failures"]] == [1])
        away = announced(tmp_path / "store", 2, b"2")
        (tmp_path / "store/2").rename(tmp_path / "hidden")
        consumer.put(away)
        eventually(lambda: [failure["kind"] for failure in producer.reports[-1]["failures"]] == ["REFUSED", "TROUBLE"])
        assert producer.reports[-1]["version"] == 0
    assert producer.reports[-1]["ended"]
