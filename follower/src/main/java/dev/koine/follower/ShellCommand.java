package dev.koine.follower;

import dev.koine.engine.ProcessTree;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.subscriber.TroubleHereException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command of {@code /bin/sh} that gets the {@linkplain Occasion#json occasion} on its standard input and the main things in its environment:
 * {@code KOINE_MODEL}, {@code KOINE_VERSION}, {@code KOINE_DIGEST}, {@code KOINE_FOLDER}, {@code KOINE_EVENT}, {@code KOINE_FAILURE}. It worked if
 * it ends with 0. Where there is no room for what it is told, or no process can be started, that is no version's fault.
 *
 * @param atMost how long it may take; it is killed then, with what it has started
 */
public record ShellCommand(String command, Duration atMost) implements Step {
    private static final int SHOWN = 500;
    private static final int SHOWN_BYTES = 4 * SHOWN;

    @Override
    public void take(Occasion occasion) throws StepFailedException, TroubleHereException, InterruptedException {
        try (TemporaryFolder folder = TemporaryFolder.create("koine-step-")) {
            Path told = Files.writeString(folder.path().resolve("event.json"), occasion.json());
            Path printed = folder.path().resolve("printed.txt");
            int code = run(occasion, told, printed);
            if (code != 0) {
                throw new StepFailedException("'" + command + "' ended with " + code + said(printed));
            }
        } catch (IOException e) {
            throw new TroubleHereException("'" + command + "' could not be run: " + e, e);
        }
    }

    /** A command need not read what it is told: through a pipe, it would hold up whoever writes. */
    private int run(Occasion occasion, Path told, Path printed)
            throws IOException, StepFailedException, InterruptedException {
        ProcessBuilder shell = new ProcessBuilder("/bin/sh", "-c", command)
                .redirectInput(told.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile());
        shell.environment().putAll(environment(occasion));
        Process process = shell.start();
        try {
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new StepFailedException(
                        "'" + command + "' did not end within " + atMost.toSeconds() + " s" + said(printed));
            }
            return process.exitValue();
        } finally {
            ProcessTree.kill(process);
        }
    }

    private static Map<String, String> environment(Occasion occasion) {
        Placed version = occasion.version();
        String failure = occasion.failure();
        return Map.of(
                "KOINE_EVENT", occasion.type(),
                "KOINE_MODEL", version.update().getModelId(),
                "KOINE_VERSION", String.valueOf(version.version()),
                "KOINE_DIGEST", version.update().getDigest(),
                "KOINE_FOLDER", version.directory().toString(),
                "KOINE_FAILURE", failure == null ? "" : failure);
    }

    private static String said(Path printed) throws IOException {
        String text;
        try (FileChannel file = FileChannel.open(printed)) {
            file.position(Math.max(0, file.size() - SHOWN_BYTES));
            text = new String(Channels.newInputStream(file).readNBytes(SHOWN_BYTES), StandardCharsets.UTF_8).strip();
        }
        if (text.isEmpty()) {
            return ".";
        }
        return ": " + (text.length() <= SHOWN ? text : "..." + text.substring(text.length() - SHOWN));
    }
}
