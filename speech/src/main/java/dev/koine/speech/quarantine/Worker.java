package dev.koine.speech.quarantine;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.ProcessTree;
import dev.koine.engine.Progress;
import dev.koine.engine.file.TemporaryFolder;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's process, seen from the one that started it. The thread that calls it looks after it: it reads the worker's clock and memory
 * while it waits. For use by one thread at a time.
 */
final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration START = Duration.ofMinutes(2);
    private static final long LOOK_MILLIS = 50;
    /** What counts of the time between two looks: this process may have been held up itself. */
    private static final long LONGEST_LOOK_MILLIS = 1000;

    private static final int CLOCK_TO_PROCESSOR = 5;
    private static final int LARGEST_REPLY = 64 << 20;
    private static final int SIGNALLED = 128;
    private static final int SIGKILL = 9;
    private static final int OUT_OF_HEAP = 3;

    private final Process process;
    private final long memory;
    private final ObjectMapper json;
    private final Printed printed = new Printed();
    private final BlockingQueue<Optional<Reply>> replies = new LinkedBlockingQueue<>();
    private boolean isFresh = true;
    private String runtime = "ONNX Runtime";

    private Worker(Process process, long memory, ObjectMapper json) {
        this.process = process;
        this.memory = memory;
        this.json = json;
    }

    /**
     * Starts a worker and waits until ONNX Runtime is loaded there.
     *
     * @param memory bytes that it may use
     * @throws IOException if that does not come to pass
     */
    static Worker start(QuarantineLimits limits, long memory, ObjectMapper json) throws IOException {
        try (TemporaryFolder own = TemporaryFolder.create(WorkerCommand.temporary(), "koine-worker")) {
            return start(limits, memory, own.path(), json);
        }
    }

    private static Worker start(QuarantineLimits limits, long memory, Path temporary, ObjectMapper json)
            throws IOException {
        long begun = System.nanoTime();
        Worker worker = new Worker(WorkerCommand.of(limits, memory, temporary).start(), memory, json);
        try {
            worker.follow(worker.process.getErrorStream(), worker.printed::drain, "koine-quarantine-printed");
            worker.follow(worker.process.getInputStream(), worker::readReplies, "koine-quarantine-replies");
            Reply first = worker.await(new Allowance(memory, START), Progress.NONE);
            if (first.ready() == null) {
                throw new IOException(first.trouble() == null ? "it said something else first" : first.trouble());
            }
            worker.runtime = "ONNX Runtime " + first.ready();
            worker.printed.clear();
            LOG.info(
                    "A worker for {} started in {} ms (process {}, {} MiB of memory at most).",
                    worker.runtime,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun),
                    worker.process.pid(),
                    memory >> 20);
            return worker;
        } catch (WorkerDeath e) {
            worker.close();
            throw new IOException("The process that models are tried in does not start: it " + e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            worker.close();
            throw e instanceof InterruptedIOException interrupted
                    ? interrupted
                    : new IOException("The process that models are tried in does not start: " + e.getMessage(), e);
        }
    }

    /** Whether it was not asked anything yet: what kills it then is what it was asked. */
    boolean isFresh() {
        return isFresh;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long memory() {
        return memory;
    }

    /** Name and version of what it runs. */
    String runtime() {
        return runtime;
    }

    /** Kilobytes of memory that are its own; 0 where the system does not tell. */
    long privateMemory() {
        return ProcessMemory.of(process.toHandle());
    }

    /**
     * What one call may use.
     *
     * @param memory bytes of private memory
     * @param time of a processor until the next sign of life
     */
    record Allowance(long memory, Duration time) {}

    /**
     * Asks.
     *
     * @throws WorkerDeath if it does not live to answer
     * @throws InterruptedIOException if this thread was interrupted
     */
    Reply ask(Call call, Allowance allowed, Progress progress) throws WorkerDeath, IOException {
        isFresh = false;
        byte[] line = (json.writeValueAsString(call) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            OutputStream in = process.getOutputStream();
            in.write(line);
            in.flush();
        } catch (IOException e) {
            LOG.debug("The worker has ended before it was asked.", e);
        }
        return await(allowed, progress);
    }

    private Reply await(Allowance allowed, Progress progress) throws WorkerDeath, IOException {
        String stage = "starting";
        Spent since = Spent.now(process);
        while (true) {
            @Nullable Optional<Reply> next;
            try {
                next = replies.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                close();
                throw (IOException) new InterruptedIOException("The trial of a model was interrupted.").initCause(e);
            }
            if (next == null) {
                since = since.look(process);
                require(since, allowed, stage);
            } else if (next.isEmpty()) {
                throw death(stage, allowed);
            } else if (next.get().step() != null) {
                Reply.Step step = next.get().step();
                stage = step.stage();
                progress.report(stage, step.done(), step.total());
                since = Spent.now(process);
            } else {
                return next.get();
            }
        }
    }

    /** Time that the worker has spent since its last sign of life. */
    private record Spent(long lookedNanos, long clockMillis, Duration processorThen, Duration processor) {
        static Spent now(Process process) {
            Duration now = processor(process);
            return new Spent(System.nanoTime(), 0, now, Duration.ZERO);
        }

        Spent look(Process process) {
            long now = System.nanoTime();
            long passed = Math.min(TimeUnit.NANOSECONDS.toMillis(now - lookedNanos), LONGEST_LOOK_MILLIS);
            return new Spent(
                    now, clockMillis + passed, processorThen, processor(process).minus(processorThen));
        }

        private static Duration processor(Process process) {
            return process.info().totalCpuDuration().orElse(Duration.ZERO);
        }
    }

    private void require(Spent spent, Allowance allowed, String stage) throws WorkerDeath {
        Duration time = allowed.time();
        boolean isTooSlow =
                spent.processor().compareTo(time) > 0 || spent.clockMillis() > CLOCK_TO_PROCESSOR * time.toMillis();
        if (isTooSlow) {
            close();
            throw new WorkerDeath(
                    WorkerDeath.Cause.TOO_SLOW,
                    "was ended after " + spent.processor().toSeconds() + " s of a processor and "
                            + spent.clockMillis() / 1000 + " s by the clock; " + time.toSeconds() + " s are allowed",
                    stage);
        }
        long used = privateMemory();
        if (used << 10 > allowed.memory()) {
            close();
            throw tooLarge(stage, allowed);
        }
    }

    private static WorkerDeath tooLarge(String stage, Allowance allowed) {
        return new WorkerDeath(
                WorkerDeath.Cause.TOO_LARGE,
                "needed more than the " + (allowed.memory() >> 20) + " MiB of memory that are allowed",
                stage);
    }

    private WorkerDeath death(String stage, Allowance allowed) throws InterruptedIOException {
        try {
            if (!process.waitFor(LONGEST_LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                close();
                process.waitFor();
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw (InterruptedIOException)
                    new InterruptedIOException("The trial of a model was interrupted.").initCause(e);
        }
        int exit = process.exitValue();
        String said = printed.summary();
        LOG.warn("A worker ended with {} while {}. It printed: {}", exit, stage, printed.text());
        if (exit == OUT_OF_HEAP) {
            return tooLarge(stage, allowed);
        }
        int signal = exit - SIGNALLED;
        return new WorkerDeath(
                signal == SIGKILL ? WorkerDeath.Cause.KILLED : WorkerDeath.Cause.CRASHED,
                (signal > 0 ? "was ended by signal " + signal : "ended with exit code " + exit)
                        + (said.isEmpty() ? " and printed nothing" : "; it printed: " + said),
                stage);
    }

    private void readReplies(InputStream in) throws IOException {
        try (BufferedInputStream lines = new BufferedInputStream(in)) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = lines.read(); b >= 0 && line.size() < LARGEST_REPLY; b = lines.read()) {
                if (b == '\n') {
                    replies.add(Optional.of(json.readValue(line.toByteArray(), Reply.class)));
                    line.reset();
                } else {
                    line.write(b);
                }
            }
        } finally {
            replies.add(Optional.empty());
        }
    }

    @FunctionalInterface
    private interface Reading {
        void read(InputStream in) throws IOException;
    }

    private void follow(InputStream in, Reading reading, String name) {
        Thread thread = new Thread(
                () -> {
                    try {
                        reading.read(in);
                    } catch (IOException e) {
                        LOG.debug("A worker's stream ended.", e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends it at once, with whatever it has started itself. */
    @Override
    public void close() {
        ProcessTree.kill(process);
    }
}
