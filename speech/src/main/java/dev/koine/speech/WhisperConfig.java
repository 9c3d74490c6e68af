package dev.koine.speech;

import dev.koine.engine.RejectedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What {@code config.json} and {@code generation_config.json} say about a Whisper model.
 *
 * @param mels features a frame
 * @param frames of the window that the encoder takes
 * @param padding fills the window; NaN where config.json does not say
 * @param start the first token of a prompt
 * @param languages prompt tokens by {@code <|de|>}; empty for a model of one language
 * @param tasks prompt tokens by {@code transcribe}, {@code translate}; empty for a model of one task
 * @param noTimestamps the last token of a prompt
 * @param ends tokens that end a text
 * @param suppressed tokens that are never chosen
 * @param suppressedFirst tokens that are not chosen first
 * @param maxLength of prompt and text, in tokens
 */
record WhisperConfig(
        int mels,
        int frames,
        float padding,
        int start,
        Map<String, Integer> languages,
        Map<String, Integer> tasks,
        OptionalInt noTimestamps,
        BitSet ends,
        BitSet suppressed,
        BitSet suppressedFirst,
        int maxLength) {

    static WhisperConfig of(ModelJson config, ModelJson generation) throws RejectedException {
        int maxLength = generation.index("max_length");
        if (config.has("max_target_positions")) {
            maxLength = Math.min(maxLength, config.index("max_target_positions"));
        }
        BitSet suppressedFirst = generation.integers("begin_suppress_tokens");
        suppressedFirst.or(generation.integers("suppress_tokens"));
        BitSet ends = generation.integers("eos_token_id");
        if (ends.isEmpty()) {
            ends.set(config.index("eos_token_id"));
        }
        return new WhisperConfig(
                config.index("num_mel_bins"),
                2 * config.index("max_source_positions"),
                config.has("features_padding") ? config.number("features_padding") : Float.NaN,
                generation.index("decoder_start_token_id"),
                generation.table("lang_to_id"),
                generation.table("task_to_id"),
                generation.has("no_timestamps_token_id")
                        ? OptionalInt.of(generation.index("no_timestamps_token_id"))
                        : OptionalInt.empty(),
                ends,
                generation.integers("suppress_tokens"),
                suppressedFirst,
                maxLength);
    }

    /** The token that ends a text, where several do the first. */
    int end() {
        return ends.nextSetBit(0);
    }

    /**
     * The tokens that ask for a text.
     *
     * @throws IllegalArgumentException if the model does not know the language or the task
     */
    List<Integer> prompt(String language, Task task) {
        List<Integer> prompt = new ArrayList<>();
        prompt.add(start);
        if (!languages.isEmpty()) {
            String primary = language.split("-", 2)[0].toLowerCase(Locale.ROOT);
            prompt.add(token(languages, "<|" + primary + "|>", "language"));
        }
        if (!tasks.isEmpty()) {
            prompt.add(token(tasks, task.token(), "task"));
        }
        noTimestamps.ifPresent(prompt::add);
        return prompt;
    }

    /**
     * Features in the window that the encoder takes, [mels, frames], with silence behind them.
     *
     * @throws IllegalArgumentException if they have another shape or are longer
     */
    float[] window(Features features) {
        if (features.rows() != mels || features.columns() > frames) {
            throw new IllegalArgumentException("The features are " + features.rows() + " by " + features.columns()
                    + " but this model takes [" + mels + ", up to " + frames
                    + " frames]. Cut longer recordings into pieces.");
        }
        float[] window = new float[mels * frames];
        Arrays.fill(window, Float.isNaN(padding) ? silence(features.values()) : padding);
        for (int mel = 0; mel < mels; mel++) {
            System.arraycopy(features.values(), mel * features.columns(), window, mel * frames, features.columns());
        }
        return window;
    }

    /** Whisper's own features are cut off at a floor below the loudest; silence lies on that floor. */
    private static float silence(float[] values) {
        float lowest = Float.POSITIVE_INFINITY;
        for (float value : values) {
            lowest = Math.min(lowest, value);
        }
        return lowest;
    }

    private static int token(Map<String, Integer> tokens, String name, String kind) {
        Integer token = tokens.get(name);
        if (token == null) {
            throw new IllegalArgumentException("This model knows no " + kind + " " + name + ". It knows "
                    + String.join(", ", tokens.keySet()) + ".");
        }
        return token;
    }
}
