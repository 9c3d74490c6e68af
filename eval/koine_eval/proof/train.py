"""Trains, for each seed, a base, ten experts, and what they are compared with. Models that are there already are kept."""

import argparse
import dataclasses
import random
import time
from multiprocessing import Pool
from pathlib import Path

import torch

from koine_eval.proof import export, plan
from koine_eval.training import train


def jobs(seeds):
    """(seed, model) in the order of training: two bases first, so that the first seed is complete early."""
    pairs = [(seed, "base") for seed in seeds[:2]]
    for i, seed in enumerate(seeds):
        pairs += [(seed, name) for name in plan.fine_tunes(seed)]
        pairs += [(later, "base") for later in seeds[i + 2 : i + 3]]
    return pairs


def make(job):
    """Trains and exports one model unless it is there; a fine-tune waits for its base."""
    corpus_folder, models, bundles, seed, name = job
    torch.set_num_threads(1)
    path = models / f"seed-{seed}" / f"{name}.pt"
    base = path.with_name("base.pt")
    while name != "base" and not (base.exists() and (bundles / base.parent.name / "base").exists()):
        time.sleep(5)
    if not path.exists():
        fit(corpus_folder, path, base, seed, name)
    bundle = bundles / path.parent.name / name
    export.export(path, bundle.with_name("base"), bundle)


def fit(corpus_folder, path, base, seed, name):
    """Trains one model and keeps its weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = lambda line: print(f"seed {seed} {name}: {line}", flush=True)
    heard, fresh = plan.speech(corpus_folder, seed)
    torch.manual_seed(seed)
    model = plan.BASE_TASK.new_model()
    if name == "base":
        train(plan.BASE_TASK, model, [u for some in heard.values() for u in some], plan.BASE, seed, report=report)
    else:
        model.load_state_dict(torch.load(base))
        recipe = plan.fine_tunes(seed)[name]
        for i, languages in enumerate(recipe.stages):
            utterances = [u for language in languages for u in fresh[language]]
            if recipe.shuffled:
                utterances = mislabel(utterances, seed)
            schedule = plan.fine_tuning(recipe.steps)
            train(plan.FINE_TUNING, model, utterances, schedule, 100 * seed + i, report=report)
    part = path.with_suffix(".part")
    torch.save(model.state_dict(), part)
    part.rename(path)


def mislabel(utterances, seed):
    """The same speech, each utterance with the words of another."""
    others = random.Random(seed).sample(utterances, len(utterances))
    return [
        dataclasses.replace(u, text=other.text, english=other.english)
        for u, other in zip(utterances, others, strict=True)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that koine_eval.corpus has filled")
    parser.add_argument("--models", type=Path, required=True, help="folder for the trained models")
    parser.add_argument("--bundles", type=Path, required=True, help="folder for the models as ONNX bundles")
    parser.add_argument("--seeds", type=int, nargs="+", default=plan.SEEDS)
    parser.add_argument("--only", nargs="+", help="names of models, base first")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    wanted = [
        (args.corpus, args.models, args.bundles, seed, name)
        for seed, name in jobs(args.seeds)
        if not args.only or name in args.only
    ]
    with Pool(args.processes) as pool:
        pool.map(make, wanted, chunksize=1)


if __name__ == "__main__":
    main()
