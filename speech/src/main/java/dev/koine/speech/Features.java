package dev.koine.speech;

/**
 * The features of one utterance in the layout that its model takes: [frames, mels] for CTC, [mels, frames] for Whisper.
 *
 * @param values row-major; not copied, and not to be changed
 * @param rows the outer dimension
 * @param columns the inner dimension
 */
@SuppressWarnings("ArrayRecordComponent")
public record Features(float[] values, int rows, int columns) {
    public Features {
        if (rows < 1 || columns < 1 || (long) rows * columns != values.length) {
            throw new IllegalArgumentException(
                    values.length + " values are no matrix of " + rows + " by " + columns + " features.");
        }
    }
}
