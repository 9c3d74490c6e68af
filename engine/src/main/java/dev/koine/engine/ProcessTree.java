package dev.koine.engine;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process and all that it has started. */
public final class ProcessTree {
    private static final int PATIENCE_SECONDS = 10;

    private ProcessTree() {}

    /**
     * Kills a process and all that it has started, and returns when the process is gone. What it has started may be gone a moment later: whoever
     * inherits it has to collect it, and the first process of a container often does not.
     *
     * <p>The parent goes first: a shell whose command is killed would take up the next one.
     */
    public static void kill(Process process) {
        List<ProcessHandle> tree = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
        tree.forEach(ProcessHandle::destroyForcibly);
        boolean interrupted = Thread.interrupted();
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
