"""Swaps under load of an ONNX Runtime session: no failed call, memory that stays. KOINE_SOAK says how many."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from support import MODEL, FakeConsumer, announced

from koine_subscriber import ModelSubscriber

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SWAPS = int(os.environ.get("KOINE_SOAK", "10"))
FIXTURES = Path(__file__).parents[3] / "eval/fixtures/ctc"


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_no_call_fails_and_memory_stays(tmp_path: Path) -> None:
    contents = [(FIXTURES / name / "model.onnx").read_bytes() for name in ("base", "de")]
    features = np.zeros((1, 40, 40), np.float32)
    consumer, failures, calls = FakeConsumer(), list[Exception](), [0]
    ended = threading.Event()

    def load(folder: Path) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])

    consumer.put(announced(tmp_path / "store", 0, contents[0]))
    with ModelSubscriber(MODEL, {}, tmp_path / "cache", load, open_topic=consumer.topic) as subscriber:
        subscriber.await_version(0, 30)

        def call() -> None:
            while not ended.is_set():
                try:
                    with subscriber.acquire() as lease:
                        assert np.isfinite(lease.model.run(None, {"features": features})[0]).all()
                    calls[0] += 1
                except Exception as e:
                    failures.append(e)

        workers = [threading.Thread(target=call) for _ in range(2)]
        for worker in workers:
            worker.start()
        after_some = 0.0
        for version in range(1, SWAPS + 1):
            consumer.put(announced(tmp_path / "store", version, contents[version % 2]))
            subscriber.await_version(version, 60)
            if version == max(1, SWAPS // 5):
                after_some = resident_mib()
        ended.set()
        for worker in workers:
            worker.join()
        assert subscriber.status().swaps == SWAPS + 1
        grown = resident_mib() - after_some
    print(f"{SWAPS} swaps, {calls[0]} calls, {len(failures)} failed, grown by {grown:.1f} MiB")
    assert failures == [] and calls[0] > 0
    assert grown < 64
