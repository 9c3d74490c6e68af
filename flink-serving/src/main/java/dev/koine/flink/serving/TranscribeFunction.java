package dev.koine.flink.serving;

import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.jspecify.annotations.Nullable;

/** Decodes the speech of records beside the task's thread. */
final class TranscribeFunction<T> extends RichAsyncFunction<T, Transcribed<T>> {
    private static final long serialVersionUID = 1L;

    private final ServingSettings settings;
    private final SpeechOf<T> speechOf;
    private final int concurrency;
    private final Duration timeout;
    private transient @Nullable ServedModel model;

    TranscribeFunction(ServingSettings settings, SpeechOf<T> speechOf, int concurrency, Duration timeout) {
        this.settings = settings;
        this.speechOf = speechOf;
        this.concurrency = concurrency;
        this.timeout = timeout;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        model = ServedModel.open(settings, concurrency, getRuntimeContext().getMetricGroup());
    }

    @Override
    public void asyncInvoke(T input, ResultFuture<Transcribed<T>> result) {
        ServedModel served = Objects.requireNonNull(model);
        Speech speech;
        try {
            speech = speechOf.of(input);
        } catch (RefusedSpeechException e) {
            served.countRefused();
            result.complete(List.of(new Transcribed<>(input, null, e.getMessage())));
            return;
        }
        var unused = served.transcribeAside(speech).whenComplete((transcript, failure) -> {
            if (failure == null) {
                result.complete(List.of(new Transcribed<>(input, transcript, null)));
            } else if (failure instanceof RefusedSpeechException refused) {
                result.complete(List.of(new Transcribed<>(input, null, refused.getMessage())));
            } else {
                result.completeExceptionally(failure);
            }
        });
    }

    @Override
    public void timeout(T input, ResultFuture<Transcribed<T>> result) {
        result.completeExceptionally(new TimeoutException("A record's speech was not decoded within "
                + timeout.toMillis() + " ms, waiting for its turn included. Raise Transcribe.timeout, raise"
                + " Transcribe.concurrency where there are cores to spare, or lower Transcribe.capacity."));
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
            model = null;
        }
    }
}
