package dev.koine.objectstore;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.LocalTarget;
import dev.koine.engine.store.RemotePlace;
import dev.koine.engine.store.UploadTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;

/** Opens stores by their URI. */
public final class Stores {
    /** So that an S3 that does not answer is told in about half a minute; by itself its client tries for many. */
    private static final Map<String, String> PATIENCE = Map.of(
            "s3.connection.establish.timeout", "3000",
            "s3.connection.timeout", "10000",
            "s3.attempts.maximum", "3",
            "s3.retry.limit", "3",
            "s3.retry.interval", "300ms");

    private Stores() {}

    /**
     * Opens the store at a URI: a directory that is made if it is not there, or a prefix in object storage.
     *
     * @param cache a directory on this machine for what object storage holds; processes may share it
     * @param cacheBytes about how large that may grow; what was used within the last hour stays
     * @param executor where parts of one piece of work are done side by side; not what calls the store
     * @throws IOException if the directory cannot be used, or there is no file system for the URI
     */
    public static ArtifactStore open(URI store, Path cache, long cacheBytes, Executor executor) throws IOException {
        if (!RemotePlace.isRemote(store)) {
            return LocalStore.open(Path.of(store), executor);
        }
        return new ObjectStore(
                new RemoteObjects(FileSystem.get(store), new org.apache.flink.core.fs.Path(store)),
                LocalStore.open(cache, executor),
                cacheBytes,
                executor);
    }

    /**
     * Opens a place that bundles are uploaded to: a directory that is there, or a prefix in object storage.
     *
     * @throws IOException if there is no file system for the URI
     */
    public static UploadTarget uploadTo(URI place) throws IOException {
        if (!RemotePlace.isRemote(place)) {
            return new LocalTarget(Path.of(place));
        }
        URI folder = place.toString().endsWith("/") ? place : URI.create(place + "/");
        return new RemoteTarget(
                folder, new RemoteObjects(FileSystem.get(folder), new org.apache.flink.core.fs.Path(folder)));
    }

    /**
     * Requires that this process can read a place, as far as that shows without trying.
     *
     * @throws IOException if there is no file system for the URI; the message names Flink's plugin
     */
    public static void requireFileSystem(URI place) throws IOException {
        if (RemotePlace.isRemote(place)) {
            Objects.requireNonNull(FileSystem.get(place));
        }
    }

    /**
     * Requires that a store answers, by looking at it; a folder is made if it is not there.
     *
     * @throws IOException if it does not: what it says, and what to do where that is known
     */
    public static void requireAnswer(URI store) throws IOException {
        requireAnswer("store", store);
    }

    /**
     * As {@link #requireAnswer(URI)}, of another place.
     *
     * @param word what messages call it
     */
    public static void requireAnswer(String word, URI store) throws IOException {
        if (RemotePlace.isRemote(store)) {
            try {
                FileSystem.get(store).listStatus(new org.apache.flink.core.fs.Path(store));
            } catch (IOException e) {
                if (!(e instanceof FileNotFoundException) || StoreTrouble.hasNoBucket(e)) {
                    throw new IOException(
                            "The " + word + " " + store + " does not answer: " + StoreTrouble.sentence(e), e);
                }
            }
            return;
        }
        Path folder = Path.of(store);
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException("The " + word + " " + folder + " is a file; name a folder.");
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(folder)) {
            throw new IOException("The " + word + " " + folder + " may not be written to; name another folder.");
        }
    }

    /**
     * Makes Flink's file systems known to a process that is no part of a Flink cluster: plugins from the directory that the environment
     * names as FLINK_PLUGINS_DIR, settings such as {@code s3.endpoint} from the {@code config.yaml} in FLINK_CONF_DIR.
     * Where that does not say how long an S3 may take to answer, it is about half a minute.
     */
    public static void initializeFileSystems() {
        Configuration configuration = new Configuration();
        PATIENCE.forEach(configuration::setString);
        configuration.addAll(GlobalConfiguration.loadConfiguration());
        FileSystem.initialize(configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
    }
}
