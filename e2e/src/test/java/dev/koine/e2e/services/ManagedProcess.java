package dev.koine.e2e.services;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process that is killed, paused, left without room, and started again. What it prints goes through a pipe, which a limit on the size of files does not
 * touch.
 */
final class ManagedProcess implements AutoCloseable {
    private static final int KEPT_LINES = 60;

    /** A broker that is away may have to come back first. */
    private static final Duration SOON = Duration.ofSeconds(20);

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Consumer<String> lines;
    private final Path log;
    private final Deque<String> last = new ArrayDeque<>();
    private @Nullable Process process;
    private @Nullable Thread pump;
    private int starts;
    private final List<Instant> kills = new ArrayList<>();

    /**
     * @param log keeps what it prints, but for how many calls it has answered
     * @param lines is given each line that it prints; {@link #STARTED} at each start
     */
    ManagedProcess(
            String name, List<String> command, Map<String, String> environment, Path log, Consumer<String> lines) {
        this.name = name;
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
        this.log = log;
        this.lines = lines;
    }

    /** In place of a line. */
    static final String STARTED = "--- started";

    String name() {
        return name;
    }

    synchronized int starts() {
        return starts;
    }

    synchronized void start() throws IOException, InterruptedException {
        if (pump != null) {
            pump.join();
        }
        say(STARTED);
        starts++;
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process started = builder.start();
        process = started;
        Thread reads = new Thread(() -> pump(started), "lines-" + name);
        reads.setDaemon(true);
        reads.start();
        pump = reads;
    }

    synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Ends it as a machine that fails would. */
    synchronized void kill() throws InterruptedException {
        if (process != null) {
            kills.add(Instant.now());
            process.destroyForcibly().waitFor();
        }
    }

    /** Whether it was killed so soon after a moment that it may not have said what it did then. */
    synchronized boolean wasKilledSoonAfter(Instant moment) {
        return kills.stream().anyMatch(kill -> !kill.isBefore(moment) && kill.isBefore(moment.plus(SOON)));
    }

    void pause() throws IOException, InterruptedException {
        run("kill", "-STOP", pid());
    }

    void resume() throws IOException, InterruptedException {
        run("kill", "-CONT", pid());
    }

    /** Files of more bytes cannot be written, as where the disk is full. */
    void leaveRoom(long bytes) throws IOException, InterruptedException {
        run("prlimit", "--pid", pid(), "--fsize=" + bytes + ":unlimited");
    }

    void giveRoom() throws IOException, InterruptedException {
        run("prlimit", "--pid", pid(), "--fsize=unlimited:unlimited");
    }

    /** What it printed last, for a message. */
    String tail() {
        synchronized (last) {
            return name + " (" + (isRunning() ? "running" : "ended") + "):\n  " + String.join("\n  ", last);
        }
    }

    private synchronized String pid() {
        return process == null ? "0" : String.valueOf(process.pid());
    }

    private void pump(Process started) {
        try (BufferedReader reader = started.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                say(line);
            }
        } catch (IOException killed) {
            say("--- " + killed.getMessage());
        }
    }

    private void say(String line) {
        if (!line.contains(" answered ")) {
            keep(line);
        }
        lines.accept(line);
    }

    private void keep(String line) {
        synchronized (last) {
            last.add(line);
            if (last.size() > KEPT_LINES) {
                last.removeFirst();
            }
            try {
                String dated = LocalTime.now().truncatedTo(ChronoUnit.MILLIS) + " " + line + "\n";
                Files.writeString(log, dated, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** One that has ended meanwhile needs neither. */
    private void run(String... line) throws IOException, InterruptedException {
        Process helper = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!helper.waitFor(5, TimeUnit.MINUTES) || (helper.exitValue() != 0 && isRunning())) {
            throw new IOException(String.join(" ", line) + " does not work here.");
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
