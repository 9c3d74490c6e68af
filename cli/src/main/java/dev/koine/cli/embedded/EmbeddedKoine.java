package dev.koine.cli.embedded;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.store.FileTree;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.embedded.EmbeddedJob;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.Topics;
import dev.koine.speech.onnx.NativeRuntime;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.JobStatus;
import org.jspecify.annotations.Nullable;

/**
 * Broker, merge job and store in this JVM, all below one directory: the same job graph as on a cluster. Stopped and started again
 * on the same directory it goes on where it was.
 */
public final class EmbeddedKoine implements AutoCloseable {
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofMillis(500);
    private static final int PARTITIONS = 1;

    private final FolderLock lock;
    private final EmbeddedBroker broker;
    private final EmbeddedJob job;
    private final URI store;

    private EmbeddedKoine(FolderLock lock, EmbeddedBroker broker, EmbeddedJob job, URI store) {
        this.lock = lock;
        this.broker = broker;
        this.job = job;
        this.store = store;
    }

    /**
     * What to start.
     *
     * @param port of the broker on the loopback address; 0 for a free one
     * @param store where the store is; null for a directory beside the rest
     * @param allowedPlaces where bundles may lie
     * @param device where the job decomposes matrices
     * @param signatures whose events are taken, and with what versions are signed
     * @param quarantine what the processes may use that models are loaded in
     */
    public record Settings(
            int port,
            @Nullable URI store,
            List<URI> allowedPlaces,
            Device device,
            Signatures signatures,
            QuarantineLimits quarantine) {
        /** Any port, the store beside the rest, no signatures. */
        public static Settings of(List<URI> allowedPlaces, Device device) {
            return new Settings(0, null, allowedPlaces, device, Signatures.OFF, QuarantineLimits.DEFAULT);
        }
    }

    /**
     * Starts everything.
     *
     * @param directory for all that is kept; made if it is not there
     * @throws IOException if anything that the job needs is known not to be there: the device, the store
     */
    public static EmbeddedKoine start(Path directory, Settings settings) throws IOException {
        Path home = Files.createDirectories(directory).toRealPath();
        FolderLock lock = FolderLock.take(home);
        try {
            return start(lock, home, settings);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static EmbeddedKoine start(FolderLock lock, Path home, Settings settings) throws IOException {
        NativeRuntime.locate();
        URI store = settings.store();
        if (store == null) {
            store = Files.createDirectories(home.resolve("store")).toUri();
        }
        Stores.requireAnswer(store);
        if (settings.device() == Device.CUDA) {
            DeviceDecomposition.open(settings.device()).close();
        }
        EmbeddedBroker broker = EmbeddedBroker.start(home.resolve("kafka"), settings.port());
        try {
            TopicSetup.createMissing(properties(broker.bootstrapServers()), Topics.DEFAULT, PARTITIONS);
            MergeJobConfig config = MergeJobConfig.builder(broker.bootstrapServers(), store)
                    .storeCache(home.resolve("store-cache"))
                    .scratch(emptied(home.resolve("scratch")))
                    .allowedPlaces(settings.allowedPlaces())
                    .decomposition(settings.device())
                    .signatures(settings.signatures())
                    .quarantine(settings.quarantine())
                    .build();
            int slots = Runtime.getRuntime().availableProcessors();
            EmbeddedJob job = EmbeddedJob.start(config, home.resolve("flink"), slots, CHECKPOINT_INTERVAL);
            return new EmbeddedKoine(lock, broker, job, store);
        } catch (IOException | RuntimeException e) {
            boolean interrupted = Thread.interrupted();
            broker.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    /** A folder for what is of no use after this process; what one that was killed left there is taken away. */
    private static Path emptied(Path folder) throws IOException {
        FileTree.delete(folder);
        return Files.createDirectories(folder);
    }

    /** The broker's address. */
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** Properties for Kafka clients of this broker. */
    public Properties kafkaProperties() {
        return properties(broker.bootstrapServers());
    }

    /** Where the store is. */
    public URI store() {
        return store;
    }

    /** The port of Flink's REST interface on the loopback address. */
    public int restPort() throws IOException {
        return job.restPort();
    }

    /** How the merge job is doing. */
    public JobStatus jobStatus() throws IOException {
        return job.status();
    }

    private static Properties properties(String bootstrapServers) {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", bootstrapServers);
        return properties;
    }

    /** Stops everything in order, also when this thread was interrupted. */
    @Override
    public void close() throws IOException {
        boolean interrupted = Thread.interrupted();
        try (lock;
                broker) {
            job.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
