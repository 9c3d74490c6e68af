package dev.koine.flink;

import dev.koine.schemas.Topics;
import dev.koine.subscriber.onnx.ExecutionProvider;
import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.util.ParameterTool;
import org.jspecify.annotations.Nullable;

/**
 * What the merge job needs to know.
 *
 * <p>Read from {@code --name value} arguments or a properties file:
 *
 * <pre>
 * bootstrap.servers       Kafka brokers (required)
 * store                   file: URI of the store's directory, the same on every TaskManager (required)
 * allowed.places          comma-separated URI prefixes that bundles may lie under (empty: none)
 * topic.models, topic.experts, topic.updates, topic.rejections
 * job.id                  names the job's Kafka transactions; keep it for the life of the job (default koine)
 * unknown.model.grace.ms  how long an expert waits for its model's registration (default 10000)
 * transaction.timeout.ms  of the sinks; above checkpoint interval plus restart time (default 900000)
 * scratch                 directory for running totals, four bytes a weight (default: Java's temporary directory)
 * threads                 threads a task may use for totals and materialising (default: all processors)
 * decomposition           where matrices are decomposed: auto (CUDA where it works, else the CPU), cpu, or cuda, which fails the
 *                         job where CUDA does not work (default auto)
 * kafka.*                 passed to every Kafka client, such as kafka.security.protocol
 * </pre>
 *
 * <p>Devices agree to about 1e-5 of a matrix, not to the bit: where TaskManagers differ, name one for {@code decomposition}, lest
 * one expert has other digests on another machine. CUDA takes off-heap memory for one matrix a slot, which Flink has to know of
 * ({@code taskmanager.memory.task.off-heap.size}).
 *
 * @param kafka properties for every Kafka client, {@code bootstrap.servers} among them
 * @param store directory of the store
 * @param allowedPlaces URI prefixes that bundles may lie under
 * @param scratch directory on each TaskManager for running totals, four bytes a weight
 * @param jobId prefix of the transactional ids
 * @param decomposition where matrices are decomposed
 */
public record MergeJobConfig(
        Map<String, String> kafka,
        Topics topics,
        URI store,
        List<URI> allowedPlaces,
        String jobId,
        Duration unknownModelGrace,
        Duration transactionTimeout,
        String scratch,
        int threads,
        ExecutionProvider decomposition)
        implements Serializable {

    private static final String PLACE = "a file: URI such as file:///var/koine/";

    public MergeJobConfig {
        kafka = Map.copyOf(kafka);
        allowedPlaces = List.copyOf(allowedPlaces);
    }

    /** The defaults for a broker, a store and the places that bundles may come from. */
    public static MergeJobConfig of(String bootstrapServers, URI store, List<URI> allowedPlaces) {
        return new MergeJobConfig(
                Map.of("bootstrap.servers", bootstrapServers),
                Topics.DEFAULT,
                store,
                allowedPlaces,
                "koine",
                Duration.ofSeconds(10),
                Duration.ofMinutes(15),
                System.getProperty("java.io.tmpdir"),
                Runtime.getRuntime().availableProcessors(),
                ExecutionProvider.AUTO);
    }

    /**
     * Reads the configuration from the job's arguments.
     *
     * @throws IllegalArgumentException if a required name is missing or a value is malformed; the message says which
     */
    public static MergeJobConfig parse(ParameterTool parameters) {
        MergeJobConfig defaults = of(
                required(parameters, "bootstrap.servers"),
                place("store", required(parameters, "store")),
                Stream.of(parameters.get("allowed.places", "").split(","))
                        .filter(place -> !place.isBlank())
                        .map(place -> place("allowed.places", place.strip()))
                        .toList());
        Map<String, String> kafka = Stream.concat(
                        defaults.kafka.entrySet().stream(),
                        parameters.toMap().entrySet().stream()
                                .filter(entry -> entry.getKey().startsWith("kafka."))
                                .map(entry -> Map.entry(entry.getKey().substring("kafka.".length()), entry.getValue())))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (first, second) -> second));
        return new MergeJobConfig(
                kafka,
                new Topics(
                        parameters.get("topic.models", Topics.DEFAULT.models()),
                        parameters.get("topic.experts", Topics.DEFAULT.experts()),
                        parameters.get("topic.updates", Topics.DEFAULT.updates()),
                        parameters.get("topic.rejections", Topics.DEFAULT.rejections())),
                defaults.store,
                defaults.allowedPlaces,
                parameters.get("job.id", defaults.jobId),
                millis(parameters, "unknown.model.grace.ms", defaults.unknownModelGrace),
                millis(parameters, "transaction.timeout.ms", defaults.transactionTimeout),
                parameters.get("scratch", defaults.scratch),
                threads(parameters, defaults.threads),
                device(parameters, defaults.decomposition));
    }

    private static String required(ParameterTool parameters, String name) {
        @Nullable String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException("The merge job needs --" + name + "; see MergeJobConfig for all names.");
        }
        return value;
    }

    private static URI place(String name, String value) {
        try {
            URI place = new URI(value);
            if ("file".equals(place.getScheme()) && place.getRawAuthority() == null && place.getPath() != null) {
                return place;
            }
        } catch (URISyntaxException e) {
            throw malformed(name, value, PLACE);
        }
        throw malformed(name, value, PLACE);
    }

    private static Duration millis(ParameterTool parameters, String name, Duration preset) {
        return Duration.ofMillis(positive(parameters, name, preset.toMillis()));
    }

    private static int threads(ParameterTool parameters, int preset) {
        return Math.toIntExact(Math.min(positive(parameters, "threads", preset), Integer.MAX_VALUE));
    }

    private static ExecutionProvider device(ParameterTool parameters, ExecutionProvider preset) {
        String value = parameters.get("decomposition", preset.name());
        return Stream.of(ExecutionProvider.values())
                .filter(device -> device.name().equalsIgnoreCase(value))
                .findFirst()
                .orElseThrow(() -> malformed("decomposition", value, "auto, cpu or cuda"));
    }

    private static long positive(ParameterTool parameters, String name, long preset) {
        String value = parameters.get(name, String.valueOf(preset));
        try {
            long number = Long.parseLong(value);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw malformed(name, value, "a whole number above 0");
        }
        throw malformed(name, value, "a whole number above 0");
    }

    private static IllegalArgumentException malformed(String name, String value, String wanted) {
        return new IllegalArgumentException("--" + name + " is '" + value + "'; give " + wanted + ".");
    }

    /** The same, but that matrices are decomposed there. */
    public MergeJobConfig withDecomposition(ExecutionProvider device) {
        return new MergeJobConfig(
                kafka,
                topics,
                store,
                allowedPlaces,
                jobId,
                unknownModelGrace,
                transactionTimeout,
                scratch,
                threads,
                device);
    }

    /** The store's directory on this machine. */
    public Path storeDirectory() {
        return Path.of(store);
    }

    /** The directory for running totals on this machine. */
    public Path scratchDirectory() {
        return Path.of(scratch);
    }

    /** Properties for a Kafka client. */
    public Properties kafkaProperties() {
        Properties properties = new Properties();
        properties.putAll(kafka);
        return properties;
    }
}
