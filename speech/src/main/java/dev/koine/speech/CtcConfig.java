package dev.koine.speech;

import dev.koine.engine.RejectedException;

/**
 * What {@code config.json} says about a CTC model.
 *
 * @param blank the token between tokens
 * @param wordDelimiter the token that is a space
 * @param mels features a frame
 */
record CtcConfig(int blank, String wordDelimiter, int mels) {
    static CtcConfig of(ModelJson config) throws RejectedException {
        return new CtcConfig(
                config.index("blank_token_id"), config.text("word_delimiter_token"), config.index("num_mel_bins"));
    }
}
