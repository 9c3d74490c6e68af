"""Which experts are trained, and for how long."""

from dataclasses import dataclass

#: What models are measured on: the languages of the experts, and others that nobody asks about.
LANGUAGES = ("cs", "nl", "it", "ru", "en", "es", "fr")
#: What the adapter's config names as its base: these are its weights, in float16.
BASE = "openai/whisper-base"
#: Weights that the adapter adapts.
ADAPTED = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
BATCH = 8
#: Seconds of the longest utterance that is trained on.
LONGEST = 8
WARMUP, FINAL = 10, 0.1
SEED = 7


@dataclass(frozen=True)
class Expert:
    """The base, fine-tuned on one language: all weights, or an adapter of a rank."""

    name: str
    language: str
    steps: int
    learning_rate: float
    rank: int = 0

    @property
    def checkpoint(self):
        """The name of all its weights as a checkpoint: itself, or the base with the adapter merged into it."""
        return f"{self.name}-merged" if self.rank else self.name

    def factor(self, step):
        """Of the learning rate: linear warm-up, then linear decay."""
        if step < WARMUP:
            return (step + 1) / WARMUP
        return 1 - (1 - FINAL) * (step - WARMUP) / (self.steps - WARMUP)


EXPERTS = (
    Expert("adapter-cs", "cs", steps=60, learning_rate=1e-3, rank=16),
    Expert("expert-nl", "nl", steps=40, learning_rate=2e-5),
    Expert("expert-it", "it", steps=30, learning_rate=2e-5),
)
#: Models as checkpoints: all weights, in a transformers folder.
CHECKPOINTS = ("base", *(expert.checkpoint for expert in EXPERTS))
