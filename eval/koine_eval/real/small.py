"""How small a task vector can be: merges by `koine merge` under several recipes, of the real experts and of the fixtures'.

Each recipe merges all experts at the default scale, measured in their languages; and each real expert alone at scale 1, which
shows what pruning loses better than a merge does. What is measured is kept.
"""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from koine_eval.real import carry, fixtures, koine, plan, score
from koine_eval.real.store import parser, say


@dataclass(frozen=True)
class Recipe:
    """A name, and what `koine merge` is told."""

    name: str
    arguments: tuple


def _recipe(name, method, precision, *arguments):
    return Recipe(f"{name}-{precision.lower()}", ("--method", method, "--precision", precision, *arguments))


def _compact(rank, precision):
    """Every matrix, the embedding and convolutions among them, large ones in bands of rows; vectors whole."""
    return _recipe(f"compact-{rank}", "COMPACT", precision, "--rank", str(rank))


#: As published: rank 7 and 20 % for attention and MLP, everything else whole, in float32.
#: What the page's figures are at: the default when they were measured.
SCALE = ("--scale", "norm:0.4")
LORS = _recipe("lors", "LORS", "FLOAT32", "--rank", "7", "--density", "0.2")
WHOLE = _recipe("whole", "TASK_ARITHMETIC", "FLOAT32")
RECIPES = (
    LORS,
    WHOLE,
    _recipe("lors", "LORS", "INT4", "--rank", "7", "--density", "0.2"),
    *(_compact(rank, "FLOAT16") for rank in (8, 16, 32)),
    *(_compact(32, precision) for precision in ("INT8", "INT4")),
)


class Real:
    """The real experts: measured through transformers, their weights carried to the base's checkpoint."""

    name = "real"
    #: Whether each expert is measured alone, too.
    alone = True

    def __init__(self, store):
        self.store = store
        self.base = store.model("base-onnx")
        #: language -> the expert's ONNX bundle
        self.experts = {one.language: store.model(f"{one.checkpoint}-onnx") for one in plan.EXPERTS}
        self.float16 = koine.size(store.model("base") / "model.safetensors") // 2

    def scores(self, bundle, languages):
        return score.counts_of(self.store, carry.model(self.store, bundle), languages)


def measure(store, models, recipe, experts, scale, command):
    """Merges experts and measures the result in their languages, unless that was done."""
    key = f"{models.name}/{recipe.name}/{'-'.join(experts)}"
    if store.read("small", key):
        return
    work = Path(tempfile.mkdtemp(prefix="koine-real-"))
    try:
        named = [("--expert", f"{name}={folder}") for name, folder in experts.items()]
        words = ["--base", models.base, "--out", work / "merged", "--task-vectors", work / "kept", "--device", "CPU"]
        words += [*recipe.arguments, *scale, *(word for pair in named for word in pair)]
        started = time.monotonic()
        koine.run(command, "merge", *words)
        seconds = time.monotonic() - started
        sizes = [koine.size(path) for path in sorted((work / "kept").iterdir())]
        scores = models.scores(work / "merged", list(experts))
    finally:
        shutil.rmtree(work)
    store.write("small", key, {"bytes": sizes, "float16": models.float16, "seconds": seconds, "scores": scores})
    rates = ", ".join(f"{language} {score.rates(rows)[0]:.1f}" for language, rows in scores.items())
    say(f"small: {key}: {sum(sizes) / len(sizes) / models.float16:.1%} of float16, {seconds:.0f} s to merge, WER {rates}")


def main():
    arguments = parser(__doc__)
    names = [recipe.name for recipe in RECIPES]
    arguments.add_argument("--models", nargs="+", choices=("real", "whisper", "ctc"), default=("whisper", "ctc", "real"))
    arguments.add_argument("--recipes", nargs="+", choices=names, default=names)
    arguments.add_argument("--koine", type=Path, default=koine.OWN, help="the command to run; that of this checkout otherwise")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    command = args.koine.resolve()
    koine.run(command, "--version")  # builds Koine
    for name in args.models:
        models = Real(args.cache) if name == "real" else fixtures.Fixtures(name)
        for recipe in (recipe for recipe in RECIPES if recipe.name in args.recipes):
            measure(args.cache, models, recipe, models.experts, SCALE, command)
            for language, expert in models.experts.items() if models.alone and recipe != WHOLE else ():
                measure(args.cache, models, recipe, {language: expert}, ("--scale", "1"), command)


if __name__ == "__main__":
    main()
