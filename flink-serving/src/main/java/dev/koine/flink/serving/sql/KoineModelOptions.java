package dev.koine.flink.serving.sql;

import dev.koine.engine.Device;
import dev.koine.schemas.Topics;
import dev.koine.speech.Task;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;

/** What can be said of a model after {@code WITH}. */
public final class KoineModelOptions {
    /** What settings of the Kafka consumer begin with. */
    public static final String KAFKA_PREFIX = "properties.";

    public static final ConfigOption<String> MODEL = ConfigOptions.key("model")
            .stringType()
            .noDefaultValue()
            .withDescription("The model to follow, by the id that it was registered with.");

    public static final ConfigOption<String> BOOTSTRAP_SERVERS = ConfigOptions.key(KAFKA_PREFIX + "bootstrap.servers")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "The brokers that announce its versions, as host:port,host:port. Any other setting of the Kafka"
                            + " consumer, such as those for TLS, is given the same way: properties. and its name.");

    public static final ConfigOption<String> TOPIC = ConfigOptions.key("topic")
            .stringType()
            .defaultValue(Topics.DEFAULT.updates())
            .withDescription("The topic that they are announced on.");

    public static final ConfigOption<String> CACHE_DIRECTORY = ConfigOptions.key("cache.directory")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Where each TaskManager keeps copies of versions, on its own machine; it needs room for three."
                            + " If not given, below Java's temporary directory. TaskManagers of one machine may share it.");

    public static final ConfigOption<Duration> FIRST_VERSION_TIMEOUT = ConfigOptions.key("first-version.timeout")
            .durationType()
            .defaultValue(Duration.ofMinutes(2))
            .withDescription("How long a query that starts waits for a version before it fails.");

    public static final ConfigOption<Task> TASK = ConfigOptions.key("task")
            .enumType(Task.class)
            .defaultValue(Task.TRANSCRIBE)
            .withDescription("TRANSCRIBE writes in the language of the speech, TRANSLATE in English.");

    public static final ConfigOption<String> LANGUAGE = ConfigOptions.key("language")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "The language, as a BCP 47 tag, of rows whose language is NULL, and of all where INPUT has none."
                            + " CTC models need none.");

    public static final ConfigOption<Integer> CONCURRENCY = ConfigOptions.key("concurrency")
            .intType()
            .defaultValue(1)
            .withDescription(
                    "How many rows each parallel instance decodes at a time; more than one only in asynchronous"
                            + " mode, which is the default.");

    public static final ConfigOption<Device> DEVICE = ConfigOptions.key("device")
            .enumType(Device.class)
            .defaultValue(Device.AUTO)
            .withDescription("CPU, CUDA, or AUTO for CUDA where it works.");

    public static final ConfigOption<Integer> THREADS_PER_ROW = ConfigOptions.key("threads-per-row")
            .intType()
            .defaultValue(1)
            .withDescription("Threads that share the decoding of one row; 0 for one a core.");

    public static final ConfigOption<String> TRUSTED_KEYS = ConfigOptions.key("trusted-keys.file")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "A file of keys, read where the query is planned. Only versions that one of them has signed are"
                            + " served then.");

    public static final ConfigOption<Boolean> QUARANTINE = ConfigOptions.key("quarantine")
            .booleanType()
            .defaultValue(false)
            .withDescription(
                    "Whether each version is loaded in a process of its own first; one that kills that process is"
                            + " refused.");

    /** Those that have to be given, and the others. */
    static final List<ConfigOption<?>> REQUIRED = List.of(MODEL, BOOTSTRAP_SERVERS);

    static final List<ConfigOption<?>> OPTIONAL = List.of(
            TOPIC,
            CACHE_DIRECTORY,
            FIRST_VERSION_TIMEOUT,
            TASK,
            LANGUAGE,
            CONCURRENCY,
            DEVICE,
            THREADS_PER_ROW,
            TRUSTED_KEYS,
            QUARANTINE);

    private KoineModelOptions() {}
}
