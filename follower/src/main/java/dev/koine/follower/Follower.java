package dev.koine.follower;

import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ModelSubscriberBuilder;
import dev.koine.subscriber.SubscriberStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Keeps a folder, and the server that reads it, on the newest version of a model: {@code versions/<n>} are whole at any moment, {@code current} is a link to
 * the one to read. Once the link leads to a version the steps are taken, such as telling the server and seeing whether it answers; a version
 * with which one fails is given up for the one before. Trouble with broker, store, disk or server is retried for as long as it lasts.
 *
 * <p>Each step is taken at least once for each version that is made current, and again at each start.
 */
public final class Follower implements AutoCloseable {
    private final VersionsFolder folder;
    private final Placing placing;
    private final ModelSubscriber<Placed> subscriber;

    private Follower(VersionsFolder folder, Placing placing, ModelSubscriber<Placed> subscriber) {
        this.folder = folder;
        this.placing = placing;
        this.subscriber = subscriber;
    }

    /**
     * What is to be done with versions.
     *
     * @param folder for versions and link, this follower's alone
     * @param kept versions that stay, the current one among them; at least 1, and 2 or more where readers may be slow
     * @param form of the versions; empty for the files of their bundles
     * @param steps in their order
     */
    public record Settings(Path folder, int kept, Optional<Form> form, List<Step> steps, Patience patience) {
        public Settings {
            steps = List.copyOf(steps);
        }

        /** Of the files of the versions' bundles. */
        public Settings(Path folder, int kept, List<Step> steps, Patience patience) {
            this(folder, kept, Optional.empty(), steps, patience);
        }
    }

    /**
     * Begins to follow.
     *
     * @param followed what a subscriber needs to know but for cache and loader
     * @throws IOException if the folder cannot be used, has another owner, or holds versions in another form
     */
    public static Follower start(ModelSubscriberBuilder<Placed> followed, Settings settings) throws IOException {
        VersionsFolder folder = VersionsFolder.open(settings.folder(), settings.kept(), settings.form());
        try {
            Placing placing = new Placing(folder, settings.steps(), settings.patience());
            return new Follower(
                    folder,
                    placing,
                    followed.cacheDirectory(folder.cache())
                            .versionLoader(placing)
                            .start());
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** How it stands. */
    public SubscriberStatus status() {
        return subscriber.status();
    }

    /** The version that is current and with which all steps worked; empty before the first. */
    public Optional<Placed> current() {
        if (subscriber.current().isEmpty()) {
            return Optional.empty();
        }
        try (Lease<Placed> lease = subscriber.acquire()) {
            return Optional.of(lease.model());
        }
    }

    /**
     * The version that was being tried when the owner before ended, which the link was left at: it may lead back to the one that worked last from now on,
     * until the newest is tried. Empty where all was well.
     */
    public Optional<Placed> unfinished() {
        return placing.unfinished();
    }

    /** Stops following; a step in progress is interrupted and waited for. Link and versions stay. */
    @Override
    public void close() throws IOException {
        subscriber.close();
        folder.close();
    }
}
