"""Which merges the proof makes: methods and scales, streams, sizes."""

import hashlib
import json
import random
from dataclasses import asdict, dataclass, replace
from itertools import product

from koine_eval.proof import plan

TEN = tuple(plan.LANGUAGES)
#: The languages of the published experiment that are merged; the other five are unseen then.
FIVE = ("ca", "de", "es", "fr", "it")
GROUPS = {"five": FIVE, "ten": TEN}
#: method -> the scales that are tried on dev; TIES takes a mean, the others take sums
SUMS = ("0.05", "0.1", "0.15", "0.2", "0.3", "0.5")
METHODS = {
    "TASK_ARITHMETIC": SUMS,
    "TIES": ("0.2", "0.3", "0.5", "0.7", "1.0", "1.5"),
    "DARE": SUMS,
    "LOW_RANK": SUMS,
    "MAGNITUDE": SUMS,
    "LORS": SUMS,
}
PUBLISHED = "0.2"
#: Scales are chosen on the dev speech of this seed, and measured on the test speech of all.
CHOSEN_ON = plan.SEEDS[0]
SCALE_POLICIES = (PUBLISHED, "1/n", "2/n", "norm", "norm:0.4", "model-stock")
#: What streams and retractions are measured with.
SCALE = "norm:0.4"
#: What the sizes of task vectors are measured with.
SIZES_SCALE = "0.15"
LINEAR = ("**/*_proj/MatMul:1", "**/fc*/MatMul:1")
ORDERS = tuple(tuple(random.Random(i).sample(TEN, len(TEN))) for i in range(3))
BAD = "shuffled"
#: The bad expert comes after this many good ones.
BAD_AFTER = 5


@dataclass(frozen=True)
class Merge:
    """One call of `koine merge`."""

    seed: int
    experts: tuple
    method: str = "LORS"
    rank: int = 7
    density: float = 0.2
    scale: str = SCALE
    precision: str = "FLOAT32"
    #: The policy of what is no attention or MLP matrix.
    rest: str = "DENSE"

    def key(self):
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def arguments(self):
        """What `koine merge` is told, apart from folders."""
        words = ["--method", self.method, "--scale", self.scale, "--precision", self.precision]
        if self.method in ("LORS", "LOW_RANK"):
            words += ["--rank", str(self.rank)]
        if self.method in ("LORS", "MAGNITUDE", "TIES", "DARE"):
            words += ["--density", str(self.density)]
        if self.method == "DARE":
            words += ["--seed", str(self.seed)]
        if self.rest != "DENSE":
            rules = [f"{pattern}={self.method}" for pattern in LINEAR] + [f"**={self.rest}"]
            words += [word for rule in rules for word in ("--policy", rule)]
        return words

    def label(self):
        """A line for a person."""
        members = next((name for name, group in GROUPS.items() if group == self.experts), ",".join(self.experts))
        changed = [value for name, value in asdict(self).items() if name not in ("seed", "experts", "method", "scale")]
        return f"seed {self.seed} {members}: {self.method} at {self.scale} ({', '.join(map(str, changed))})"


def members(names):
    """Experts in one order: a sum does not depend on it, and equal merges are made once."""
    return tuple(sorted(names, key=lambda name: (*TEN, BAD).index(name)))


def grid(seed):
    """Every method at every scale."""
    return [
        Merge(seed, experts, method, scale=scale)
        for experts in GROUPS.values()
        for method, scales in METHODS.items()
        for scale in scales
    ]


def policies(seed):
    """LoRS under every scale policy, and TIES under the one that needs no choice."""
    lors = [Merge(seed, experts, scale=scale) for experts in GROUPS.values() for scale in SCALE_POLICIES]
    return lors + [ties(seed, experts) for experts in GROUPS.values()]


def ties(seed, experts):
    return Merge(seed, experts, "TIES", scale="norm")


def averages(seed):
    return [Merge(seed, experts, "TASK_ARITHMETIC", scale="1/n") for experts in GROUPS.values()]


#: Versions that are measured of each stream: all of the first, some of the others.
COUNTS = (tuple(range(1, 11)), (2, 4, 6, 8, 10), (2, 4, 6, 8, 10))
RETRACTED = FIVE


def streams(seed):
    """The versions of a model that experts stream into, in three orders, with a bad one, and after a retraction."""
    merges = [stream(seed, order, count) for order, counts in zip(ORDERS, COUNTS) for count in counts]
    merges += [with_bad(seed, count) for count in range(BAD_AFTER, len(TEN) + 1)]
    merges += [without(seed, language) for language in RETRACTED]
    return merges


#: Versions of a stream that are measured under every scale policy.
FEW = (1, 2, 3, 4)


def growth(seed):
    """The start of one stream under every scale policy."""
    return [stream(seed, ORDERS[0], count, scale) for scale in SCALE_POLICIES for count in FEW]


def stream(seed, order, count, scale=SCALE):
    """The version after `count` experts."""
    return Merge(seed, members(order[:count]), scale=scale)


def with_bad(seed, count):
    """The first stream after `count` good experts, and the bad one."""
    return Merge(seed, members((*ORDERS[0][:count], BAD)))


def without(seed, language):
    return Merge(seed, members(set(TEN) - {language}))


RANKS = (1, 3, 16, 32)
DENSITIES = (0.0, 0.005, 0.02, 0.05, 0.2, 0.5)
RESTS = ("LOW_RANK", "SPARSE", "FROZEN")
#: (rank, density) that are tried with every policy of the rest
SMALL = ((7, 0.02), (3, 0.005), (0, 0.02))


def sizes(seed):
    """Ten experts at many sizes of a task vector."""
    ten = Merge(seed, TEN, scale=SIZES_SCALE, precision="FLOAT16")
    settings = [replace(ten, rank=rank, density=density) for rank in (0, 7) for density in DENSITIES]
    settings += [replace(ten, rank=rank, density=0.0) for rank in RANKS]
    settings += [replace(ten, rank=r, density=d, rest=rest) for (r, d), rest in product(SMALL, RESTS)]
    settings += [replace(ten, density=0.02, precision=precision) for precision in ("FLOAT32", "INT8", "INT4")]
    settings += [replace(ten, density=0.02, precision=one, rest="LOW_RANK") for one in ("INT8", "INT4")]
    settings += [replace(ten, precision=precision) for precision in ("FLOAT32", "INT8", "INT4")]
    settings += [
        replace(ten, rank=rank, density=0.0, precision="INT4", rest=rest)
        for rank, rest in product((7, 16, 24, 32), ("DENSE", "LOW_RANK"))
    ]
    return [one for one in dict.fromkeys(settings) if one.rank or one.density]


def whole(seed):
    """What sizes are held against: whole task vectors at the same scale."""
    return Merge(seed, TEN, "TASK_ARITHMETIC", scale=SIZES_SCALE)
