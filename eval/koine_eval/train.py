"""Trains the base of one architecture and its language experts. Models that are there already are kept."""

import argparse
from pathlib import Path

import torch

from koine_eval import corpus
from koine_eval.plan import ARCHITECTURES
from koine_eval.training import train


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", choices=ARCHITECTURES)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that koine_eval.corpus has filled")
    parser.add_argument("--models", type=Path, required=True, help="folder for the trained models")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    plan = ARCHITECTURES[args.architecture]
    folder = args.models / args.architecture
    folder.mkdir(parents=True, exist_ok=True)
    speech = {language: corpus.read(args.corpus, language, "train") for language in plan.base_languages}

    base = folder / "base.pt"
    if not base.exists():
        torch.manual_seed(0)
        model = plan.task.new_model()
        some = [u for utterances in speech.values() for u in utterances[: plan.base_utterances]]
        train(plan.task, model, some, plan.base, 1, report=lambda line: _log("base", line))
        _save(model.state_dict(), base)
    for number, language in enumerate(plan.expert_languages):
        final, early_step = plan.early.get(language, (language, None))
        if (folder / f"{final}.pt").exists():
            continue
        model = plan.task.new_model()
        model.load_state_dict(torch.load(base))
        rehearsed = [u for other in speech if other != language for u in speech[other][: plan.rehearsal]]
        report = lambda line: _log(final, line)
        kept = train(plan.task, model, speech[language] + rehearsed, plan.expert, 100 + number, {early_step}, report)
        for state in kept.values():
            _save(state, folder / f"{language}.pt")
        _save(model.state_dict(), folder / f"{final}.pt")


def _log(name, line):
    print(f"{name}: {line}", flush=True)


def _save(state, path):
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.rename(path)


if __name__ == "__main__":
    main()
