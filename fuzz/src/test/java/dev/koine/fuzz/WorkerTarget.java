package dev.koine.fuzz;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Sha256;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;

/**
 * Graphs for ONNX Runtime, in a worker: what it answers, refuses or dies of is an answer or a rejection here. Inputs that it died of are
 * kept in {@code target/corpus/WORKER-deaths}.
 *
 * <p>The first byte says what the rest is: a {@linkplain GraphScript script} of a graph, or the file as it is.
 */
public final class WorkerTarget {
    private static final Path BUNDLE = Work.folder("worker");
    private static final Path DEATHS = Path.of("target", "corpus", "WORKER-deaths");
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final Quarantine QUARANTINE =
            new Quarantine(QuarantineLimits.DEFAULT.withMemory(512 << 20).withTime(Duration.ofSeconds(2)));

    private WorkerTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length == 0) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, 1, data.length);
        Files.write(BUNDLE.resolve("model.onnx"), data[0] == 0 ? rest : GraphScript.model(rest));
        try {
            QUARANTINE.ask(BUNDLE, OPTIONS).requireAny();
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
            String message = String.valueOf(refused.getMessage());
            if (message.contains("does not survive")) {
                Files.createDirectories(DEATHS);
                Files.write(DEATHS.resolve(Sha256.of(data).substring(0, 16)), data);
                Files.writeString(
                        DEATHS.resolveSibling("WORKER-deaths.log"),
                        message + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            }
        }
    }
}
