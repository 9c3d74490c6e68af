package dev.koine.cli.console;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.slf4j.LoggerFactory;

/** Where the logs of a command go, and when logging begins. */
public final class Logs {
    private Logs() {}

    /** A command that says {@link #to where} its logs go, once it has begun. */
    public interface Own {}

    /** Sends logs to a file, and begins; has to be called before anything logs. */
    public static void to(Path file) {
        System.setProperty("koine.log.file", file.toString());
        System.setProperty("koine.log.appender", "file");
        begin();
    }

    /** Begins to log. On a thread that nobody interrupts: Log4j that is interrupted at its start is broken for good. */
    public static void begin() {
        CompletableFuture.runAsync(() -> LoggerFactory.getLogger(Logs.class)).join();
    }
}
