package dev.koine.speech.quarantine;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where models that came from outside meet native code: a process of their own, which ONNX Runtime may abort, hang or blow up without harm
 * to this one. The process is started at need, serves one model after the other, and ends when nothing was asked of it for a while.
 *
 * <p>A model that the process dies of is refused with what was printed. Was another model there before it, it is tried once more in a new
 * process, lest it pay for what the other broke; so is one whose process was killed from outside. Safe for several threads; they wait for
 * each other.
 *
 * <p>What this is not: a sandbox. The process runs as the same user, and reads what that may read; code that takes it over is held by the
 * limits of {@link WorkerCommand} alone.
 */
public final class Quarantine implements Examiner, AutoCloseable {
    private final QuarantineLimits limits;
    private final ObjectMapper json = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private @Nullable Worker worker;
    private long calls;
    private boolean isClosed;

    public Quarantine(QuarantineLimits limits) {
        this.limits = limits;
    }

    /**
     * Finds the native libraries and starts a worker, so that what is wrong with this machine shows now.
     *
     * @throws IOException if models cannot be tried here
     */
    public synchronized void prepare() throws IOException {
        // Of a bundle that has a byte: with none, the first model would not fit, and the worker be started again.
        worker(limits.memoryFor(1));
        endWhenIdle();
    }

    @Override
    public Answers ask(Path bundle, OnnxOptions options) throws RejectedException, IOException {
        Reply reply = call(bundle, Call.of(bundle, options, true, null), Progress.NONE);
        return Objects.requireNonNull(reply.answers());
    }

    @Override
    public SortedMap<LanguageTask, EvaluationResult> evaluate(
            Path bundle, OnnxOptions options, Speech speech, Progress progress) throws RejectedException, IOException {
        Reply reply = call(bundle, Call.of(bundle, options, false, evaluation(speech)), progress);
        return Reply.byLanguageTask(Objects.requireNonNull(reply.results()));
    }

    @Override
    public Findings askAndEvaluate(Path bundle, OnnxOptions options, Speech speech, Progress progress)
            throws RejectedException, IOException {
        Reply reply = call(bundle, Call.of(bundle, options, true, evaluation(speech)), progress);
        return new Findings(
                Objects.requireNonNull(reply.answers()), Reply.byLanguageTask(Objects.requireNonNull(reply.results())));
    }

    private static Call.Evaluation evaluation(Speech speech) {
        List<String> places = speech.sets().stream()
                .map(set -> set.toAbsolutePath().toString())
                .toList();
        return new Call.Evaluation(places, speech.sample(), speech.seed(), speech.threads());
    }

    private synchronized Reply call(Path bundle, Call call, Progress progress) throws RejectedException, IOException {
        long bytes = bytes(bundle);
        boolean wasKilled = false;
        while (true) {
            long memory = limits.memoryFor(bytes);
            Worker asked = worker(memory);
            boolean isFresh = asked.isFresh();
            try {
                Reply reply = asked.ask(
                        call, new Worker.Allowance(memory, limits.timeFor(bytes, call.evaluation() != null)), progress);
                endWhenIdle();
                return answered(reply);
            } catch (WorkerDeath death) {
                end();
                boolean isKilled = death.kind() == WorkerDeath.Cause.KILLED;
                if (isFresh && (!isKilled || wasKilled)) {
                    throw refused(asked, death);
                }
                wasKilled |= isKilled && isFresh;
            } catch (IOException e) {
                end();
                throw e;
            }
        }
    }

    private static Reply answered(Reply reply) throws RejectedException, IOException {
        Reply.@Nullable Rejected rejected = reply.rejected();
        if (rejected != null) {
            throw new RejectedException(rejected.code(), rejected.message());
        }
        if (reply.trouble() != null) {
            throw new IOException("A model could not be tried: " + reply.trouble());
        }
        return reply;
    }

    private static RejectedException refused(Worker worker, WorkerDeath death) {
        boolean isLimit = death.kind() == WorkerDeath.Cause.TOO_LARGE || death.kind() == WorkerDeath.Cause.TOO_SLOW;
        return new RejectedException(
                isLimit ? RejectionCode.TOO_LARGE : RejectionCode.NOT_LOADABLE,
                worker.runtime() + " does not survive the model: while " + death.stage()
                        + ", its process, which is apart from this one, " + death.getMessage() + "."
                        + (isLimit
                                ? " If the model is sound and needs that, raise the limit: quarantine.memory or"
                                        + " quarantine.time of the job, --quarantine-memory or --quarantine-time of the"
                                        + " command."
                                : " Load the file with ONNX Runtime on your machine to see the same, and export it again."));
    }

    private Worker worker(long memory) throws IOException {
        if (isClosed) {
            throw new IOException("The quarantine is closed.");
        }
        @Nullable Worker there = worker;
        if (there != null && there.isAlive() && there.memory() >= memory) {
            return there;
        }
        end();
        Worker started = Worker.start(limits, limits.roomFor(memory), json);
        worker = started;
        return started;
    }

    private void end() {
        if (worker != null) {
            worker.close();
            worker = null;
        }
    }

    private void endWhenIdle() {
        long now = ++calls;
        CompletableFuture.delayedExecutor(limits.idle().toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    synchronized (this) {
                        if (calls == now) {
                            end();
                        }
                    }
                });
    }

    private static long bytes(Path bundle) throws IOException {
        try (Stream<Path> files = Files.walk(bundle)) {
            long bytes = 0;
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    /** Ends the worker. */
    @Override
    public synchronized void close() {
        isClosed = true;
        end();
    }
}
