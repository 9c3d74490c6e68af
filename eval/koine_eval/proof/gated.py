"""Streams the experts, and a bad one among them, through `koine up` with the gate on; says what became of each."""

import argparse
import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from koine_eval import whisper
from koine_eval.proof import measure, plan, recipes
from koine_eval.proof.merge import KOINE, Store

MODEL = "stream"
#: Utterances of each language and task that the gate hears, of the dev speech.
SAMPLE = 50
#: The options of the policies that are tried: errors as measured, and the default.
POLICIES = {
    "as measured, 10 and 3 points": "--confidence 0 --max-regression 0.1 --max-mean-regression 0.03",
    "95 % sure, 5 and 2 points": "--confidence 0.95 --max-regression 0.05 --max-mean-regression 0.02",
}


def write_evaluation_set(store, language, folder):
    """The dev speech of a language as an evaluation set."""
    folder.mkdir(parents=True)
    utterances = measure.speech(store.corpus, "dev")[language]
    features = lambda u: np.ascontiguousarray(np.asarray(whisper.stack(u.features, plan.SHAPE)).T.astype(np.float16))
    save_file({u.id: features(u) for u in utterances}, folder / "features.safetensors")
    with open(folder / "references.jsonl", "w", encoding="utf-8") as lines:
        for u in utterances:
            for task, text in (("transcribe", u.text), ("translate", u.english)):
                row = {"id": u.id, "language": language, "task": task, "text": text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


class Running:
    """A running `koine up`."""

    def __init__(self, folder, allowed):
        self.printed = folder / "up.txt"
        command = [KOINE, "up", "--dir", folder / "data", "--port", "0", "--device", "CPU"]
        for place in (*allowed, folder):
            command += ["--allow", place]
        with open(self.printed, "w") as out:
            self.process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.STDOUT)
        self.broker = self._broker()

    def _broker(self):
        for _ in range(1200):
            found = re.search(r"127\.0\.0\.1:\d+", self.printed.read_text())
            if found:
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit("koine up did not start:\n" + self.printed.read_text())

    def koine(self, *words):
        command = [str(word) for word in (KOINE, *words, "--bootstrap-servers", self.broker)]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)


def events():
    """The first stream, with the bad expert in it."""
    order = recipes.ORDERS[0]
    return [*order[: recipes.BAD_AFTER], recipes.BAD, *order[recipes.BAD_AFTER :]]


def stream(store, seed, policy, folder):
    """[{expert, printed}] of each event, and the digest that `koine merge` gives the good ones."""
    bundles = store.bundle(seed, "base").parent
    sets = []
    for language in plan.LANGUAGES:
        sets += ["--evaluation", folder / "evaluation" / language]
        write_evaluation_set(store, language, folder / "evaluation" / language)
    running, outcomes = Running(folder, [bundles]), []
    try:
        registered = running.koine(
            "register", "--model", MODEL, "--method", "LORS", "--scale", recipes.SCALE, "--sample", SAMPLE, "--gate", "enforce",
            *POLICIES[policy].split(), *sets, bundles / "base",
        )
        print(*[line for line in registered.splitlines() if line.startswith(("Version", "Rejected"))], flush=True)
        for expert in events():
            language = "nl" if expert == recipes.BAD else expert
            printed = running.koine(
                "submit", "--model", MODEL, "--expert", expert, "--language", language,
                "--task", "TRANSCRIBE", "--task", "TRANSLATE", bundles / expert,
            )
            outcomes.append({"expert": expert, "printed": printed})
            print(expert, *[line for line in printed.splitlines() if line.startswith(("Version", "Rejected"))], flush=True)
    finally:
        running.close()
    inside = [one["expert"] for one in outcomes if "GATE_REFUSED" not in one["printed"]]
    words = ["--base", bundles / "base", "--out", folder / "merged", "--device", "CPU", "--method", "LORS", "--scale", recipes.SCALE]
    for expert in inside:
        words += ["--expert", f"{expert}={bundles / expert}"]
    merged = subprocess.run([str(word) for word in (KOINE, "merge", *words)], capture_output=True, text=True).stdout
    return {"outcomes": outcomes, "merged": re.search(r"sha256:[0-9a-f]{64}", merged)[0]}


def path(store, seed):
    return store.proof / "measured" / f"seed-{seed}" / "gated.json"


def read(store, seed):
    return json.loads(path(store, seed).read_text(encoding="utf-8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder with corpus/ and proof/")
    parser.add_argument("--seeds", type=int, nargs="+", default=plan.SEEDS)
    args = parser.parse_args()
    store = Store(args.cache)
    for seed in args.seeds:
        seen = read(store, seed) if path(store, seed).exists() else {}
        for policy in (policy for policy in POLICIES if policy not in seen):
            print(f"seed {seed}, {policy}", flush=True)
            folder = Path(tempfile.mkdtemp(prefix="koine-eval-"))
            try:
                seen[policy] = stream(store, seed, policy, folder)
            finally:
                shutil.rmtree(folder)
            path(store, seed).write_text(json.dumps(seen, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
