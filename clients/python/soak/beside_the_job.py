"""Swaps beside the Java job: `koine up` merges the fixtures' experts in and out, services here call ONNX Runtime meanwhile.

    python clients/python/soak/beside_the_job.py --versions 1000

Two services follow the model, one that fetches each version whole and one that computes it; each is called by threads of its
own. Every version is waited for by both before the next event is sent, so that each is a swap. Fails where a
call fails, where a digest answers what it did not answer before, where a version is refused, or where memory grows after the
first fifth.
"""

import argparse
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import confluent_kafka
import numpy as np
import onnxruntime

from koine_subscriber import ModelSubscriber
from koine_subscriber.codec import WriterSchema

HOME = Path(__file__).resolve().parents[3]
FIXTURES = HOME / "eval/fixtures/ctc"
EVENT = HOME / "schemas/src/main/resources/dev/koine/schemas/released/ExpertEvent.v4.avsc"
MODEL, MOST_GROWTH_MIB, PATIENCE = "soak", 32.0, 300


@contextmanager
def koine_up(koine: str, folder: Path) -> Iterator[str]:
    """Broker and job in a process of their own; gives the broker's address."""
    command = [koine, "up", "--dir", str(folder), "--allow", str(FIXTURES), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        broker = next((found[1] for line in process.stdout if (found := re.search(r"Broker: (\S+)\.", line))), None)
        if broker is None:
            raise RuntimeError("koine up has ended")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield broker
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


class Experts:
    """Sends events, as `koine submit` and `koine retract` do."""

    def __init__(self, broker: str) -> None:
        self._producer = confluent_kafka.Producer({"bootstrap.servers": broker})
        self._schema = WriterSchema(json.loads(EVENT.read_text()))
        self._revisions: dict[str, int] = {}
        self.is_mixed = False

    def submit(self, name: str, weight: float) -> None:
        """A new revision of an expert."""
        files = [file for file in sorted((FIXTURES / name).iterdir()) if file.is_file()]
        listed = [
            {"path": file.name, "size": file.stat().st_size, "sha256": sha256(file.read_bytes()).hexdigest()} for file in files
        ]
        self._merge(name, weight, bundle={"uri": (FIXTURES / name).as_uri() + "/", "files": listed})

    def mix(self, weight: float) -> None:
        """A mixture of what is inside."""
        terms = [{"expertId": "ca", "factor": 0.7}, {"expertId": "de", "factor": 0.3}]
        self._merge("mixture", weight, combine=terms)
        self.is_mixed = True

    def retract(self, name: str) -> None:
        """Takes an expert out."""
        self._send(action="RETRACT", expertId=name)
        self.is_mixed = False

    def _merge(self, name: str, weight: float, **of: Any) -> None:
        self._revisions[name] = self._revisions.get(name, 0) + 1
        self._send(action="MERGE", expertId=name, revision=self._revisions[name], weight=weight, **of)

    def _send(self, **fields: Any) -> None:
        event = {"modelId": MODEL, "time": time.time_ns() // 1_000_000, **fields}
        self._producer.produce("koine.experts", self._schema.encode(event), MODEL.encode())
        self._producer.flush(PATIENCE)


class Calls:
    """Threads that call what serves, until they are ended."""

    def __init__(self, subscriber: ModelSubscriber[onnxruntime.InferenceSession], threads: int, pause: float) -> None:
        self._subscriber, self._pause = subscriber, pause
        self._features = np.random.default_rng(1).standard_normal((1, 40, 40), np.float32)
        self._answers: dict[str, bytes] = {}
        self._lock, self._ended = threading.Lock(), threading.Event()
        self.failures: list[Exception] = []
        self.count = 0
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Waits for the calls that are under way."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with self._subscriber.acquire() as lease:
                    answer = lease.model.run(None, {"features": self._features})[0].tobytes()
                    digest = lease.version.digest
                with self._lock:
                    self.count += 1
                    if self._answers.setdefault(digest, answer) != answer:
                        raise AssertionError(f"{digest} has answered something else before")
            except Exception as e:
                self.failures.append(e)
            self._ended.wait(self._pause)


def load(folder: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--koine", default=str(HOME / "koine"), help="the command; that of this checkout where none is given")
    parser.add_argument("--threads", type=int, default=2, help="that call each service")
    parser.add_argument("--pause", type=float, default=0.0, help="of a thread between two calls, in seconds")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="koine-soak-") as folder, ExitStack() as ends:
        broker = ends.enter_context(koine_up(options.koine, Path(folder) / "up"))
        register = [options.koine, "register", "--model", MODEL, "--bootstrap-servers", broker, str(FIXTURES / "base")]
        subprocess.run(register, check=True, timeout=PATIENCE)
        services = [
            ends.enter_context(
                ModelSubscriber(MODEL, {"bootstrap.servers": broker}, Path(folder) / f"cache-{patches}", load, patches=patches)
            )
            for patches in (False, True)
        ]
        for service in services:
            service.await_version(0, PATIENCE)
        return soak(Experts(broker), services, options.versions, options.threads, options.pause)


def soak(
    experts: Experts, services: list[ModelSubscriber[onnxruntime.InferenceSession]], versions: int, threads: int, pause: float
) -> int:
    calls = [Calls(service, threads, pause) for service in services]
    begin, after_some = time.monotonic(), 0.0
    try:
        for version in range(1, versions + 1):
            send_event(experts, version)
            for service in services:
                service.await_version(version, PATIENCE)
            if version == max(1, versions // 5):
                after_some = resident_mib()
            if version % 20 == 0:
                print(f"{version} versions, {time.monotonic() - begin:.0f} s, {resident_mib():.1f} MiB", flush=True)
    finally:
        for each in calls:
            each.end()
    growth = resident_mib() - after_some
    failures = [failure for each in calls for failure in each.failures]
    for name, service, each in zip(("fetched", "computed"), services, calls, strict=True):
        status = service.status()
        print(
            f"{name}: {status.swaps} swaps, {each.count} calls, {len(each.failures)} failed, {status.patched} versions computed."
        )
    print(f"{versions} versions in {time.monotonic() - begin:.0f} s.")
    print(f"Memory: {after_some:.1f} MiB after a fifth of them, {growth:+.1f} at the end.")
    if failures:
        print(f"The first failure: {failures[0]!r}")
    has_all = all(service.status().swaps == versions + 1 for service in services)
    return 0 if has_all and not failures and growth < MOST_GROWTH_MIB else 1


def send_event(experts: Experts, version: int) -> None:
    """German and Catalan come in; then a mixture of both comes and goes in several weights, and German anew now and then."""
    if version % 10 == 1:
        experts.submit("de", (1.0, 0.5, -0.25)[version // 10 % 3])
    elif version == 2:
        experts.submit("ca", 0.75)
    elif experts.is_mixed:
        experts.retract("mixture")
    else:
        experts.mix((0.4, -0.3, 0.9)[version % 3])


if __name__ == "__main__":
    sys.exit(main())
