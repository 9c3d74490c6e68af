"""How sure a difference of two error rates is: utterances are drawn again, the same ones for both."""

import numpy as np

DRAWS, SEED = 10_000, 7


def difference(ours, theirs, languages):
    """(measured, 2.5 %, 97.5 %) of the mean over languages of WER, in points: ours minus theirs.

    Each maps a language to the counts of `score.counts`, in the same order of utterances.
    """
    rng = np.random.default_rng(SEED)
    measured, drawn = 0.0, np.zeros(DRAWS)
    for language in languages:
        if [row[0] for row in ours[language]] != [row[0] for row in theirs[language]]:
            raise ValueError(f"Other utterances of {language} were measured.")
        words = np.array([row[2] for row in ours[language]])
        change = np.array([a[1] - b[1] for a, b in zip(ours[language], theirs[language], strict=True)])
        measured += 100 * change.sum() / words.sum() / len(languages)
        picks = rng.integers(len(words), size=(DRAWS, len(words)))
        drawn += 100 * change[picks].sum(1) / words[picks].sum(1) / len(languages)
    return measured, *np.quantile(drawn, (0.025, 0.975))
