"""The ways to put a seed's experts together: merges by `koine merge`, measured in all languages. What is made and measured is kept.

Statistics are by `koine statistics`, of training recordings of each language heard through the base.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from koine_eval.real import corpus, koine, weigh
from koine_eval.real.store import parser, say
from koine_eval.real.study import plan, score, speech, train, tsv


@dataclass(frozen=True)
class Merge:
    """A name, what `koine merge` is told beside the experts, and which languages are protected at what weight."""

    name: str
    words: tuple = ()
    is_weighed: bool = False
    protected: tuple = ()
    weight: float = 0.25

    def arguments(self, store, seed, languages, rehearsal=False):
        """For the experts of a seed in some of the languages."""
        made = list(self.words)
        for language in languages:
            made += ["--expert", f"{language}={store.model('study') / plan.expert(language, seed, rehearsal).name}"]
            made += ["--statistics", f"{language}={statistics(store, language)}"] if self.is_weighed else []
        for language in self.protected:
            made += ["--protect", f"{language}={statistics(store, language)}@{self.weight:g}"]
        return made


#: What the default was when most of these were measured; it is INT8 now.
FLOAT16 = ("--precision", "FLOAT16")


def _sum(name, method, *words):
    return Merge(name, ("--method", method, *words))


def _weighed(name, protected=(), weight=0.25, words=FLOAT16):
    return Merge(name, ("--method", "REGMEAN", *words), True, protected, weight)


SUM = Merge("sum", ("--scale", "norm:0.4", *FLOAT16))
PROTECT = _weighed("regmean-protect", plan.PROTECTED)
#: Measured for every seed.
MAIN = (SUM, _weighed("regmean"), PROTECT)
#: Measured for one seed: what else there is in the product.
OTHERS = (
    _weighed("regmean-protect-1", plan.PROTECTED, 1),
    _weighed("regmean-further", words=("--scale", "1.25", *FLOAT16)),
    _sum("lors", "LORS"),
    _sum("task-arithmetic", "TASK_ARITHMETIC"),
    _sum("ties", "TIES"),
    _sum("dare", "DARE"),
    _sum("compact-near", "COMPACT", *FLOAT16),
    _sum("compact-near-int8", "COMPACT"),
    _weighed("regmean-int8", words=()),
    _sum("compact-norm", "COMPACT", "--scale", "norm", *FLOAT16),
    _sum("compact-mean", "COMPACT", "--scale", "1/n", *FLOAT16),
    _sum("compact-stock", "COMPACT", "--scale", "model-stock", *FLOAT16),
)
#: Not in the product: TSV-M at a fixed rank, made here.
TSV = Merge("tsv-m")
#: The same, boosted.
BOOSTED = Merge("tsv-m-boosted")
BOOST = 0.2
MERGES = (*MAIN, *OTHERS, TSV, BOOSTED)


def statistics(store, language, base="base-onnx"):
    """Where the statistics of a language are, of one export of the base."""
    return store.model("study-statistics" if base == "base-onnx" else f"study-statistics-{base}") / language


def collect(store, language, command, base="base-onnx"):
    """The statistics of a language, unless they are there."""
    target = statistics(store, language, base)
    if target.exists():
        return
    fit = lambda one: one.seconds <= corpus.TEST_SECONDS
    heard = [one for one in speech.utterances(store, "train", language) if fit(one)][: weigh.UTTERANCES]
    heard_set = store.model("study-speech") / language
    if not heard_set.exists():
        weigh.write_set(heard_set, speech.speech(store), heard)
    seconds = weigh.hear(command, store.model(base), heard_set, language, target)
    store.write("study/statistics", f"{base}/{language}", {"seconds": seconds, "bytes": koine.size(target)})
    say(f"merges: statistics of {language}: {koine.size(target) / 1e6:.2f} MB, {seconds:.0f} s")


def merged(store, merge, seed, languages, rehearsal, command):
    """The model that a merge gives, and the seconds it took."""
    if merge in (TSV, BOOSTED):
        started = time.monotonic()
        names = [plan.expert(language, seed, rehearsal).name for language in languages]
        return tsv.merged(store, names, boost=BOOST if merge == BOOSTED else None), time.monotonic() - started
    for language in (*languages, *merge.protected) if merge.is_weighed else ():
        collect(store, language, command)
    return weigh.merged(store, command, merge.arguments(store, seed, languages, rehearsal))


def name_of(merge, seed, languages=plan.EXPERTS, rehearsal=False, window=""):
    experts = "" if languages == plan.EXPERTS else f"-{'-'.join(languages)}"
    return f"{merge.name}-{seed}{experts}{'-rehearsal' if rehearsal else ''}{window}"


def measure(store, merge, seed, languages, rehearsal, window, most, command):
    """Merges the experts of some languages and measures the result in all languages, unless that was done."""
    name = name_of(merge, seed, languages, rehearsal, window)
    if not score.missing(store, name, plan.LANGUAGES, most):
        return
    model, seconds = merged(store, merge, seed, languages, rehearsal, command)
    store.write("study/merges", name, {"seconds": seconds})
    score.measure(store, name, model, plan.LANGUAGES, most)


def main():
    arguments = parser(__doc__)
    names = [merge.name for merge in MERGES]
    arguments.add_argument("--merges", nargs="+", choices=names, default=[merge.name for merge in MAIN])
    arguments.add_argument("--seeds", nargs="+", type=int, default=plan.SEEDS)
    arguments.add_argument("--languages", nargs="+", default=plan.EXPERTS, choices=plan.EXPERTS, help="whose experts")
    arguments.add_argument("--rehearsal", action="store_true", help="experts trained with rehearsal")
    arguments.add_argument("--whole-window", action="store_true", help="decode in the 30 s that Whisper has, base and experts, too")
    arguments.add_argument("--utterances", type=int, default=speech.TEST, help="how many of each language are decoded, at most")
    arguments.add_argument("--koine", type=Path, default=koine.OWN, help="the command to run; that of this checkout otherwise")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    command = args.koine.resolve()
    koine.run(command, "--version")  # builds Koine
    window = score.WHOLE if args.whole_window else ""
    if window:
        alone = (plan.expert(language, seed, args.rehearsal) for seed in args.seeds for language in args.languages)
        for name, languages in (("base", plan.LANGUAGES), *((one.name, one.languages) for one in alone)):
            if score.missing(args.cache, name + window, languages, args.utterances):
                score.measure(args.cache, name + window, train.load(args.cache, name), languages, args.utterances)
    for merge in (merge for merge in MERGES if merge.name in args.merges):
        for seed in args.seeds:
            measure(args.cache, merge, seed, tuple(args.languages), args.rehearsal, window, args.utterances, command)


if __name__ == "__main__":
    main()
