package dev.koine.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.ProcessTree;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A service in Python beside the one in this process: {@code python -m koine_subscriber follow}, which verifies each version that it takes and says its digest.
 * It may pass over versions while it takes one, as any service may.
 */
final class PythonService implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration ENDING = Duration.ofSeconds(10);

    private final SortedMap<Long, String> served = new TreeMap<>();
    private final Process process;
    private final Path log;

    private PythonService(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts it.
     *
     * @param python command of a Python that has what {@code koine_subscriber} needs
     * @param sources folder with the package, put before what is installed
     * @param directory folder for its cache and its log
     * @throws IOException if there is no such command
     */
    static PythonService start(String python, Path sources, String model, String bootstrapServers, Path directory)
            throws IOException {
        Path log = Files.createDirectories(directory).resolve("python.log");
        ProcessBuilder command = new ProcessBuilder(
                        python,
                        "-m",
                        "koine_subscriber",
                        "follow",
                        model,
                        "--bootstrap",
                        bootstrapServers,
                        "--cache",
                        directory.resolve("cache").toString(),
                        "--json")
                .redirectError(log.toFile());
        if (Files.isDirectory(sources)) {
            command.environment()
                    .merge("PYTHONPATH", sources.toString(), (said, ours) -> ours + File.pathSeparator + said);
        }
        PythonService service = new PythonService(command.start(), log);
        Thread reader = new Thread(service::read, "python-service");
        reader.setDaemon(true);
        reader.start();
        return service;
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                note(line);
            }
        } catch (IOException e) {
            process.destroy();
        } finally {
            synchronized (served) {
                served.notifyAll();
            }
        }
    }

    private void note(String line) throws JsonProcessingException {
        JsonNode said = JSON.readTree(line);
        synchronized (served) {
            served.put(said.path("version").asLong(-1), said.path("digest").asText());
            served.notifyAll();
        }
    }

    /**
     * What it has served, as soon as that is this version, too.
     *
     * @return digests by version
     * @throws IOException if it ends before, or takes longer than the patience
     */
    SortedMap<Long, String> await(long version, Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (served) {
            while (!served.containsKey(version)) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0 || !process.isAlive()) {
                    throw new IOException("The service in Python "
                            + (process.isAlive() ? "does not serve" : "ended before it served") + " version " + version
                            + "; " + log + " says: " + lastLine());
                }
                served.wait(Math.min(left, 200));
            }
            return new TreeMap<>(served);
        }
    }

    private String lastLine() throws IOException {
        return Files.readString(log).strip().lines().reduce("nothing", (first, last) -> last);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(ENDING.toMillis(), TimeUnit.MILLISECONDS)) {
            ProcessTree.kill(process);
        }
    }
}
