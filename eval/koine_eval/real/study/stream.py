"""Languages that arrive one by one through `koine up`, the gate at its defaults: every language's error rate at each step.

The gate's set is of held-out utterances that are neither trained nor tested on. Three orders of a seed's experts; the first has three
experts more that are no good, each before the good one of its language, and a language that leaves and comes back. A short one has three
languages, two such experts, and a gate's set of few words.
"""

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from koine_eval.real import export, koine, weigh, whisper
from koine_eval.real.served import Running
from koine_eval.real.store import new_folder, parser, say
from koine_eval.real.study import merges, plan, speech, train

MODEL = "study"
#: The base's export with a key-value cache, as services have it: without one the gate takes minutes a version.
BASE = "base-onnx-past"
ORDERS = ("short", "first", "reversed", "mixed")


@dataclass(frozen=True)
class Judged:
    """The gate's set, and what more the gate is told: utterances of each language at most, of at least so many words."""

    folder: str
    utterances: int
    words: int
    options: tuple = ()


FEW = Judged("study-gate", 10, 1)
ENOUGH = Judged("study-gate-16", 16, speech.TEST_WORDS, ("--against", "base,best"))


@dataclass(frozen=True)
class Event:
    """An expert that comes (the name of a trained model) or goes (no name)."""

    expert: str
    language: str
    trained: str = ""


def good(seed, language):
    return Event(language, language, plan.expert(language, seed).name)


def poor(seed, kind, language):
    return Event(f"{language}-{kind}", language, f"{language}-{kind}-{seed}")


def orders(seed):
    """Name -> events."""
    came = {language: good(seed, language) for language in plan.EXPERTS}
    mixed = ("el", "ro", "nl", "bg", "cs", "ca")
    first = [came["cs"], came["nl"], came["ro"], poor(seed, "shuffled", "ca"), came["ca"], poor(seed, "mediocre", "bg"), came["bg"]]
    first += [poor(seed, "foreign", "el"), came["el"], Event("nl", "nl"), came["nl"]]
    short = [came["cs"], poor(seed, "shuffled", "ca"), came["ca"], poor(seed, "foreign", "el"), came["el"], Event("cs", "cs")]
    return {
        "short": short,
        "first": first,
        "reversed": [came[language] for language in reversed(plan.EXPERTS)],
        "mixed": [came[language] for language in mixed],
    }


def make_poor(store, seed):
    """The experts that are no good, unless they are there: texts of other utterances, too few steps, another base."""
    base = lambda: whisper.load(store.model("base"))
    start = {"shuffled": base, "mediocre": base, "foreign": lambda: train.load(store, plan.expert("nl", seed).name)}
    for kind, language, steps in (("shuffled", "ca", 60), ("mediocre", "bg", 10), ("foreign", "el", 60)):
        name = poor(seed, kind, language).trained
        if not store.model(f"study/{name}").exists():
            trained = plan.Trained(name, (language,), seed, steps=steps, is_shuffled=kind == "shuffled")
            model, adapted, seen = train.train(store, trained, start[kind]())
            store.write("study/training", name, seen)
            train.save(store, trained, model, adapted)


def export_base(store):
    """Exports the base with its cache's decoder beside the plain one, unless that is there."""
    target = store.model(BASE)
    if not target.exists():
        with new_folder(target) as folder:
            export.export(store.model("base"), folder, "automatic-speech-recognition-with-past")
            (folder / "decoder_model_merged.onnx").unlink()  # holds the others' weights once more
        say(f"stream: {target}")


def judged(events):
    """Languages of the gate's set: those of the experts, the protected ones and those that nobody asks about."""
    languages = {event.language for event in events}
    return [language for language in plan.LANGUAGES if language in languages or language not in plan.EXPERTS]


def gate_set(store, languages, chosen):
    """Evaluation sets, one a language."""
    folder = store.model(chosen.folder)
    for language in languages:
        if not (folder / language).exists():
            fit = lambda one: len(one.normalised.split()) >= chosen.words
            held_out = [one for one in speech.utterances(store, "dev", language) if fit(one)]
            weigh.write_set(folder / language, speech.speech(store), held_out[: chosen.utterances])
    return [folder / language for language in languages]


def run(store, events, register, chosen, folder, command):
    """Sends the events one after the other; what `koine history` has of them, and the seconds of each."""
    running = Running(command, folder, [store.folder])
    seconds = []
    try:
        words = ["--model", MODEL, "--checkpoint", store.model("base"), store.model(BASE), *register]
        for one in gate_set(store, judged(events), chosen):
            words += ["--evaluation", one]
        printed, _ = running.koine("register", *words)
        say(printed.strip())
        for event in events:
            words = ["--model", MODEL, "--expert", event.expert]
            started = time.monotonic()
            if event.trained:
                words += ["--language", event.language, "--statistics", merges.statistics(store, event.language, BASE)]
                running.told("submit", *words, store.model("study") / event.trained)
            else:
                running.told("retract", *words)
            seconds.append(time.monotonic() - started)
            say(f"stream: {event.expert} {'came' if event.trained else 'went'}, {seconds[-1]:.0f} s")
        printed, _ = running.koine("history", "--model", MODEL, "--json")
        return [json.loads(line) for line in printed.splitlines()], seconds
    finally:
        running.close()


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--seed", type=int, default=plan.SEEDS[0])
    arguments.add_argument("--orders", nargs="+", choices=ORDERS, default=ORDERS)
    arguments.add_argument("--koine", type=Path, default=koine.OWN, help="the command to run; that of this checkout otherwise")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    store, command = args.cache, args.koine.resolve()
    koine.run(command, "--version")  # builds Koine
    export_base(store)
    for language in (*plan.EXPERTS, *plan.PROTECTED):
        merges.collect(store, language, command, BASE)
    if {"short", "first"} & set(args.orders):
        make_poor(store, args.seed)
    register = ["--gate", "enforce", *merges.PROTECT.words]
    for language in plan.PROTECTED:
        register += ["--protect", f"{language}={merges.statistics(store, language, BASE)}@{merges.PROTECT.weight:g}"]
    for name in args.orders:
        key = f"{name}-{args.seed}"
        if store.read("study/streams", key):
            continue
        events, chosen = orders(args.seed)[name], FEW if name == "short" else ENOUGH
        told = [*register, "--sample", chosen.utterances, *chosen.options]
        folder = Path(tempfile.mkdtemp(prefix="koine-real-"))
        try:
            outcomes, seconds = run(store, events, told, chosen, folder, command)
        finally:
            shutil.rmtree(folder)
        sent = [event.__dict__ for event in events]
        store.write("study/streams", key, {"events": sent, "seconds": seconds, "outcomes": outcomes})


if __name__ == "__main__":
    main()
