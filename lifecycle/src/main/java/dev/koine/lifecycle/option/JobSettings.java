package dev.koine.lifecycle.option;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What somebody said of the merge job's options.
 *
 * @param said values by the names of options
 * @param kafka properties of Kafka's, by Kafka's names
 */
public record JobSettings(Map<String, Object> said, Map<String, String> kafka) implements Serializable {
    /** Nothing is said. */
    public static final JobSettings NONE = new JobSettings(Map.of(), Map.of());

    public JobSettings {
        said = Map.copyOf(said);
        kafka = Map.copyOf(kafka);
    }

    /** These, and one more; what was said of that option before is forgotten. */
    public <T> JobSettings with(JobOption<T> option, T value) {
        Map<String, Object> more = new HashMap<>(said);
        more.put(option.name(), value);
        return new JobSettings(more, kafka);
    }

    /** These, and properties for every Kafka client. */
    public JobSettings withKafka(Map<String, String> properties) {
        Map<String, String> more = new HashMap<>(kafka);
        more.putAll(properties);
        return new JobSettings(said, more);
    }

    /** What was said of an option. */
    @SuppressWarnings("unchecked")
    public <T> Optional<T> said(JobOption<T> option) {
        return Optional.ofNullable((T) said.get(option.name()));
    }

    /**
     * What holds for an option.
     *
     * @throws IllegalStateException if nothing was said and the option has no default
     */
    public <T> T get(JobOption<T> option) {
        @Nullable T preset = option.preset();
        return said(option)
                .or(() -> Optional.ofNullable(preset))
                .orElseThrow(() -> new IllegalStateException(option.name() + " has no value."));
    }

    /** Without the values of Kafka's properties, some of which are secret. */
    @Override
    public String toString() {
        return said + ", kafka " + kafka.keySet();
    }
}
