"""Makes the merges of the proof through `koine merge` and measures them. What has been measured is kept."""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import Pool
from pathlib import Path

import torch

from koine_eval.proof import decode, measure, opcm, plan, recipes

KOINE = Path(__file__).parents[3] / "koine"


@dataclass(frozen=True)
class Store:
    """Where models, bundles and measurements lie."""

    folder: Path

    @property
    def corpus(self):
        return self.folder / "corpus"

    @property
    def proof(self):
        return self.folder / "proof"

    def bundle(self, seed, name):
        return self.proof / "bundles" / f"seed-{seed}" / name

    def is_trained(self, seed):
        return all(self.bundle(seed, name).exists() for name in ("base", *plan.fine_tunes(seed)))

    def record(self, seed, key):
        return self.proof / "measured" / f"seed-{seed}" / f"{key}.json"

    def read(self, seed, key):
        """What is known of a model: its scores by split, and the bytes of its task vectors."""
        path = self.record(seed, key)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"scores": {}}

    def write(self, seed, key, record):
        path = self.record(seed, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(record), encoding="utf-8")
        part.rename(path)

    @cache
    def layout(self, seed):
        state = torch.load(self.proof / "models" / f"seed-{seed}" / "base.pt")
        return decode.Layout(self.bundle(seed, "base"), state)

    def weights(self, seed, bundle):
        return self.layout(seed).read(bundle)

    def score(self, weights, splits, languages=plan.LANGUAGES):
        with torch.no_grad():
            return measure.scores(decode.Model(weights, plan.SHAPE), self.corpus, splits, languages)


def merge(store, recipe, out, kept):
    """Runs `koine merge`; returns the bytes of each task vector that it keeps in `kept`."""
    command = [KOINE, "merge", "--base", store.bundle(recipe.seed, "base"), "--out", out, "--threads", "1"]
    command += ["--device", "CPU", "--task-vectors", kept, *recipe.arguments()]
    for expert in recipe.experts:
        command += ["--expert", f"{expert}={store.bundle(recipe.seed, expert)}"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"koine merge failed: {recipe.label()}\n{done.stderr}")
    return [sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for path in kept.iterdir()]


def measure_one(job):
    """Measures one model, a Merge, an Opcm or the name of a trained one, on the splits that are missing; an expert in its language."""
    store, seed, model, splits = job
    torch.set_num_threads(1)
    key = model if isinstance(model, str) else model.key()
    record = store.read(seed, key)
    missing = [split for split in splits if split not in record["scores"]]
    if not missing:
        return False
    if isinstance(model, str):
        languages = [model] if model in plan.LANGUAGES else plan.LANGUAGES
        record["scores"] |= store.score(store.weights(seed, store.bundle(seed, model)), missing, languages)
    elif isinstance(model, opcm.Opcm):
        base, *experts = (store.weights(seed, store.bundle(seed, name)) for name in ("base", *model.order()))
        record["scores"] |= store.score(opcm.merge(base, experts, model.alpha), missing)
    else:
        work = Path(tempfile.mkdtemp(prefix="koine-eval-"))
        try:
            record["bytes"] = merge(store, model, work / "merged", work / "kept")
            record["merge"] = asdict(model)
            record["scores"] |= store.score(store.weights(seed, work / "merged"), missing)
        finally:
            shutil.rmtree(work)
    store.write(seed, key, record)
    return True


def run(store, pool, what, jobs):
    """Measures all models of a stage, saying how far it is."""
    jobs = list(dict.fromkeys(jobs))
    started, made = time.monotonic(), 0
    for number, is_new in enumerate(pool.imap_unordered(measure_one, [(store, *job) for job in jobs]), 1):
        made += is_new
        if number == len(jobs) or (is_new and made % 10 == 0):
            print(f"{what}: {number} of {len(jobs)}, {made} new, {time.monotonic() - started:.0f} s", flush=True)


def on(merges, *splits):
    return [(one.seed, one, splits) for one in merges]


def stages(store, seeds):
    """Name -> what makes its jobs, one after the other; these may ask for what earlier stages measured."""
    every = lambda make: [one for seed in seeds for one in make(seed)]
    names = ("base", *plan.LANGUAGES, "multitask", "multitask-short", "sequential")
    return {
        "trained": lambda: [(seed, name, ("dev", "test")) for seed in seeds for name in names],
        "opcm": lambda: on(every(lambda seed: [opcm.Opcm(seed, group) for group in recipes.GROUPS.values()]), "test"),
        "policies": lambda: on(every(recipes.policies) + every(recipes.averages), "test"),
        "sizes": lambda: on(every(lambda seed: [*recipes.sizes(seed), recipes.whole(seed)]), "test"),
        "streams": lambda: on(every(recipes.streams), "test"),
        "growth": lambda: on(every(recipes.growth), "test"),
        "scales": lambda: on(recipes.grid(recipes.CHOSEN_ON), "dev"),
        "methods": lambda: on(chosen(store, seeds), "test"),
    }


def chosen(store, seeds):
    """Every method at the scale that is best on dev."""
    return [
        recipes.Merge(seed, experts, method, scale=best_scale(store, experts, method))
        for experts in recipes.GROUPS.values()
        for method in recipes.METHODS
        for seed in seeds
    ]


def best_scale(store, experts, method):
    """The scale of a method with the smallest error on dev, over the languages of its experts."""
    seed = recipes.CHOSEN_ON
    key = lambda scale: recipes.Merge(seed, experts, method, scale=scale).key()
    return min(
        recipes.METHODS[method], key=lambda scale: error(store.read(seed, key(scale))["scores"]["dev"], experts)
    )


def error(scores, languages=plan.LANGUAGES, tasks=("transcribe", "translate")):
    """The mean word error rate over languages and tasks."""
    rates = [scores[language][task]["wer"] for language in languages for task in tasks]
    return sum(rates) / len(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder with corpus/ and proof/")
    parser.add_argument("--seeds", type=int, nargs="+", default=plan.SEEDS)
    parser.add_argument("--stages", nargs="+", help="names of stages to run; all of them otherwise")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    store = Store(args.cache)
    for seed in args.seeds:
        if not store.is_trained(seed):
            raise SystemExit(f"Seed {seed} is not trained yet; run ./train first.")
    with Pool(args.processes) as pool:
        for name, jobs in stages(store, args.seeds).items():
            if not args.stages or name in args.stages:
                run(store, pool, name, jobs())


if __name__ == "__main__":
    main()
