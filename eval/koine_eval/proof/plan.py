"""Which models the proof trains, on what, and for how long."""

import random
from dataclasses import dataclass

import torch

from koine_eval import corpus, phrases, whisper
from koine_eval.training import Schedule

LANGUAGES = phrases.LANGUAGES
SEEDS = [1, 2, 3]
SHAPE = whisper.Shape(
    languages=tuple(LANGUAGES),
    width=192,
    layers=2,
    heads=4,
    inner=768,
    source_positions=44,
    target_positions=40,
    stacked=2,
    whole_characters=True,
)
#: Utterances of each language that the base hears; fine-tuning hears the others.
BASE_UTTERANCES = 150
BASE = Schedule(steps=1500, learning_rate=1.2e-3, warmup=150, final=0.1, easy_steps=400)
EXPERT_STEPS = 250
LEARNING_RATE = 1.2e-4


class Task(whisper.WhisperTask):
    """Training in bfloat16: twice as fast where the processor has it."""

    def loss(self, model, batch):
        with torch.autocast("cpu", torch.bfloat16):
            return super().loss(model, batch)


BASE_TASK = Task(SHAPE)
FINE_TUNING = Task(SHAPE, ctc_weight=0)


def fine_tuning(steps):
    return Schedule(steps=steps, learning_rate=LEARNING_RATE, warmup=20, final=0.1)


@dataclass(frozen=True)
class FineTune:
    """A model made from the base: what it hears, one after another, and for how many steps each."""

    stages: tuple
    steps: int
    shuffled: bool = False


def fine_tunes(seed):
    """Name -> fine-tuned model of one seed."""
    order = sequence(seed)
    experts = {language: FineTune(((language,),), EXPERT_STEPS) for language in LANGUAGES}
    return experts | {
        "multitask": FineTune((tuple(LANGUAGES),), EXPERT_STEPS * len(LANGUAGES)),
        "multitask-short": FineTune((tuple(LANGUAGES),), EXPERT_STEPS),
        "sequential": FineTune(tuple((language,) for language in order), EXPERT_STEPS),
        "shuffled": FineTune((("nl",),), EXPERT_STEPS, shuffled=True),
    }


def sequence(seed):
    """The order in which languages come, by seed."""
    return random.Random(seed).sample(LANGUAGES, len(LANGUAGES))


def fits(utterance):
    """True if the model can hear and write all of an utterance."""
    frames = 2 * SHAPE.source_positions * SHAPE.stacked
    room = SHAPE.target_positions - len(whisper.prompt(utterance.language, "transcribe", BASE_TASK.vocab))
    return len(utterance.features) <= frames and len(utterance.text) < room


def speech(folder, seed):
    """Two sets, language -> utterances: what the base hears, and what fine-tuning hears. Which is which varies by seed."""
    heard, fresh = {}, {}
    for language in LANGUAGES:
        utterances = [u for u in corpus.read(folder, language, "train") if fits(u)]
        random.Random(f"{seed}/{language}").shuffle(utterances)
        heard[language], fresh[language] = utterances[:BASE_UTTERANCES], utterances[BASE_UTTERANCES:]
    return heard, fresh
