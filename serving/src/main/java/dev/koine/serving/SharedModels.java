package dev.koine.serving;

import dev.koine.engine.store.BundleSource;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The models that this JVM serves, each followed by one subscriber for as long as somebody has a share in it.
 *
 * <p>Here is Koine's only static state that changes. Frameworks run many workers of a pipeline in one JVM, make each of them from its bytes, and
 * give them nothing in common but their classes; without a place of the class's own, each would hold the model in memory once more. What
 * is in it comes and goes with the shares: nothing is left when the last one is closed. Where classes are loaded apart, as for each job of a
 * Flink session, there is one such place for each loader.
 */
public final class SharedModels {
    private static final SharedModels OF_THIS_JVM = new SharedModels(FollowedModel::start);

    private final Starter starter;
    private final Map<Key, Shared> models = new HashMap<>();

    SharedModels(Starter starter) {
        this.starter = starter;
    }

    /** Begins to serve a model. */
    @FunctionalInterface
    interface Starter {
        /** @throws IOException if it cannot start here; nothing of it is left then */
        SpeechServer start(ServingSettings settings, BundleSource bundles) throws IOException;
    }

    private record Key(ServingSettings settings, BundleSource bundles) {}

    /**
     * A share in the model of these settings, whose versions lie in a folder of this machine.
     *
     * @throws IOException if it cannot be served here, or no version serves within the time that the settings give
     */
    public static Transcriber open(ServingSettings settings) throws IOException, InterruptedException {
        return open(settings, BundleSource.LOCAL);
    }

    /**
     * A share in the model of these settings.
     *
     * @param bundles where versions are fetched from; only the same one makes it the same model
     * @throws IOException if it cannot be served here, or no version serves within the time that the settings give
     */
    public static Transcriber open(ServingSettings settings, BundleSource bundles)
            throws IOException, InterruptedException {
        return OF_THIS_JVM.share(settings, bundles);
    }

    Transcriber share(ServingSettings settings, BundleSource bundles) throws IOException, InterruptedException {
        Shared shared = retain(new Key(settings, bundles));
        boolean isOpen = false;
        try {
            SpeechServer server = shared.started();
            server.awaitFirst();
            isOpen = true;
            return new Transcriber(server, shared::release);
        } finally {
            if (!isOpen) {
                shared.release();
            }
        }
    }

    /** How many models are followed. */
    synchronized int size() {
        return models.size();
    }

    private synchronized Shared retain(Key key) {
        Shared shared = models.computeIfAbsent(key, Shared::new);
        shared.holders++;
        return shared;
    }

    private synchronized boolean isLastGone(Shared shared) {
        return --shared.holders == 0;
    }

    private synchronized void forgetIfUnused(Shared shared) {
        if (shared.holders == 0) {
            models.remove(shared.key);
        }
    }

    /** One model. Its own lock is held while it starts or stops, so that who wants it meanwhile waits, and nobody else does. */
    private final class Shared {
        final Key key;
        int holders;
        private @Nullable SpeechServer server;

        Shared(Key key) {
            this.key = key;
        }

        synchronized SpeechServer started() throws IOException {
            if (server == null) {
                server = starter.start(key.settings(), key.bundles());
            }
            return Objects.requireNonNull(server);
        }

        synchronized void release() {
            if (isLastGone(this)) {
                if (server != null) {
                    server.close();
                    server = null;
                }
                forgetIfUnused(this);
            }
        }
    }
}
