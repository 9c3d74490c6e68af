package dev.koine.follower;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command of {@code /bin/sh} that gets the {@linkplain Occasion#json occasion} on its standard input and the main things in its environment:
 * {@code KOINE_MODEL}, {@code KOINE_VERSION}, {@code KOINE_DIGEST}, {@code KOINE_FOLDER}, {@code KOINE_EVENT}, {@code KOINE_FAILURE}. It worked if
 * it ends with 0.
 *
 * @param atMost how long it may take; it is killed then, with what it has started
 */
public record ShellCommand(String command, Duration atMost) implements Step {
    private static final Logger LOG = LoggerFactory.getLogger(ShellCommand.class);
    private static final int SHOWN = 500;

    @Override
    public void take(Occasion occasion) throws StepFailedException, InterruptedException {
        Path printed;
        try {
            printed = Files.createTempFile("koine-step-", ".txt");
        } catch (IOException e) {
            throw new StepFailedException("No file can be made for what '" + command + "' prints: " + e);
        }
        try {
            int code = run(occasion, printed);
            if (code != 0) {
                throw new StepFailedException("'" + command + "' ended with " + code + said(printed));
            }
        } catch (IOException e) {
            throw new StepFailedException("'" + command + "' could not be run: " + e);
        } finally {
            delete(printed);
        }
    }

    private int run(Occasion occasion, Path printed) throws IOException, StepFailedException, InterruptedException {
        ProcessBuilder shell = new ProcessBuilder("/bin/sh", "-c", command)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile());
        shell.environment().putAll(environment(occasion));
        Process process = shell.start();
        try {
            tell(process, occasion);
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new StepFailedException(
                        "'" + command + "' did not end within " + atMost.toSeconds() + " s" + said(printed));
            }
            return process.exitValue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** A command that does not read what it is told is free to. */
    private void tell(Process process, Occasion occasion) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(occasion.json().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.debug("'{}' did not read what it was told: {}", command, e.toString());
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
        String text = new String(Files.readAllBytes(printed), StandardCharsets.UTF_8).strip();
        if (text.isEmpty()) {
            return ".";
        }
        return ": " + (text.length() <= SHOWN ? text : "..." + text.substring(text.length() - SHOWN));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} cannot be deleted: {}", file, e.toString());
        }
    }
}
