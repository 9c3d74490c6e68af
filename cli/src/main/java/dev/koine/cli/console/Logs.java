package dev.koine.cli.console;

import java.nio.file.Path;

/** Where the logs of a long-running command go. */
public final class Logs {
    private Logs() {}

    /** Sends logs to a file; has to be called before anything logs. */
    public static void to(Path file) {
        System.setProperty("koine.log.file", file.toString());
        System.setProperty("koine.log.appender", "file");
    }
}
