"""Writes the sample that holds Koine's error rates and BLEU to those of jiwer 4.0.0 and sacrebleu 2.6.0.

    pip install jiwer==4.0.0 sacrebleu==2.6.0
    python koine_eval/reference_scores.py ../speech/src/test/resources/dev/koine/speech/evaluation/scores.json
"""

import json
import sys
from importlib.metadata import version

import jiwer
from sacrebleu.metrics import BLEU

PAIRS = [
    ("the cat sat on the mat", "the cat sat on the mat"),
    ("the cat sat on the mat", "a cat sat on mat"),
    ("the cat sat on the mat", "the cat the cat sat on on the mat again"),
    ("the quick brown fox jumps over the lazy dog", "the quick brown dog jumps over the lazy fox"),
    ("hello world", ""),
    ("one", "two"),
    ("one", "one two three four five"),
    ("It is 5.30 p.m., isn't it?", "It is 5.30 pm isn't it"),
    ("It costs $1,234.56 (net).", "it costs $ 1234.56 net"),
    ("He said: \"no\" - twice!", "He said no twice"),
    ("R&D &amp; sales", "R & D and sales"),
    ("a &lt;b&gt; c &quot;d&quot;", "a <b> c \"d\""),
    ("3-4 pages, pre-1990", "3 - 4 pages pre 1990"),
    ("well-known e-mail", "well known email"),
    ("two  spaces here", "two spaces here"),
    (" leading and trailing ", "leading and trailing"),
    ("tab\tseparated words", "tab separated words"),
    ("a b", "a  b"),
    ("vint-i-un mil tres-cents", "vint i un mil tres cents"),
    ("L'avi d'en Joan és a l'hort", "l'avi den Joan es a l'hort"),
    ("Àvia, això és una prova", "avia això és una prova"),
    ("einundzwanzig Grüße aus Köln", "ein und zwanzig Grüsse aus Köln"),
    ("Straße und Maß", "Strasse und Maß"),
    ("El niño comió una piña", "el nino comió una piña"),
    ("¿Qué hora es?", "que hora es"),
    ("cuarenta y dos", "cuarenta dos"),
    ("Où est l'hôtel ?", "ou est l'hôtel?"),
    ("quatre-vingt-dix-sept", "quatre vingt dix sept"),
    ("c'est à dire « rien »", "c'est-à-dire rien"),
    ("perché è così", "perche e cosi"),
    ("ventuno gatti neri", "vent'uno gatti neri"),
    ("dua puluh tiga", "dua puluh lima"),
    ("eenentwintig fietsen", "een en twintig fietsen"),
    ("coração e pão", "coracao e pao"),
    ("não sei não", "não sei"),
    ("двадцать один дом", "двадцать один том"),
    ("Ёлка и ёж", "елка и еж"),
    ("Привет, мир!", "привет мир"),
    ("tjugoett björnar på ön", "tjugo ett björnar på ön"),
    ("我喜欢吃苹果", "我喜欢苹果"),
    ("今日は良い天気です", "今日はいい天気です"),
    ("नमस्ते दुनिया", "नमस्ते दुनीया"),
    ("مرحبا بالعالم", "مرحبا العالم"),
    ("emoji 😀 end", "emoji 😁 end"),
    ("ﬁne ligature", "fine ligature"),
    ("e\u0301cole", "école"),
    ("non\u00a0breaking space", "non breaking space"),
    ("ideographic\u3000space", "ideographic space"),
    ("line\nbreak", "line break"),
    ("100% sure", "100 % sure"),
    ("a/b testing", "a / b testing"),
    ("x = y + 2", "x equals y plus 2"),
    ("[noise] hello <unk>", "hello"),
    ("the the the the", "the"),
    ("a b c d e f g h", "h g f e d c b a"),
    ("seven eight nine ten", "seven eight nine ten eleven"),
    ("The House", "the house"),
    ("don't stop", "dont stop"),
    ("U.S.A. today", "USA today"),
    ("end.", "end ."),
]
#: Parts of the pairs, for BLEU over several corpora; the last has no pair of words in common.
CORPORA = {"all": (0, 60), "first ten": (0, 10), "short": (4, 7), "one": (1, 2), "reversed": (54, 55), "nothing": (5, 6)}


def main():
    pairs = [{"reference": r, "text": t, "wer": jiwer.wer(r, t), "cer": jiwer.cer(r, t)} for r, t in PAIRS]
    references, texts = (list(side) for side in zip(*PAIRS))
    bleu = [
        {"name": name, "from": start, "to": end, "score": BLEU().corpus_score(texts[start:end], [references[start:end]]).score}
        for name, (start, end) in CORPORA.items()
    ]
    sample = {
        "made by": {name: version(name) for name in ("jiwer", "sacrebleu")},
        "pairs": pairs,
        "wer": jiwer.wer(references, texts),
        "cer": jiwer.cer(references, texts),
        "bleu": bleu,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(sample, out, ensure_ascii=False, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
