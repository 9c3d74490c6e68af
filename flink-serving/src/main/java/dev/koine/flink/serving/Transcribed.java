package dev.koine.flink.serving;

import dev.koine.serving.Transcript;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.jspecify.annotations.Nullable;

/**
 * A record with what became of its speech: a transcript, or the reason why it has none.
 *
 * @param <T> the record
 * @param input the record
 * @param transcript its text, and which version wrote it; null where it was refused
 * @param refusal what is wrong with its speech and what to do; null where it was decoded
 */
public record Transcribed<T>(
        T input, @Nullable Transcript transcript, @Nullable String refusal) {
    /** Whether there is a transcript. */
    public boolean isAnswered() {
        return transcript != null;
    }

    /** How Flink writes these, for records of a type. */
    @SuppressWarnings("unchecked")
    static <T> TypeInformation<Transcribed<T>> typeFor(TypeInformation<T> input) {
        TypeInformation<?> type = Types.POJO(
                Transcribed.class,
                Map.of("input", input, "transcript", Types.POJO(Transcript.class), "refusal", Types.STRING));
        return (TypeInformation<Transcribed<T>>) type;
    }
}
