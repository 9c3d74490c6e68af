"""Error rates of a bundle on the dev and the test speech of all ten languages, both tasks."""

from functools import cache

from sacrebleu.metrics import BLEU

from koine_eval import corpus
from koine_eval.proof import decode, plan
from koine_eval.scoring import error_rates

#: How much of each set is used: settings are chosen on dev, results are measured on test.
UTTERANCES = {"dev": 50, "test": 100}


@cache
def speech(folder, split):
    """Language -> the utterances that models are measured on."""
    kept = lambda language: [u for u in corpus.read(folder, language, split) if plan.fits(u)]
    return {language: kept(language)[: UTTERANCES[split]] for language in plan.LANGUAGES}


def scores(model, corpus_folder, splits=tuple(UTTERANCES), languages=plan.LANGUAGES):
    """split -> language -> task -> wer, cer, and bleu for translation."""
    return {
        split: {language: _language(model, speech(corpus_folder, split)[language]) for language in languages}
        for split in splits
    }


def _language(model, utterances):
    texts = decode.transcripts(model, utterances)
    transcribed = zip([u.text for u in utterances], texts["transcribe"], strict=True)
    english = [u.english for u in utterances]
    # Phrases have three words at most, so that BLEU stops at pairs of words.
    bleu = BLEU(max_ngram_order=2).corpus_score(texts["translate"], [english]).score
    return {
        "transcribe": error_rates(transcribed),
        "translate": error_rates(zip(english, texts["translate"], strict=True)) | {"bleu": bleu},
    }
