package dev.koine.flink.config;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import java.util.Map;
import java.util.TreeMap;

/** Reads the merge job's settings from its arguments, {@code --name value}, and from Flink's configuration, {@code koine.name: value}. */
public final class MergeJobArguments {
    private static final String PREFIX = "koine.";

    private MergeJobArguments() {}

    /** As {@link #parse(Map, Map)}, with arguments alone. */
    public static MergeJobConfig parse(Map<String, String> arguments) {
        return parse(arguments, Map.of());
    }

    /**
     * Reads the settings.
     *
     * @param arguments by the names of {@link MergeJobOptions}
     * @param cluster Flink's configuration, of which what begins with {@code koine.} is read; arguments go before it
     * @throws IllegalArgumentException if an option that is required is missing, one is unknown, or a value is malformed; the message says
     *     which
     */
    public static MergeJobConfig parse(Map<String, String> arguments, Map<String, String> cluster) {
        Map<String, String> spelled = new TreeMap<>();
        cluster.forEach((key, value) -> {
            if (key.startsWith(PREFIX)) {
                spelled.put(key.substring(PREFIX.length()), key);
            }
        });
        arguments.keySet().forEach(name -> spelled.put(name, "--" + name));
        JobSettings settings = JobSettings.NONE;
        for (Map.Entry<String, String> each : spelled.entrySet()) {
            String name = each.getKey();
            String value = arguments.containsKey(name) ? arguments.get(name) : cluster.get(each.getValue());
            settings = with(settings, name, String.valueOf(value), each.getValue());
        }
        return MergeJobConfig.of(settings);
    }

    private static JobSettings with(JobSettings settings, String name, String value, String spelled) {
        JobOption<?> option = MergeJobOptions.find(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "The merge job has no option " + spelled + "; docs/options.md has all there are."));
        return option.equals(MergeJobOptions.KAFKA_PROPERTIES)
                ? settings.withKafka(Map.of(MergeJobOptions.kafkaName(name), value))
                : parsed(settings, option, value, spelled);
    }

    private static <T> JobSettings parsed(JobSettings settings, JobOption<T> option, String value, String spelled) {
        return settings.with(option, option.parse(value, spelled));
    }
}
