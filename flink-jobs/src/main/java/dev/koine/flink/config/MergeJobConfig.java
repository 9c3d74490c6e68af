package dev.koine.flink.config;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.events.KafkaClassNames;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.SlotSharing;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.Executor;

/** What the merge job needs to know: its settings, in the form that they are used in. {@link MergeJobOptions} describes them. */
public final class MergeJobConfig implements Serializable {
    private static final long serialVersionUID = 1L;

    private final JobSettings settings;
    private final Map<String, String> kafka;
    private final Signatures signatures;

    private MergeJobConfig(JobSettings settings, Map<String, String> kafka, Signatures signatures) {
        this.settings = settings;
        this.kafka = kafka;
        this.signatures = signatures;
    }

    /**
     * Checks that nothing is missing, and reads the files that are read where the job is started.
     *
     * @throws IllegalArgumentException if an option that is required is missing, or a file cannot be used; the message says which
     */
    public static MergeJobConfig of(JobSettings settings) {
        for (JobOption<?> option : MergeJobOptions.all()) {
            if (option.isRequired() && settings.said(option).isEmpty()) {
                throw new IllegalArgumentException(
                        "The merge job needs " + option.argument() + "; docs/options.md has all options.");
            }
        }
        Map<String, String> kafka = new HashMap<>();
        kafka.put("bootstrap.servers", settings.get(MergeJobOptions.BOOTSTRAP_SERVERS));
        settings.said(MergeJobOptions.KAFKA_CONFIG).ifPresent(file -> kafka.putAll(properties(file)));
        kafka.putAll(settings.kafka());
        return new MergeJobConfig(
                settings, KafkaClassNames.here(kafka), SignatureSettings.read(settings, JobOption::argument));
    }

    /** What went wrong is not shown: it may hold a password. */
    private static Map<String, String> properties(String file) {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            properties.load(in);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(MergeJobOptions.KAFKA_CONFIG.argument() + " " + file
                    + " cannot be read: " + e.getClass().getSimpleName() + ".");
        }
        Map<String, String> read = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> read.put(name, properties.getProperty(name)));
        return read;
    }

    /** Properties for every Kafka client, {@code bootstrap.servers} among them. */
    public Map<String, String> kafka() {
        return kafka;
    }

    /** As {@link #kafka()}. */
    public Properties kafkaProperties() {
        Properties properties = new Properties();
        properties.putAll(kafka);
        return properties;
    }

    /** The names of the topics. */
    public Topics topics() {
        return new Topics(
                settings.get(MergeJobOptions.TOPIC_MODELS),
                settings.get(MergeJobOptions.TOPIC_EXPERTS),
                settings.get(MergeJobOptions.TOPIC_UPDATES),
                settings.get(MergeJobOptions.TOPIC_REJECTIONS));
    }

    /** Prefix of the transactional ids. */
    public String jobId() {
        return settings.get(MergeJobOptions.JOB_ID);
    }

    /** Of the sinks. */
    public Duration transactionTimeout() {
        return settings.get(MergeJobOptions.TRANSACTION_TIMEOUT);
    }

    /**
     * Opens the store.
     *
     * @param executor where parts of one piece of work are done side by side; not what calls the store
     */
    public ArtifactStore openStore(Executor executor) throws IOException {
        Optional<String> cache = settings.said(MergeJobOptions.STORE_CACHE);
        return Stores.open(
                settings.get(MergeJobOptions.STORE),
                cache.isPresent() ? Path.of(cache.get()) : scratchDirectory().resolve("koine-store-cache"),
                settings.get(MergeJobOptions.STORE_CACHE_SIZE),
                executor);
    }

    /** URI prefixes that bundles may lie under. */
    public List<URI> allowedPlaces() {
        return settings.get(MergeJobOptions.ALLOWED_PLACES);
    }

    /** How long an expert waits for its model's registration. */
    public Duration unknownModelGrace() {
        return settings.get(MergeJobOptions.UNKNOWN_MODEL_GRACE);
    }

    /** Whose events are taken, and with what updates are signed. */
    public Signatures signatures() {
        return signatures;
    }

    /** The directory for running totals on this machine. */
    public Path scratchDirectory() {
        return Path.of(settings.get(MergeJobOptions.SCRATCH));
    }

    /** Threads that a task may use for totals and materialising. */
    public int threads() {
        return settings.get(MergeJobOptions.THREADS);
    }

    /** What of the job shares Flink's slots. */
    public SlotSharing slots() {
        return settings.get(MergeJobOptions.SLOTS);
    }

    /** Where matrices are decomposed and versions evaluated. */
    public Devices devices() {
        return new Devices(
                settings.get(MergeJobOptions.DECOMPOSITION), settings.get(MergeJobOptions.EVALUATION_DEVICE));
    }

    /** What the processes may use that models are loaded and evaluated in, one at a time for each task that has models. */
    public QuarantineLimits quarantine() {
        return QuarantineLimits.DEFAULT
                .withMemory(settings.get(MergeJobOptions.QUARANTINE_MEMORY))
                .withTime(settings.get(MergeJobOptions.QUARANTINE_TIME));
    }

    /** What the store keeps. */
    public RetentionPolicy retention() {
        return new RetentionPolicy(
                settings.get(MergeJobOptions.RETENTION_VERSIONS),
                settings.get(MergeJobOptions.RETENTION_AGE),
                settings.get(MergeJobOptions.RETENTION_EXPERTS),
                settings.get(MergeJobOptions.RETENTION_GRACE));
    }

    /** How often the job takes away what it need not keep, if {@link #retention} says that it may. */
    public Duration gcInterval() {
        return settings.get(MergeJobOptions.GC_INTERVAL);
    }

    /** Without the values of Kafka's properties, some of which are secret. */
    @Override
    public String toString() {
        return "MergeJobConfig[job " + jobId() + ", store " + settings.get(MergeJobOptions.STORE) + ", kafka "
                + new TreeSet<>(kafka.keySet()) + "]";
    }
}
