package dev.koine.cli.option;

import dev.koine.engine.WorkPool;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** How many threads a command works with. */
public final class ThreadsOption {
    @Option(
            names = "--threads",
            description = "Threads to use (default: all processors).",
            defaultValue = "0",
            showDefaultValue = Visibility.NEVER)
    int threads;

    /** A pool of so many. */
    public WorkPool pool() {
        return new WorkPool(threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    }
}
