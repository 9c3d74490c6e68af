package dev.koine.flink.serving;

import dev.koine.serving.ServingSettings;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * Decodes the speech in a stream with the newest version of a model. Each parallel instance asks the one model that its TaskManager keeps for
 * the job; versions are swapped while records are under way, and each result says which one wrote it. Speech that is itself at fault is
 * {@linkplain Transcribed#refusal() refused}; trouble of our own is tried again, then fails the job.
 *
 * <p>Records that wait for their text are part of a checkpoint, with their features, and are decoded again after a restart: each goes on once, if
 * source and sink are exactly-once. Which version decodes it then is the one that serves then.
 */
public final class Transcribe {
    private static final Duration TWO_MINUTES = Duration.ofMinutes(2);

    private final ServingSettings settings;
    private final int concurrency;
    private final int capacity;
    private final Duration timeout;

    private Transcribe(ServingSettings settings, int concurrency, int capacity, Duration timeout) {
        this.settings = settings;
        this.concurrency = concurrency;
        this.capacity = capacity;
        this.timeout = timeout;
    }

    /** With one utterance at a time for each parallel instance, two records under way, and two minutes for each. */
    public static Transcribe with(ServingSettings settings) {
        return new Transcribe(settings, 1, 2, TWO_MINUTES);
    }

    /** How many utterances each parallel instance decodes at a time; twice as many records are under way, unless said otherwise after this. */
    public Transcribe concurrency(int utterances) {
        return new Transcribe(settings, positive("concurrency", utterances), 2 * utterances, timeout);
    }

    /** How many records each parallel instance has under way, those that wait included; a checkpoint may hold as many. */
    public Transcribe capacity(int records) {
        return new Transcribe(settings, concurrency, positive("capacity", records), timeout);
    }

    /** How long a record may take, waiting included, before the job fails. */
    public Transcribe timeout(Duration time) {
        positive("timeout in milliseconds", time.toMillis());
        return new Transcribe(settings, concurrency, capacity, time);
    }

    /** Records go on as they are decoded; none overtakes a watermark. */
    public <T> SingleOutputStreamOperator<Transcribed<T>> unordered(DataStream<T> records, SpeechOf<T> speech) {
        return typed(
                records,
                AsyncDataStream.unorderedWait(
                        records, function(speech), timeout.toMillis(), TimeUnit.MILLISECONDS, capacity));
    }

    /** Records go on in the order that they came in. */
    public <T> SingleOutputStreamOperator<Transcribed<T>> ordered(DataStream<T> records, SpeechOf<T> speech) {
        return typed(
                records,
                AsyncDataStream.orderedWait(
                        records, function(speech), timeout.toMillis(), TimeUnit.MILLISECONDS, capacity));
    }

    private <T> TranscribeFunction<T> function(SpeechOf<T> speech) {
        return new TranscribeFunction<>(settings, speech, concurrency, timeout);
    }

    private <T> SingleOutputStreamOperator<Transcribed<T>> typed(
            DataStream<T> records, SingleOutputStreamOperator<Transcribed<T>> transcribed) {
        return transcribed
                .returns(Transcribed.typeFor(records.getType()))
                .name("transcribe with " + settings.modelId());
    }

    private static <N extends Number> N positive(String what, N value) {
        if (value.longValue() < 1) {
            throw new IllegalArgumentException("The " + what + " is " + value + ". Give 1 or more.");
        }
        return value;
    }
}
