"""Word and character error rates over a set of utterances."""


def edits(reference, hypothesis):
    """Levenshtein distance of two sequences."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


def error_rates(pairs):
    """(reference, hypothesis) texts -> {"wer", "cer"}, edits summed over all of them by the reference length."""
    pairs = list(pairs)
    rate = lambda split: sum(edits(split(r), split(h)) for r, h in pairs) / sum(len(split(r)) for r, _ in pairs)
    return {"wer": rate(str.split), "cer": rate(list)}
