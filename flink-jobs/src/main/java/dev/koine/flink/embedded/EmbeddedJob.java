package dev.koine.flink.embedded;

import dev.koine.engine.file.FileTree;
import dev.koine.flink.MergeJob;
import dev.koine.flink.config.MergeJobConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The merge job on a Flink cluster inside this JVM: the same graph as on any other cluster. It keeps its checkpoints in a
 * directory and goes on from the last of them, also after a crash.
 */
public final class EmbeddedJob implements AutoCloseable {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);

    private final MiniCluster cluster;
    private final JobID job;
    private final Path savepoints;

    private EmbeddedJob(MiniCluster cluster, JobID job, Path savepoints) {
        this.cluster = cluster;
        this.job = job;
        this.savepoints = savepoints;
    }

    /**
     * Starts cluster and job, or goes on where they were stopped.
     *
     * @param directory for checkpoints, savepoints and Flink's temporary files; for this job alone
     * @param slots prune tasks that run at a time; of everything else one does, for the topics have few partitions, and each task that
     *     waits costs at every checkpoint
     * @param checkpointInterval how often updates are committed
     * @throws IOException if the cluster does not come up or does not take the job
     */
    public static EmbeddedJob start(MergeJobConfig config, Path directory, int slots, Duration checkpointInterval)
            throws IOException {
        return start(config, directory, slots, checkpointInterval, new Configuration());
    }

    /**
     * As {@link #start(MergeJobConfig, Path, int, Duration)}.
     *
     * @param flink settings of the cluster besides, such as reporters of metrics
     */
    public static EmbeddedJob start(
            MergeJobConfig config, Path directory, int slots, Duration checkpointInterval, Configuration flink)
            throws IOException {
        Path checkpoints = directory.resolve("checkpoints");
        Path savepoints = directory.resolve("savepoints");
        Path temporary = directory.resolve("tmp");
        FileTree.delete(temporary);
        Files.createDirectories(temporary);
        Configuration settings = MergeJob.settings(checkpointInterval);
        settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        settings.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
        settings.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        settings.set(PipelineOptions.NAME, MergeJob.NAME);
        settings.set(CoreOptions.TMP_DIRS, temporary.toString());
        settings.set(WebOptions.TMP_DIR, temporary.toString());
        settings.set(RestOptions.BIND_PORT, "0");
        settings.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        settings.set(JobManagerOptions.ADDRESS, "127.0.0.1");
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(8));
        settings.addAll(flink);
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .setCommonBindAddress("127.0.0.1")
                .build());
        try {
            start(cluster);
            StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
            env.setParallelism(1);
            MergeJob.build(env, config, slots);
            JobGraph graph = env.getStreamGraph().getJobGraph();
            Optional<Path> last = LastCheckpoint.find(checkpoints, savepoints);
            last.ifPresent(path -> graph.setSavepointRestoreSettings(
                    SavepointRestoreSettings.forPath(path.toUri().toString(), false)));
            JobID job = await(cluster.submitJob(graph)).getJobID();
            return new EmbeddedJob(cluster, job, savepoints);
        } catch (Exception e) {
            closeQuietly(cluster, e);
            throw e instanceof IOException io
                    ? io
                    : new IOException("The merge job does not start: " + e.getMessage(), e);
        }
    }

    /** In a thread that nobody interrupts: Pekko prints a stack trace where it is interrupted at its start. */
    private static void start(MiniCluster cluster) {
        CompletableFuture.runAsync(() -> {
                    try {
                        cluster.start();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                })
                .join();
    }

    /** The port of Flink's REST interface on the loopback address. */
    public int restPort() throws IOException {
        return await(cluster.getRestAddress()).getPort();
    }

    /** How the job is doing. */
    public JobStatus status() throws IOException {
        return await(cluster.getJobStatus(job));
    }

    /** The newest checkpoint that was completed since the job was started; empty before the first. */
    public Optional<Checkpoint> lastCheckpoint() throws IOException {
        CheckpointStatsSnapshot stats = await(cluster.getExecutionGraph(job)).getCheckpointStatsSnapshot();
        return Optional.ofNullable(stats)
                .map(found -> found.getHistory().getLatestCompletedCheckpoint())
                .map(Checkpoint::of);
    }

    /** Stops the job with a savepoint, which the next start goes on from, and shuts the cluster down. */
    @Override
    public void close() throws IOException {
        if (!cluster.isRunning()) {
            return;
        }
        try {
            if (status() == JobStatus.RUNNING) {
                await(cluster.stopWithSavepoint(
                        job, savepoints.toUri().toString(), false, SavepointFormatType.CANONICAL));
            }
        } finally {
            await(cluster.closeAsync());
        }
    }

    /** The cluster, for tests that make it fail. */
    MiniCluster cluster() {
        return cluster;
    }

    private static void closeQuietly(MiniCluster cluster, Exception cause) {
        boolean interrupted = Thread.interrupted();
        try {
            await(cluster.closeAsync());
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws IOException {
        try {
            return future.get(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("The Flink cluster did not do what it was asked to: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while waiting for the Flink cluster", e);
        }
    }
}
