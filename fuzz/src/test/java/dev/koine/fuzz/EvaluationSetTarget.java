package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.speech.evaluation.EvaluationSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * An evaluation set: two bytes with the length of its references (the higher first), the references, the features. It is sampled, and
 * all features of the sample are read.
 */
public final class EvaluationSetTarget {
    private static final Path FOLDER = Work.folder("evaluation-set");
    private static final int LENGTH_BYTES = 2;

    private EvaluationSetTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < LENGTH_BYTES) {
            return;
        }
        int length = (data[0] & 0xff) << 8 | data[1] & 0xff;
        int end = Math.min(LENGTH_BYTES + length, data.length);
        Files.write(FOLDER.resolve(EvaluationSet.REFERENCES), Arrays.copyOfRange(data, LENGTH_BYTES, end));
        Files.write(FOLDER.resolve(EvaluationSet.FEATURES), Arrays.copyOfRange(data, end, data.length));
        try {
            EvaluationSet.read(FOLDER).sample(2, 0).requireFinite();
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
