package dev.koine.speech.quarantine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Memory of a process that no file backs, as Linux tells it. */
final class ProcessMemory {
    private static final String FIELD = "RssAnon:";

    private ProcessMemory() {}

    /** Kilobytes of a process; 0 where it has ended, or the system does not tell. */
    static long of(ProcessHandle process) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith(FIELD))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }
}
