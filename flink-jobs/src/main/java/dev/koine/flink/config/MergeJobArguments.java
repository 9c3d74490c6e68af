package dev.koine.flink.config;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.RemotePlace;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.util.ParameterTool;
import org.apache.flink.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/**
 * Reads the merge job's configuration from its arguments.
 *
 * <p>As {@code --name value}:
 *
 * <pre>
 * bootstrap.servers       Kafka brokers (required)
 * store                   the store: file: URI of a directory that every TaskManager has, or s3://bucket/prefix/ (required)
 * store.cache             directory on each TaskManager for copies of what S3 holds (default: koine-store-cache in scratch)
 * store.cache.size        about how large it may grow; what was used within an hour stays (default 20 gb)
 * allowed.places          comma-separated URI prefixes, file: or s3:, that bundles may lie under (empty: none)
 * topic.models, topic.experts, topic.updates, topic.rejections
 *                         names of the topics (default koine.models and so on)
 * job.id                  names the job's Kafka transactions; keep it for the life of the job (default koine)
 * unknown.model.grace.ms  how long an expert waits for its model's registration (default 10000)
 * transaction.timeout.ms  of the sinks; above checkpoint interval plus restart time (default 900000)
 * scratch                 directory for running totals, four bytes a weight (default: Java's temporary directory)
 * threads                 threads a task may use for totals, materialising and evaluation (default: all processors)
 * decomposition           where matrices are decomposed: auto (CUDA where it works, else the CPU), cpu, or cuda, which fails the
 *                         job where CUDA does not work (default auto)
 * evaluation.device       where versions are evaluated, of models that have evaluation sets: auto, cpu or cuda (default auto)
 * retention.versions      how many of each model's newest versions the store keeps (default 0: all)
 * retention.age           versions younger than this are kept, too, such as 7 d (default 0 s)
 * retention.experts       whether copies of the experts inside kept versions are kept, true or false (default true)
 * retention.grace         nothing younger than this is taken away (default 1 h)
 * gc.interval             how often the job looks for what need not be kept, if retention.versions is over 0 (default 1 h)
 * signatures              off, or required: events without a signature by a trusted key are refused (default off)
 * trusted.keys            file of public keys and what they are trusted for, read where the job is started
 * signing.key             file of the job's own key on each TaskManager, to sign updates with (default: updates are not signed)
 * quarantine.memory       private memory of a process that models are loaded and evaluated in, four bytes besides for each byte of the
 *                         model; one that needs more is refused (default 2 gb)
 * quarantine.time         of a processor that a model may take there to be loaded and asked once, five times that by the clock, ten
 *                         times that for each recording of an evaluation (default 2 min)
 * kafka.config            file of properties for every Kafka client, read where the job is started: passwords belong there, since
 *                         Flink logs and shows a program's arguments
 * kafka.*                 passed to every Kafka client, such as kafka.security.protocol; before those of the file
 * </pre>
 *
 * <p>Devices agree to about 1e-5 of a matrix, not to the bit: where TaskManagers differ, name one for {@code decomposition}, lest
 * one expert has other digests on another machine. CUDA takes off-heap memory for one matrix a slot, which Flink has to know of
 * ({@code taskmanager.memory.task.off-heap.size}).
 */
public final class MergeJobArguments {
    private static final String PLACE = "a URI such as file:///var/koine/ or s3://bucket/koine/";
    private static final String KAFKA = "kafka.";
    private static final String KAFKA_CONFIG = "kafka.config";

    private MergeJobArguments() {}

    /**
     * Reads the configuration from the job's arguments.
     *
     * @throws IllegalArgumentException if a required name is missing or a value is malformed; the message says which
     */
    public static MergeJobConfig parse(ParameterTool parameters) {
        MergeJobConfig.Builder config = MergeJobConfig.builder(
                        required(parameters, "bootstrap.servers"), place("store", required(parameters, "store")))
                .kafka(kafkaFile(parameters))
                .kafka(kafka(parameters))
                .topics(topics(parameters))
                .allowedPlaces(places(parameters));
        MergeJobConfig defaults = config.build();
        @Nullable String cache = parameters.get("store.cache");
        if (cache != null) {
            config.storeCache(Path.of(cache));
        }
        return config.jobId(parameters.get("job.id", defaults.jobId()))
                .unknownModelGrace(millis(parameters, "unknown.model.grace.ms", defaults.unknownModelGrace()))
                .transactionTimeout(millis(parameters, "transaction.timeout.ms", defaults.transactionTimeout()))
                .scratch(Path.of(parameters.get("scratch", defaults.scratch())))
                .storeCacheBytes(bytes(parameters, "store.cache.size", defaults.storeCacheBytes()))
                .threads(threads(parameters, defaults.threads()))
                .decomposition(
                        device(parameters, "decomposition", defaults.devices().decomposition()))
                .evaluation(device(
                        parameters, "evaluation.device", defaults.devices().evaluation()))
                .retention(retention(parameters, defaults.retention()))
                .signatures(signatures(parameters))
                .gcInterval(duration(parameters, "gc.interval", defaults.gcInterval()))
                .quarantine(quarantine(parameters, defaults.quarantine()))
                .build();
    }

    private static Map<String, String> kafka(ParameterTool parameters) {
        return parameters.toMap().entrySet().stream()
                .filter(entry ->
                        entry.getKey().startsWith(KAFKA) && !entry.getKey().equals(KAFKA_CONFIG))
                .collect(Collectors.toMap(entry -> entry.getKey().substring(KAFKA.length()), Map.Entry::getValue));
    }

    private static Map<String, String> kafkaFile(ParameterTool parameters) {
        @Nullable String file = parameters.get(KAFKA_CONFIG);
        Properties properties = new Properties();
        if (file != null) {
            try (InputStream in = Files.newInputStream(Path.of(file))) {
                properties.load(in);
            } catch (IOException | IllegalArgumentException e) {
                throw new IllegalArgumentException("--" + KAFKA_CONFIG + " " + file + " cannot be read: "
                        + e.getClass().getSimpleName() + ".");
            }
        }
        return properties.stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, properties::getProperty));
    }

    private static QuarantineLimits quarantine(ParameterTool parameters, QuarantineLimits defaults) {
        return defaults.withMemory(bytes(parameters, "quarantine.memory", defaults.memory()))
                .withTime(duration(parameters, "quarantine.time", defaults.time()));
    }

    private static Topics topics(ParameterTool parameters) {
        return new Topics(
                parameters.get("topic.models", Topics.DEFAULT.models()),
                parameters.get("topic.experts", Topics.DEFAULT.experts()),
                parameters.get("topic.updates", Topics.DEFAULT.updates()),
                parameters.get("topic.rejections", Topics.DEFAULT.rejections()));
    }

    private static List<URI> places(ParameterTool parameters) {
        return Stream.of(parameters.get("allowed.places", "").split(","))
                .filter(place -> !place.isBlank())
                .map(place -> place("allowed.places", place.strip()))
                .toList();
    }

    private static String required(ParameterTool parameters, String name) {
        @Nullable String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "The merge job needs --" + name + "; see MergeJobArguments for all names.");
        }
        return value;
    }

    private static URI place(String name, String value) {
        try {
            URI place = new URI(value);
            if ("file".equals(place.getScheme()) && place.getRawAuthority() == null && place.getPath() != null) {
                return place;
            }
            return RemotePlace.require(place);
        } catch (URISyntaxException | RejectedException e) {
            throw malformed(name, value, PLACE);
        }
    }

    private static Signatures signatures(ParameterTool parameters) {
        String wanted = parameters.get("signatures", "off");
        if (!wanted.equals("off") && !wanted.equals("required")) {
            throw malformed("signatures", wanted, "off or required");
        }
        @Nullable String trusted = parameters.get("trusted.keys");
        boolean required = wanted.equals("required");
        if (required && trusted == null) {
            throw new IllegalArgumentException(
                    "--signatures required needs --trusted.keys; nobody could sign otherwise.");
        }
        try {
            return new Signatures(
                    required,
                    trusted == null ? TrustedKeys.NONE : TrustedKeys.read(Path.of(trusted)),
                    parameters.get("signing.key"));
        } catch (IOException e) {
            throw new IllegalArgumentException("--trusted.keys cannot be used: " + e.getMessage(), e);
        }
    }

    private static RetentionPolicy retention(ParameterTool parameters, RetentionPolicy preset) {
        String experts = parameters.get("retention.experts", String.valueOf(preset.experts()));
        if (!experts.equals("true") && !experts.equals("false")) {
            throw malformed("retention.experts", experts, "true or false");
        }
        return new RetentionPolicy(
                Math.toIntExact(
                        Math.min(whole(parameters, "retention.versions", 0, preset.versions()), Integer.MAX_VALUE)),
                duration(parameters, "retention.age", preset.age()),
                Boolean.parseBoolean(experts),
                duration(parameters, "retention.grace", preset.grace()));
    }

    private static Duration duration(ParameterTool parameters, String name, Duration preset) {
        String value = parameters.get(name, preset.toMillis() + " ms");
        try {
            return TimeUtils.parseDuration(value);
        } catch (IllegalArgumentException e) {
            throw malformed(name, value, "a duration such as 30 min or 7 d");
        }
    }

    private static long bytes(ParameterTool parameters, String name, long preset) {
        String value = parameters.get(name, preset + " b");
        try {
            return MemorySize.parseBytes(value);
        } catch (IllegalArgumentException e) {
            throw malformed(name, value, "a size such as 20 gb");
        }
    }

    private static Duration millis(ParameterTool parameters, String name, Duration preset) {
        return Duration.ofMillis(positive(parameters, name, preset.toMillis()));
    }

    private static int threads(ParameterTool parameters, int preset) {
        return Math.toIntExact(Math.min(positive(parameters, "threads", preset), Integer.MAX_VALUE));
    }

    private static Device device(ParameterTool parameters, String name, Device preset) {
        String value = parameters.get(name, preset.name());
        return Stream.of(Device.values())
                .filter(device -> device.name().equalsIgnoreCase(value))
                .findFirst()
                .orElseThrow(() -> malformed(name, value, "auto, cpu or cuda"));
    }

    private static long positive(ParameterTool parameters, String name, long preset) {
        return whole(parameters, name, 1, preset);
    }

    private static long whole(ParameterTool parameters, String name, long least, long preset) {
        String value = parameters.get(name, String.valueOf(preset));
        String wanted = "a whole number from " + least + " up";
        try {
            long number = Long.parseLong(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw malformed(name, value, wanted);
        }
        throw malformed(name, value, wanted);
    }

    private static IllegalArgumentException malformed(String name, String value, String wanted) {
        return new IllegalArgumentException("--" + name + " is '" + value + "'; give " + wanted + ".");
    }
}
