package dev.koine.bench;

import dev.koine.bench.machine.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** What a measurement has to name to mean anything. */
final class Machine {
    private Machine() {}

    static String describe(BenchOptions options, Path results) throws IOException, InterruptedException {
        return String.join(
                "\n",
                List.of(
                        "- " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ", commit " + commit(options),
                        "- " + field("/proc/cpuinfo", "model name") + ", "
                                + Runtime.getRuntime().availableProcessors() + " processors, "
                                + memoryGib() + " GiB, " + System.getProperty("os.name") + " "
                                + System.getProperty("os.version") + " " + System.getProperty("os.arch"),
                        "- " + System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version")
                                + (options.heap().isEmpty() ? "" : ", -Xmx" + options.heap()),
                        "- models on " + Files.getFileStore(options.models()).type() + ", results on "
                                + Files.getFileStore(results).type()));
    }

    /** The load of the last minute. */
    static String load() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
    }

    private static String commit(BenchOptions options) throws IOException, InterruptedException {
        Path log = Files.createTempFile("koine-bench", ".log");
        try {
            return ChildProcess.run(
                            List.of("git", "-C", options.home().toString(), "describe", "--always", "--dirty"),
                            Map.of(),
                            log)
                    .output()
                    .strip();
        } catch (IOException e) {
            return "unknown";
        } finally {
            Files.delete(log);
        }
    }

    private static long memoryGib() throws IOException {
        return Long.parseLong(field("/proc/meminfo", "MemTotal").split(" ", 2)[0]) >> 20;
    }

    private static String field(String file, String name) throws IOException {
        for (String line : Files.readAllLines(Path.of(file))) {
            if (line.startsWith(name)) {
                return line.substring(line.indexOf(':') + 1).strip();
            }
        }
        return "unknown";
    }
}
