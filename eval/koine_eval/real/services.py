"""Transcripts as services make them from a transformers folder: in the whole window of 30 s, by their own code.

The folder is loaded by transformers, or converted by CTranslate2 and loaded by faster-whisper.
"""

import logging
import time

import torch
from ctranslate2.converters import TransformersConverter
from faster_whisper import WhisperModel
from transformers import WhisperForConditionalGeneration, WhisperProcessor
from transformers.utils import logging as transformers_logging

from koine_eval.real import corpus, score, whisper
from koine_eval.real.store import new_folder, say
from koine_eval.real.text import normalise

#: What faster-whisper reads of a folder beside weights and config.
BESIDE = ["tokenizer.json", "preprocessor_config.json"]


class Transformers:
    """`generate`, greedy."""

    name = "transformers"

    def __init__(self, store, folder, threads):
        torch.set_num_threads(threads)
        with _warnings() as said:
            self.model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
            self.processor = WhisperProcessor.from_pretrained(folder)
        if said:
            raise SystemExit(f"transformers warns of {folder}:\n" + "\n".join(said))

    @torch.inference_mode()
    def transcribe(self, samples, language):
        heard = self.processor(samples, sampling_rate=corpus.RATE, return_tensors="pt").input_features
        tokens = self.model.generate(heard, language=language, task="transcribe", num_beams=1, do_sample=False)
        return self.processor.batch_decode(tokens, skip_special_tokens=True)[0]


class FasterWhisper:
    """CTranslate2 in float32, greedy, without time stamps, each recording by itself."""

    name = "faster-whisper"

    def __init__(self, store, folder, threads):
        converted = folder.with_name(f"{folder.name}-ct2")
        if not converted.exists():
            with new_folder(converted) as target:
                TransformersConverter(str(folder), copy_files=BESIDE).convert(str(target / "model"))
        self.model = WhisperModel(str(converted / "model"), device="cpu", compute_type="float32", cpu_threads=threads)

    def transcribe(self, samples, language):
        segments, _ = self.model.transcribe(
            samples,
            language=language,
            beam_size=1,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        return " ".join(segment.text for segment in segments)


SERVICES = {one.name: one for one in (Transformers, FasterWhisper)}


def measure(store, service, name, folder, speech, threads):
    """Language -> counts of a transformers folder under a service, of the utterances in `speech`; what is measured is kept."""
    key = f"{name}-{service}"
    record = store.read("services", key) or {}
    missing = [language for language, heard in speech.items() if len(record.get(language, ())) != len(heard)]
    loaded = SERVICES[service](store, folder, threads) if missing else None
    sounds = whisper.Speech(store)
    for language in missing:
        started = time.monotonic()
        record[language] = [
            score.count(one.id, one.normalised, normalise(loaded.transcribe(sounds.samples(one), language), language))
            for one in speech[language]
        ]
        store.write("services", key, record)
        wer, cer = score.rates(record[language])
        say(f"{service}: {name}: {language} WER {wer:.1f} CER {cer:.1f}, {time.monotonic() - started:.0f} s")
    return record


class _warnings:
    """Collects what transformers warns of."""

    def __enter__(self):
        self.said = []
        self.handler = logging.Handler(logging.WARNING)
        self.handler.emit = lambda record: self.said.append(record.getMessage())
        transformers_logging.get_logger("transformers").addHandler(self.handler)
        return self.said

    def __exit__(self, *exception):
        transformers_logging.get_logger("transformers").removeHandler(self.handler)
