"""From pipelines' folders to a service's: two checkpoints and an adapter through `koine up`, exported, and decoded.

Registers the base with its checkpoint, submits the experts, checks that `koine merge` gives the same digest, exports the last
version as a transformers folder, and measures that under transformers and faster-whisper beside the base.
"""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from koine_eval.real import corpus, koine, plan, services
from koine_eval.real.store import parser, say

MODEL = "real"
VERSION = "served-hf"


class Running:
    """A running `koine up`."""

    def __init__(self, command, folder, allowed):
        self.command, self.printed = command, folder / "up.txt"
        words = [command, "up", "--dir", folder / "data", "--port", "0", "--device", "CPU"]
        for place in (*allowed, folder):
            words += ["--allow", place]
        with open(self.printed, "w") as out:
            self.process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=subprocess.STDOUT)
        self.broker = self._broker()

    def _broker(self):
        for _ in range(1200):
            found = re.search(r"127\.0\.0\.1:\d+", self.printed.read_text())
            if found:
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.close()
        raise SystemExit("koine up did not start:\n" + self.printed.read_text())

    def koine(self, *words):
        """What a command printed, and its seconds; it must not end in a rejection."""
        started = time.monotonic()
        printed = koine.run(self.command, *words, "--bootstrap-servers", self.broker)
        return printed, time.monotonic() - started

    def told(self, *words):
        """What a command printed, whether its event was taken or refused."""
        return koine.run(self.command, *words, "--bootstrap-servers", self.broker, refusals=True)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)


def digest(printed):
    """The digest of a version, the last that is printed."""
    return re.findall(r"sha256:[0-9a-f]{64}", printed)[-1]


def serve(store, command, folder):
    """Runs the stream and exports its last version; returns what was seen."""
    base, onnx = store.model("base"), store.model("base-onnx")
    seconds = {}
    running = Running(command, folder, [store.folder])
    try:
        printed, seconds["base"] = running.koine("register", "--model", MODEL, "--checkpoint", base, onnx)
        say(printed.strip())
        for expert in plan.EXPERTS:
            words = ("--model", MODEL, "--expert", expert.language, "--language", expert.language)
            printed, seconds[expert.name] = running.koine("submit", *words, store.model(expert.name))
            say(printed.strip())
        shutil.rmtree(store.model(VERSION), ignore_errors=True)
        shutil.rmtree(store.model(f"{VERSION}-ct2"), ignore_errors=True)
        words = ("--model", MODEL, "--format", "hf", "--store", folder / "data" / "store", "--out", store.model(VERSION))
        exported, seconds["export"] = running.koine("export", *words)
        say(exported.strip())
    finally:
        running.close()
    words = ["--checkpoint", base, "--base", onnx, "--out", folder / "merged", "--device", "CPU"]
    words += ["--task-vectors", folder / "kept"]
    for expert in plan.EXPERTS:
        words += ["--expert", f"{expert.language}={store.model(expert.name)}"]
    merged = koine.run(command, "merge", *words)
    if digest(merged) not in printed:
        raise SystemExit(f"koine merge gives {digest(merged)}, and the job:\n{printed}")
    kept = sorted((folder / "kept").iterdir())  # numbered in the order of --expert
    sizes = {expert.name: koine.size(path) for expert, path in zip(plan.EXPERTS, kept, strict=True)}
    return {"digest": digest(merged), "seconds": seconds, "bytes": sizes, "koine": koine.run(command, "--version").strip()}


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--koine", type=Path, default=koine.OWN, help="the command to run; that of this checkout otherwise")
    arguments.add_argument("--again", action="store_true", help="merge again, though it was done")
    arguments.add_argument("--utterances", type=int, default=50, help="how many of each language are decoded, at most")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    store = args.cache
    if args.again or not store.read("served", "stream"):
        folder = Path(tempfile.mkdtemp(prefix="koine-real-"))
        try:
            seen = serve(store, args.koine.resolve(), folder)
        finally:
            shutil.rmtree(folder)
        for service in services.SERVICES:
            store.record("services", f"{VERSION}-{service}").unlink(missing_ok=True)
        store.write("served", "stream", seen)
    languages = [expert.language for expert in plan.EXPERTS]
    speech = {language: corpus.read(store, "test", language)[: args.utterances] for language in languages}
    for service in services.SERVICES:
        for name in ("base", VERSION):
            services.measure(store, service, name, store.model(name), speech, args.threads)


if __name__ == "__main__":
    main()
