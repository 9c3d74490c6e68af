package dev.koine.bench.shape;

import java.util.Locale;

/** The published sizes of Whisper: the width, the layers of each half, the bands of its input, and the tokens it knows. */
public enum WhisperSize {
    TINY(384, 4, 80, 51865),
    SMALL(768, 12, 80, 51865),
    MEDIUM(1024, 24, 80, 51865),
    /** As of large-v3. */
    LARGE(1280, 32, 128, 51866);

    public final int width;
    public final int layers;
    public final int mels;
    public final int vocabulary;

    WhisperSize(int width, int layers, int mels, int vocabulary) {
        this.width = width;
        this.layers = layers;
        this.mels = mels;
        this.vocabulary = vocabulary;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
