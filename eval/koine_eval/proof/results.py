"""What the measurements say: error rates and normalised performance, mean and spread over seeds."""

from dataclasses import replace
from statistics import mean, stdev

from koine_eval.proof import merge, plan

TASKS = ("transcribe", "translate")


class Results:
    """The measurements of all seeds."""

    def __init__(self, store, seeds):
        self.store = store
        self.seeds = seeds

    def scores(self, seed, model, split="test"):
        """Language -> task -> rates, of a Merge (whatever its seed) or a trained model."""
        key = model if isinstance(model, str) else replace(model, seed=seed).key()
        return self.store.read(seed, key)["scores"].get(split)

    def experts(self, seed, split="test"):
        """The same of each language's own expert: the ceiling."""
        return {language: self.scores(seed, language, split)[language] for language in plan.LANGUAGES}

    def has(self, model, split="test"):
        return all(self.scores(seed, model, split) for seed in self.seeds)

    def bytes(self, model):
        """Bytes of one task vector, over experts and seeds."""
        sizes = [self.store.read(seed, replace(model, seed=seed).key())["bytes"] for seed in self.seeds]
        return mean(mean(some) for some in sizes)

    def over_seeds(self, measure, *models, split="test", languages=plan.LANGUAGES):
        """`measure(result, ..., languages)` by seed, where each result is a Side."""
        sides = [[self._side(seed, model, split) for model in models] for seed in self.seeds]
        return [measure(*side, languages) for side in sides]

    def _side(self, seed, model, split):
        scores = self.experts(seed, split) if model == "experts" else self.scores(seed, model, split)
        return Side(scores, self.experts(seed, split), self.scores(seed, "base", split))


class Side:
    """The scores of one model, with those of the experts and the base that it is held against."""

    def __init__(self, scores, experts, base):
        self.scores, self.experts, self.base = scores, experts, base


def rate(task, name):
    """The mean of one rate over languages."""
    return lambda side, languages: mean(side.scores[language][task][name] for language in languages)


def error(side, languages):
    """The mean word error rate over languages and both tasks."""
    return merge.error(side.scores, languages)


def worst(side, languages):
    """The word error rate of the worst language, over both tasks."""
    return max(merge.error(side.scores, [language]) for language in languages)


def normalised(side, languages):
    """Expert's word error rate by the model's in transcription, the model's BLEU by the expert's in translation."""
    rows = [(side.scores[language], side.experts[language]) for language in languages]
    heard = [own["transcribe"]["wer"] / ours["transcribe"]["wer"] for ours, own in rows]
    translated = [ours["translate"]["bleu"] / own["translate"]["bleu"] for ours, own in rows]
    return mean(heard + translated)


def closed(side, languages):
    """The share of the way from the base's error to the experts' that the model goes."""
    base, experts = merge.error(side.base, languages), merge.error(side.experts, languages)
    return (base - merge.error(side.scores, languages)) / (base - experts)


def percent_error(found, model, languages, split="test"):
    """The error of a model in percent, mean over seeds."""
    return 100 * mean(found.over_seeds(error, model, split=split, languages=languages))


def difference(ours, theirs, languages):
    """How much larger the first model's error is."""
    return error(ours, languages) - error(theirs, languages)


def spread(values, digits=3):
    """Mean and standard deviation over seeds, as a cell."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{mean(values):.{digits}f} ± {stdev(values):.{digits}f}"


def percent(values):
    return f"{100 * mean(values):.0f} %" if len(values) == 1 else f"{100 * mean(values):.0f} ± {100 * stdev(values):.0f} %"
