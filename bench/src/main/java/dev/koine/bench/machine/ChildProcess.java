package dev.koine.bench.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command and says what it used. Memory and disk are sampled from {@code /proc} while it runs, so a peak that lasted less than
 * {@value #SAMPLE_MILLIS} ms may be missed. For one thread: processor time is what all ended children of this process have used.
 */
public final class ChildProcess {
    private static final int SAMPLE_MILLIS = 20;
    private static final double TICKS = 100;

    private final Path log;
    private long anonymousKib;
    private long residentKib;
    private long diskBytes;

    /**
     * What a command used.
     *
     * @param wall seconds from its start to its end
     * @param anonymousMb peak resident memory that no file is mapped to
     * @param residentMb peak resident memory
     * @param diskGb read from the disk
     * @param waited the part of the processors' time in which they idled while some process waited for the disk
     * @param output what it wrote, errors included
     */
    public record Usage(
            double wall,
            double user,
            double system,
            long anonymousMb,
            long residentMb,
            double diskGb,
            double waited,
            String output) {}

    private ChildProcess(Path log) {
        this.log = log;
    }

    /**
     * @param log a file for its output
     * @throws IOException if it fails; with its output
     */
    public static Usage run(List<String> command, Map<String, String> environment, Path log)
            throws IOException, InterruptedException {
        return new ChildProcess(log).run(command, environment);
    }

    private Usage run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        long[] own = ownChildren();
        long waited = waitedForDisk();
        long start = System.nanoTime();
        Process process = builder.start();
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
            sample(proc);
        }
        double wall = (System.nanoTime() - start) / 1e9;
        long[] now = ownChildren();
        String output = Files.readString(log);
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + process.exitValue() + ":\n" + output);
        }
        return new Usage(
                wall,
                (now[0] - own[0]) / TICKS,
                (now[1] - own[1]) / TICKS,
                anonymousKib >> 10,
                residentKib >> 10,
                diskBytes / 1e9,
                (waitedForDisk() - waited)
                        / TICKS
                        / (wall * Runtime.getRuntime().availableProcessors()),
                output);
    }

    private void sample(Path proc) throws IOException {
        anonymousKib = Math.max(anonymousKib, value(proc.resolve("status"), "RssAnon:"));
        residentKib = Math.max(residentKib, value(proc.resolve("status"), "VmHWM:"));
        diskBytes = Math.max(diskBytes, value(proc.resolve("io"), "read_bytes:"));
    }

    private static long value(Path file, String key) throws IOException {
        for (String line : lines(file)) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.substring(key.length()).strip().split(" ", 2)[0]);
            }
        }
        return 0;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Ticks that ended children used in user and in system mode. */
    private static long[] ownChildren() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return new long[] {Long.parseLong(fields[13]), Long.parseLong(fields[14])};
    }

    private static long waitedForDisk() throws IOException {
        return Long.parseLong(Files.readAllLines(Path.of("/proc/stat")).get(0).split(" +")[5]);
    }
}
