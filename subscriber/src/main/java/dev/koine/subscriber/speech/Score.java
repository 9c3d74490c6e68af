package dev.koine.subscriber.speech;

/**
 * How far a model's texts are from the references.
 *
 * @param words counted in words
 * @param characters counted in characters
 */
public record Score(ErrorRate words, ErrorRate characters) {
    public static final Score NONE = new Score(ErrorRate.NONE, ErrorRate.NONE);

    public static Score of(String reference, String text) {
        return new Score(ErrorRate.words(reference, text), ErrorRate.characters(reference, text));
    }

    public Score plus(Score other) {
        return new Score(words.plus(other.words), characters.plus(other.characters));
    }
}
