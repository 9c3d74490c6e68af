package dev.koine.lifecycle.option;

import static dev.koine.lifecycle.option.JobOption.preset;
import static dev.koine.lifecycle.option.JobOption.required;
import static dev.koine.lifecycle.option.JobOption.unset;

import dev.koine.engine.Device;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** All options of the merge job. {@code docs/options.md} is made of this; what becomes of their values is in {@link MergeJobConfig}. */
public final class MergeJobOptions {
    private static final String KAFKA = "kafka.";
    private static final OptionType<Device> DEVICES = OptionType.choice(Device.AUTO, Device.CPU, Device.CUDA);

    public static final JobOption<String> BOOTSTRAP_SERVERS =
            required("bootstrap.servers", OptionGroup.KAFKA, OptionType.BROKERS, "Kafka brokers");

    public static final JobOption<String> KAFKA_CONFIG = unset(
            KAFKA + "config",
            OptionGroup.KAFKA,
            OptionType.FILE,
            "none",
            "file of properties for every Kafka client, read where the job is started: passwords belong there, since Flink logs and shows"
                    + " arguments and configuration");

    /** One for each property of Kafka's. */
    public static final JobOption<String> KAFKA_PROPERTIES = unset(
            KAFKA + "*",
            OptionGroup.KAFKA,
            OptionType.PROPERTY,
            "none",
            "passed to every Kafka client, such as kafka.security.protocol; before those of the file");

    public static final JobOption<String> TOPIC_MODELS =
            topic("models", Topics.DEFAULT.models(), "topic of registrations");
    public static final JobOption<String> TOPIC_EXPERTS =
            topic("experts", Topics.DEFAULT.experts(), "topic of expert events");
    public static final JobOption<String> TOPIC_UPDATES =
            topic("updates", Topics.DEFAULT.updates(), "topic of new versions");
    public static final JobOption<String> TOPIC_REJECTIONS =
            topic("rejections", Topics.DEFAULT.rejections(), "topic of refused events");

    public static final JobOption<String> JOB_ID = preset(
            "job.id",
            OptionGroup.KAFKA,
            OptionType.TEXT,
            "koine",
            "koine",
            "names the job's Kafka transactions and its consumer group; keep it for the life of the job");

    public static final JobOption<Duration> TRANSACTION_TIMEOUT = preset(
            "transaction.timeout.ms",
            OptionGroup.KAFKA,
            OptionType.MILLIS,
            Duration.ofMinutes(15),
            "900000",
            "of the sinks' transactions: above checkpoint interval plus restart time, and no more than the broker allows");

    public static final JobOption<URI> STORE = required(
            "store",
            OptionGroup.STORE,
            OptionType.PLACE,
            "where models are kept: a directory that every TaskManager has, or a prefix in S3");

    public static final JobOption<String> STORE_CACHE = unset(
            "store.cache",
            OptionGroup.STORE,
            OptionType.FILE,
            "koine-store-cache in scratch",
            "directory on each TaskManager for copies of what S3 holds");

    public static final JobOption<Long> STORE_CACHE_SIZE = preset(
            "store.cache.size",
            OptionGroup.STORE,
            OptionType.size(0, "a size such as 20 gb"),
            20L << 30,
            "20 gb",
            "about how large the copies of what S3 holds may grow; what was used within an hour stays");

    public static final JobOption<List<URI>> ALLOWED_PLACES = preset(
            "allowed.places",
            OptionGroup.INTAKE,
            OptionType.PLACES,
            List.of(),
            "none",
            "prefixes of the places that bundles may lie under");

    public static final JobOption<Duration> UNKNOWN_MODEL_GRACE = preset(
            "unknown.model.grace.ms",
            OptionGroup.INTAKE,
            OptionType.MILLIS,
            Duration.ofSeconds(10),
            "10000",
            "how long an expert waits for its model's registration");

    public static final JobOption<SignaturePolicy> SIGNATURES = preset(
            "signatures",
            OptionGroup.INTAKE,
            OptionType.choice(SignaturePolicy.OFF, SignaturePolicy.REQUIRED),
            SignaturePolicy.OFF,
            "off",
            "whether events that no trusted key has signed are refused");

    public static final JobOption<String> TRUSTED_KEYS = unset(
            "trusted.keys",
            OptionGroup.INTAKE,
            OptionType.FILE,
            "none",
            "file of public keys and what they are trusted for, as koine keys prints them, read where the job is started");

    public static final JobOption<String> SIGNING_KEY = unset(
            "signing.key",
            OptionGroup.INTAKE,
            OptionType.FILE,
            "versions are not signed",
            "file of the job's own key on each TaskManager, to sign versions with");

    public static final JobOption<String> SCRATCH = preset(
            "scratch",
            OptionGroup.COMPUTING,
            OptionType.FILE,
            System.getProperty("java.io.tmpdir"),
            "Java's temporary directory",
            "directory on each TaskManager for running totals, four bytes a weight");

    public static final JobOption<Integer> THREADS = preset(
            "threads",
            OptionGroup.COMPUTING,
            OptionType.whole(1),
            Runtime.getRuntime().availableProcessors(),
            "all processors of where the job is started",
            "threads that a task may use for totals, materialising and evaluation");

    public static final JobOption<SlotSharing> SLOTS = preset(
            "slots",
            OptionGroup.COMPUTING,
            OptionType.choice(SlotSharing.SHARED, SlotSharing.SEPARATE),
            SlotSharing.SHARED,
            "shared",
            "what of the job shares Flink's slots: shared is everything, as many slots as it is parallel; separate gives pruning, the head and the rest"
                    + " slots of their own, three times as many, so that pruning can be placed apart from the head");

    public static final JobOption<Device> DECOMPOSITION = preset(
            "decomposition",
            OptionGroup.COMPUTING,
            DEVICES,
            Device.AUTO,
            "auto",
            "where matrices are decomposed: auto is CUDA where it works, else the CPU; cuda fails where CUDA does not work. Results agree to"
                    + " about 1e-5 of a matrix, and digests differ: where machines differ, name one");

    public static final JobOption<Device> EVALUATION_DEVICE = preset(
            "evaluation.device",
            OptionGroup.COMPUTING,
            DEVICES,
            Device.AUTO,
            "auto",
            "where versions are evaluated, of models that have evaluation sets");

    public static final JobOption<Long> QUARANTINE_MEMORY = preset(
            "quarantine.memory",
            OptionGroup.QUARANTINE,
            OptionType.size(QuarantineLimits.LEAST_MEMORY, "a size from 256 mb up, such as 2 gb"),
            QuarantineLimits.DEFAULT.memory(),
            "2 gb",
            "private memory of the process that models are loaded and evaluated in, and four bytes besides for each byte of the model; one"
                    + " that needs more is refused");

    public static final JobOption<Duration> QUARANTINE_TIME = preset(
            "quarantine.time",
            OptionGroup.QUARANTINE,
            OptionType.POSITIVE_DURATION,
            QuarantineLimits.DEFAULT.time(),
            "2 min",
            "of a processor that a model may take there to be loaded and asked once; five times that by the clock, and ten times that for each"
                    + " recording of an evaluation");

    public static final JobOption<Integer> RETENTION_VERSIONS = preset(
            "retention.versions",
            OptionGroup.RETENTION,
            OptionType.whole(0),
            RetentionPolicy.ALL.versions(),
            "0",
            "how many of each model's newest versions the store keeps; 0 for all");

    public static final JobOption<Duration> RETENTION_AGE = preset(
            "retention.age",
            OptionGroup.RETENTION,
            OptionType.DURATION,
            RetentionPolicy.ALL.age(),
            "0 s",
            "versions younger than this are kept, too");

    public static final JobOption<Boolean> RETENTION_EXPERTS = preset(
            "retention.experts",
            OptionGroup.RETENTION,
            OptionType.SWITCH,
            RetentionPolicy.ALL.experts(),
            "true",
            "whether copies of the experts inside kept versions are kept");

    public static final JobOption<Duration> RETENTION_GRACE = preset(
            "retention.grace",
            OptionGroup.RETENTION,
            OptionType.DURATION,
            RetentionPolicy.ALL.grace(),
            "1 h",
            "nothing younger than this is taken away");

    public static final JobOption<Duration> GC_INTERVAL = preset(
            "gc.interval",
            OptionGroup.RETENTION,
            OptionType.POSITIVE_DURATION,
            Duration.ofHours(1),
            "1 h",
            "how often the job looks through the store: at how much it holds and, if retention.versions is over 0, for what need not be kept");

    private static final List<JobOption<?>> ALL = List.of(
            BOOTSTRAP_SERVERS,
            KAFKA_CONFIG,
            KAFKA_PROPERTIES,
            TOPIC_MODELS,
            TOPIC_EXPERTS,
            TOPIC_UPDATES,
            TOPIC_REJECTIONS,
            JOB_ID,
            TRANSACTION_TIMEOUT,
            STORE,
            STORE_CACHE,
            STORE_CACHE_SIZE,
            ALLOWED_PLACES,
            UNKNOWN_MODEL_GRACE,
            SIGNATURES,
            TRUSTED_KEYS,
            SIGNING_KEY,
            SCRATCH,
            THREADS,
            SLOTS,
            DECOMPOSITION,
            EVALUATION_DEVICE,
            QUARANTINE_MEMORY,
            QUARANTINE_TIME,
            RETENTION_VERSIONS,
            RETENTION_AGE,
            RETENTION_EXPERTS,
            RETENTION_GRACE,
            GC_INTERVAL);

    private MergeJobOptions() {}

    /** Every option, by group. */
    public static List<JobOption<?>> all() {
        return ALL;
    }

    /** The option of this name; {@link #KAFKA_PROPERTIES} is all that are Kafka's. */
    public static Optional<JobOption<?>> find(String name) {
        Optional<JobOption<?>> found =
                ALL.stream().filter(option -> option.name().equals(name)).findFirst();
        return found.isEmpty() && name.startsWith(KAFKA) ? Optional.of(KAFKA_PROPERTIES) : found;
    }

    /** Of an option that is Kafka's, the name that Kafka has for it. */
    public static String kafkaName(String name) {
        return name.substring(KAFKA.length());
    }

    private static JobOption<String> topic(String kind, String preset, String description) {
        return preset("topic." + kind, OptionGroup.KAFKA, OptionType.TEXT, preset, preset, description);
    }
}
