package dev.koine.speech.evaluation;

import dev.koine.speech.Loss;

/**
 * How far a model's texts are from the references. Scores of several texts are added.
 *
 * @param utterances how many
 * @param words errors in words, of normalised texts
 * @param characters errors in characters, of normalised texts
 * @param bleu counts of n-grams, of texts as they are
 * @param loss of the references
 */
public record Score(int utterances, ErrorRate words, ErrorRate characters, Bleu bleu, Loss loss) {
    public static final Score NONE = new Score(0, ErrorRate.NONE, ErrorRate.NONE, Bleu.NONE, Loss.NONE);

    /** Of one text. */
    public static Score of(String reference, String text, Loss loss, TextNormalizer normalizer) {
        String expected = normalizer.normalize(reference);
        String found = normalizer.normalize(text);
        return new Score(
                1,
                ErrorRate.words(expected, found),
                ErrorRate.characters(expected, found),
                Bleu.of(reference, text),
                loss);
    }

    public Score plus(Score other) {
        return new Score(
                utterances + other.utterances,
                words.plus(other.words),
                characters.plus(other.characters),
                bleu.plus(other.bleu),
                loss.plus(other.loss));
    }
}
