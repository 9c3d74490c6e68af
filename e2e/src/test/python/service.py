"""A service in Python, called all the time: arguments are the broker, the model and its cache.

Prints what it serves and how many calls it has answered, and each call that failed, as JavaService does.
"""

import hashlib
import sys
import threading
import time
from pathlib import Path

from koine_subscriber import ModelSubscriber, RejectedError


class Loaded:
    def __init__(self, folder: Path) -> None:
        version, weights, side, self.answer = (folder / "answer.txt").read_text().split(" ")
        for name, expected in (("weights.bin", weights), ("more/side.bin", side)):
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
                raise RuntimeError(f"{folder} is not one whole version")
        self.version = int(version)
        self.closed = False
        time.sleep(0.05)

    def close(self) -> None:
        self.closed = True


def require_sense(model: Loaded, _: object) -> None:
    if model.answer != "good":
        raise RejectedError("NOT_LOADABLE", f"It answers {model.answer}.")


def say(*what: object) -> None:
    print(*what, flush=True)


def main() -> None:
    broker, name, cache = sys.argv[1:]
    counts = {"answered": 0, "failed": 0}
    subscriber = ModelSubscriber(
        name,
        {"bootstrap.servers": broker},
        cache,
        Loaded,
        close=Loaded.close,
        trial=require_sense,
        on_served=lambda version: say("served", version.version),
        on_rejected=lambda update, e: say("refused", update["version"], f"{e.code}: {e}"),
    )
    subscriber.await_version(0, 300)

    def call() -> None:
        while True:
            try:
                with subscriber.acquire() as lease:
                    model = lease.model
                    time.sleep(0.001)
                    if model.closed or model.answer != "good" or model.version != lease.version.version:
                        raise RuntimeError(f"Asked of version {lease.version.version}: {vars(model)}")
                    counts["answered"] += 1
            except Exception as e:
                counts["failed"] += 1
                say("FAILED", repr(e))

    threading.Thread(target=call, daemon=True).start()
    while True:
        time.sleep(0.1)
        say("version", subscriber.current.version, "answered", counts["answered"], "failed", counts["failed"])


main()
