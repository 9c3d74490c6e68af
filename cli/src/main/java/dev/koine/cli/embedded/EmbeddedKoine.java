package dev.koine.cli.embedded;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.FolderLock;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.embedded.EmbeddedJob;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.Topics;
import dev.koine.speech.onnx.NativeRuntime;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.common.JobStatus;

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
     * @param job the merge job's settings; broker, cache and scratch are this one's own, and so is the store where none is named
     */
    public record Settings(int port, JobSettings job) {
        /** Any port, the store beside the rest, no signatures. */
        public static Settings of(List<URI> allowedPlaces, Device device) {
            return new Settings(
                    0,
                    JobSettings.NONE
                            .with(MergeJobOptions.ALLOWED_PLACES, allowedPlaces)
                            .with(MergeJobOptions.DECOMPOSITION, device));
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
        FolderLock lock = FolderLock.take(home)
                .orElseThrow(
                        () -> new IOException("Another koine runs in " + home + "; stop it, or name another folder."));
        try {
            return start(lock, home, settings);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static EmbeddedKoine start(FolderLock lock, Path home, Settings settings) throws IOException {
        NativeRuntime.locate();
        Optional<URI> named = settings.job().said(MergeJobOptions.STORE);
        URI store = named.isPresent()
                ? named.get()
                : Files.createDirectories(home.resolve("store")).toUri();
        Stores.requireAnswer(store);
        Device device = settings.job().get(MergeJobOptions.DECOMPOSITION);
        if (device == Device.CUDA) {
            DeviceDecomposition.open(device).close();
        }
        EmbeddedBroker broker = EmbeddedBroker.start(home.resolve("kafka"), settings.port());
        try {
            TopicSetup.createMissing(properties(broker.bootstrapServers()), Topics.DEFAULT, PARTITIONS);
            MergeJobConfig config = MergeJobConfig.of(settings.job()
                    .with(MergeJobOptions.BOOTSTRAP_SERVERS, broker.bootstrapServers())
                    .with(MergeJobOptions.STORE, store)
                    .with(
                            MergeJobOptions.STORE_CACHE,
                            home.resolve("store-cache").toString())
                    .with(
                            MergeJobOptions.SCRATCH,
                            emptied(home.resolve("scratch")).toString()));
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
