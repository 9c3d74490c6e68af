"""Which experts are trained, from what seeds, by what recipes, and which languages nobody brings an expert for."""

from dataclasses import dataclass

#: Languages with an expert, in the order in which they arrive where nothing else is said.
EXPERTS = ("cs", "nl", "ro", "ca", "bg", "el")
#: Without an expert: those that must not suffer, and those that nobody asks about.
PROTECTED, UNTOUCHED = ("es", "fr", "en"), ("it", "ru")
LANGUAGES = (*EXPERTS, *PROTECTED, *UNTOUCHED)
SEEDS = (1, 2, 3)
#: Training stops at so many steps at most; every CHECK steps the loss on DEV utterances is looked at, and the best state is kept
#: once PATIENCE looks in a row were no better.
STEPS, CHECK, PATIENCE, DEV = 160, 20, 1, 32
#: Of four batches, how many are of languages that the base speaks, where an expert is trained with rehearsal.
REHEARSED = 1


@dataclass(frozen=True)
class Trained:
    """A model that is trained: all weights (rank 0) or a LoRA adapter, on one language or several, from the base or from another."""

    name: str
    languages: tuple
    seed: int
    rank: int = 0
    rehearsal: bool = False
    steps: int = STEPS
    is_shuffled: bool = False
    #: Whether the state with the least held-out loss is kept; otherwise that after all steps.
    stops: bool = True

    @property
    def learning_rate(self):
        return 1e-3 if self.rank else 2e-5


def expert(language, seed, rehearsal=False):
    """Half of a seed's experts are full fine-tunes, half adapters of rank 16; the next seed has them the other way round."""
    is_full = (EXPERTS.index(language) + seed) % 2 == 0
    suffix = "-rehearsal" if rehearsal else ""
    return Trained(f"{language}-{seed}{suffix}", (language,), seed, 0 if is_full else 16, rehearsal)


def experts(seed, rehearsal=False):
    return tuple(expert(language, seed, rehearsal) for language in EXPERTS)
