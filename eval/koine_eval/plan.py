"""Which models there are, and how long each is trained."""

from dataclasses import dataclass

from koine_eval import bundles, ctc, phrases, whisper
from koine_eval.training import Schedule


@dataclass(frozen=True)
class Architecture:
    """One architecture: the languages of its base, its experts, and their schedules."""

    task: object
    export: object
    onnx_files: tuple
    base_languages: list
    expert_languages: list
    base: Schedule
    expert: Schedule
    #: How many utterances of each language the base is trained on.
    base_utterances: int
    #: How many utterances of each other language an expert rehearses, lest it forget what the base could do.
    rehearsal: int
    #: expert -> (name of the finished model, step at which the expert named by the key is taken from it)
    early: dict


ARCHITECTURES = {
    "ctc": Architecture(
        task=ctc.CtcTask(ctc.vocabulary()),
        export=bundles.export_ctc,
        onnx_files=("model.onnx",),
        base_languages=phrases.LANGUAGES,
        expert_languages=phrases.LANGUAGES,
        base=Schedule(steps=500, learning_rate=1.5e-3, warmup=100, final=0.1, easy_steps=200),
        expert=Schedule(steps=320, learning_rate=8e-4, warmup=20, final=0.1),
        base_utterances=120,
        rehearsal=80,
        early={"de": ("de-2", 80)},
    ),
    "whisper": Architecture(
        task=whisper.WhisperTask(whisper.FIXTURES),
        export=bundles.export_whisper,
        onnx_files=("encoder_model.onnx", "decoder_model.onnx"),
        base_languages=whisper.FIXTURES.languages,
        expert_languages=whisper.FIXTURES.languages,
        base=Schedule(steps=650, learning_rate=1.5e-3, warmup=100, final=0.3, easy_steps=250),
        expert=Schedule(steps=150, learning_rate=4e-4, warmup=20, final=0.1),
        base_utterances=1000,
        rehearsal=100,
        early={},
    ),
}
