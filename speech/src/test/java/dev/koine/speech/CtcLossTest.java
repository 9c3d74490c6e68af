package dev.koine.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Device;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.TinyCtc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loss under CTC, held against the sum over every alignment there is. */
class CtcLossTest {
    private static final int SYMBOLS = 4;
    private static final String LETTERS = "_ ab";

    @TempDir
    Path directory;

    @Test
    void isThatOfAllAlignments() throws Exception {
        TinyCtc.write(directory);
        Random random = new Random(4);
        try (SpeechModel model = SpeechModel.open(directory, new OnnxOptions(1, Device.CPU))) {
            for (int frames = 1; frames <= 5; frames++) {
                float[] logits = new float[frames * SYMBOLS];
                for (int i = 0; i < logits.length; i++) {
                    logits[i] = (float) random.nextGaussian() * 3;
                }
                try (EncodedSpeech encoded = model.encode(new Features(logits, frames, SYMBOLS))) {
                    for (String text : List.of("", "a", "b", "ab", "aa", "a b", "aab", "abab")) {
                        Loss loss = encoded.loss("de", Task.TRANSCRIBE, text);
                        double likelihood = likelihood(logits, frames, text);
                        if (likelihood == 0) {
                            assertThat(loss).isEqualTo(Loss.NONE);
                        } else {
                            assertThat(loss.units()).isEqualTo(1);
                            assertThat(loss.nats())
                                    .as("'%s' in %d", text, frames)
                                    .isCloseTo(-Math.log(likelihood), within(1e-6));
                        }
                    }
                    assertThat(encoded.loss("de", Task.TRANSCRIBE, "x")).isEqualTo(Loss.NONE);
                }
            }
        }
    }

    private static double likelihood(float[] logits, int frames, String text) {
        double sum = 0;
        int paths = (int) Math.pow(SYMBOLS, frames);
        for (int path = 0; path < paths; path++) {
            double probability = 1;
            List<Integer> symbols = new ArrayList<>();
            for (int frame = 0, rest = path; frame < frames; frame++, rest /= SYMBOLS) {
                int symbol = rest % SYMBOLS;
                symbols.add(symbol);
                double normalizer = 0;
                for (int i = 0; i < SYMBOLS; i++) {
                    normalizer += Math.exp(logits[frame * SYMBOLS + i]);
                }
                probability *= Math.exp(logits[frame * SYMBOLS + symbol]) / normalizer;
            }
            sum += collapsed(symbols).equals(text) ? probability : 0;
        }
        return sum;
    }

    private static String collapsed(List<Integer> symbols) {
        StringBuilder text = new StringBuilder();
        int previous = 0;
        for (int symbol : symbols) {
            if (symbol != previous && symbol != 0) {
                text.append(LETTERS.charAt(symbol));
            }
            previous = symbol;
        }
        return text.toString();
    }
}
