package dev.koine.flink.serving;

import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.Speech;
import java.io.Serializable;

/**
 * Finds the speech in a record.
 *
 * @param <T> the record
 */
@FunctionalInterface
public interface SpeechOf<T> extends Serializable {
    /**
     * The speech to be decoded. Called by the task's own thread, one record after the other; what is returned is not to be changed later.
     *
     * @throws RefusedSpeechException if the record has none; it goes on with that refusal. Anything else that is thrown fails the job
     */
    Speech of(T record) throws RefusedSpeechException;
}
