package dev.koine.flink.config;

import dev.koine.engine.Device;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What the merge job needs to know; {@link MergeJobArguments} reads it from a command line.
 *
 * @param kafka properties for every Kafka client, {@code bootstrap.servers} among them
 * @param store where the store is: a directory, or a prefix in object storage
 * @param storeCache directory on each TaskManager for copies of what object storage holds
 * @param storeCacheBytes about how large that may grow
 * @param allowedPlaces URI prefixes that bundles may lie under
 * @param jobId prefix of the transactional ids
 * @param unknownModelGrace how long an expert waits for its model's registration
 * @param transactionTimeout of the sinks; above checkpoint interval plus restart time
 * @param scratch directory on each TaskManager for running totals, four bytes a weight
 * @param threads threads a task may use for totals and materialising
 * @param devices where matrices are decomposed and versions evaluated
 * @param retention what the store keeps
 * @param gcInterval how often the job takes away what it need not keep, if the policy says that it may
 * @param signatures whose events are taken, and with what updates are signed
 * @param quarantine what the processes may use that models are loaded and evaluated in, one at a time for each task that has models
 */
public record MergeJobConfig(
        Map<String, String> kafka,
        Topics topics,
        URI store,
        String storeCache,
        long storeCacheBytes,
        List<URI> allowedPlaces,
        String jobId,
        Duration unknownModelGrace,
        Duration transactionTimeout,
        String scratch,
        int threads,
        Devices devices,
        RetentionPolicy retention,
        Duration gcInterval,
        Signatures signatures,
        QuarantineLimits quarantine)
        implements Serializable {

    public MergeJobConfig {
        kafka = Map.copyOf(kafka);
        allowedPlaces = List.copyOf(allowedPlaces);
    }

    /** The defaults for a broker, a store and the places that bundles may come from. */
    public static MergeJobConfig of(String bootstrapServers, URI store, List<URI> allowedPlaces) {
        return builder(bootstrapServers, store).allowedPlaces(allowedPlaces).build();
    }

    /** Begins with the defaults for a broker and a store; bundles may come from nowhere yet. */
    public static Builder builder(String bootstrapServers, URI store) {
        return new Builder(bootstrapServers, store);
    }

    /** Without the values of Kafka's properties, some of which are secret. */
    @Override
    public String toString() {
        return "MergeJobConfig[job " + jobId + ", store " + store + ", kafka " + new TreeSet<>(kafka.keySet()) + "]";
    }

    /**
     * Opens the store.
     *
     * @param executor where parts of one piece of work are done side by side; not what calls the store
     */
    public ArtifactStore openStore(Executor executor) throws IOException {
        return Stores.open(store, Path.of(storeCache), storeCacheBytes, executor);
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

    /** Gathers a configuration; what is not said keeps its default. */
    public static final class Builder {
        private final Map<String, String> kafka = new HashMap<>();
        private final URI store;
        private @Nullable String storeCache;
        private long storeCacheBytes = Stores.CACHE_BYTES;
        private Topics topics = Topics.DEFAULT;
        private List<URI> allowedPlaces = List.of();
        private String jobId = "koine";
        private Duration unknownModelGrace = Duration.ofSeconds(10);
        private Duration transactionTimeout = Duration.ofMinutes(15);
        private String scratch = System.getProperty("java.io.tmpdir");
        private int threads = Runtime.getRuntime().availableProcessors();
        private Devices devices = Devices.AUTO;
        private RetentionPolicy retention = RetentionPolicy.ALL;
        private Duration gcInterval = Duration.ofHours(1);
        private Signatures signatures = Signatures.OFF;
        private QuarantineLimits quarantine = QuarantineLimits.DEFAULT;

        private Builder(String bootstrapServers, URI store) {
            this.store = store;
            kafka.put("bootstrap.servers", bootstrapServers);
        }

        /** Adds properties for every Kafka client. */
        public Builder kafka(Map<String, String> properties) {
            kafka.putAll(properties);
            return this;
        }

        /** Where copies of what object storage holds are kept; in the scratch directory if not said. */
        public Builder storeCache(Path directory) {
            storeCache = directory.toString();
            return this;
        }

        public Builder storeCacheBytes(long value) {
            storeCacheBytes = value;
            return this;
        }

        public Builder topics(Topics value) {
            topics = value;
            return this;
        }

        public Builder allowedPlaces(List<URI> value) {
            allowedPlaces = value;
            return this;
        }

        public Builder jobId(String value) {
            jobId = value;
            return this;
        }

        public Builder unknownModelGrace(Duration value) {
            unknownModelGrace = value;
            return this;
        }

        public Builder transactionTimeout(Duration value) {
            transactionTimeout = value;
            return this;
        }

        public Builder scratch(Path directory) {
            scratch = directory.toString();
            return this;
        }

        public Builder threads(int value) {
            threads = value;
            return this;
        }

        public Builder decomposition(Device value) {
            devices = new Devices(value, devices.evaluation());
            return this;
        }

        public Builder evaluation(Device value) {
            devices = new Devices(devices.decomposition(), value);
            return this;
        }

        public Builder retention(RetentionPolicy value) {
            retention = value;
            return this;
        }

        public Builder gcInterval(Duration value) {
            gcInterval = value;
            return this;
        }

        public Builder signatures(Signatures value) {
            signatures = value;
            return this;
        }

        public Builder quarantine(QuarantineLimits value) {
            quarantine = value;
            return this;
        }

        public MergeJobConfig build() {
            return new MergeJobConfig(
                    kafka,
                    topics,
                    store,
                    storeCache != null
                            ? storeCache
                            : Path.of(scratch, "koine-store-cache").toString(),
                    storeCacheBytes,
                    allowedPlaces,
                    jobId,
                    unknownModelGrace,
                    transactionTimeout,
                    scratch,
                    threads,
                    devices,
                    retention,
                    gcInterval,
                    signatures,
                    quarantine);
        }
    }
}
