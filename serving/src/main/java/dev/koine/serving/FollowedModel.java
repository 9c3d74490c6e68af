package dev.koine.serving;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.BundleSource;
import dev.koine.schemas.ModelUpdate;
import dev.koine.speech.onnx.NativeRuntime;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ModelSubscriberBuilder;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.SubscriberListener;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscriber with all that belongs to it: its folder, and the process that versions are tried in where that is asked for. */
final class FollowedModel implements SpeechServer {
    private static final Logger LOG = LoggerFactory.getLogger(FollowedModel.class);

    private final ServingSettings settings;
    private final CacheFolder folder;
    private final @Nullable Quarantine quarantine;
    private final Trouble trouble;
    private final ModelSubscriber<LoadedModel> subscriber;

    private FollowedModel(
            ServingSettings settings,
            CacheFolder folder,
            @Nullable Quarantine quarantine,
            Trouble trouble,
            ModelSubscriber<LoadedModel> subscriber) {
        this.settings = settings;
        this.folder = folder;
        this.quarantine = quarantine;
        this.trouble = trouble;
        this.subscriber = subscriber;
    }

    /**
     * Begins to follow a model.
     *
     * @param bundles where versions are fetched from
     * @throws IOException if its folder cannot be used, or ONNX Runtime is not there
     */
    static FollowedModel start(ServingSettings settings, BundleSource bundles) throws IOException {
        requireRuntime();
        OnnxOptions options = new OnnxOptions(settings.intraOpThreads(), settings.device());
        Trouble trouble = new Trouble();
        CacheFolder folder = CacheFolder.take(settings);
        @Nullable Quarantine quarantine = settings.quarantine() == null ? null : new Quarantine(settings.quarantine());
        try {
            ModelSubscriberBuilder<LoadedModel> wanted = ModelSubscriber.<LoadedModel>builder()
                    .consumerProperties(settings.kafka())
                    .updatesTopic(settings.updatesTopic())
                    .modelId(settings.modelId())
                    .cacheDirectory(folder.bundles())
                    .bundleSource(bundles)
                    .listener(trouble)
                    .loader(bundle -> LoadedModel.open(bundle, options));
            if (settings.trustedKeys() != null) {
                wanted.trustedKeys(settings.trustedKeys());
            }
            if (quarantine != null) {
                wanted.trial(files -> quarantine.ask(files, options).requireAny());
            }
            return new FollowedModel(settings, folder, quarantine, trouble, wanted.start());
        } catch (IOException | RuntimeException e) {
            closeRest(quarantine, folder);
            throw e;
        }
    }

    /** Asked for by its name: nothing that this class is made of may need it, or it would not come as far as this. */
    private static void requireRuntime() throws IOException {
        try {
            Class.forName("ai.onnxruntime.OrtEnvironment", false, FollowedModel.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IOException(
                    "ONNX Runtime is not on the class path. Put its jar there once for all that run in this JVM;"
                            + " in Flink, that is lib/.",
                    e);
        }
        NativeRuntime.environment();
    }

    @Override
    public void awaitFirst() throws IOException, InterruptedException {
        try {
            subscriber.awaitVersion(0, settings.firstVersionWithin());
        } catch (TimeoutException e) {
            IOException why = new IOException("No version of " + settings.modelId() + " serves after "
                    + settings.firstVersionWithin().toMillis() + " ms; they are announced on " + settings.updatesTopic()
                    + " at " + settings.bootstrapServers() + ". " + trouble.orElse(settings.modelId()));
            why.addSuppressed(e);
            throw why;
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public Transcript transcribe(Question question) throws RefusedSpeechException, IOException {
        try (SpeechServer version = held()) {
            return version.transcribe(question);
        }
    }

    @Override
    public SpeechServer held() throws IOException {
        return new HeldVersion(settings.modelId(), acquire());
    }

    private Lease<LoadedModel> acquire() throws IOException {
        try {
            return subscriber.acquire();
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** When this returns, nothing of it runs any more. */
    @Override
    public void close() {
        subscriber.close();
        closeRest(quarantine, folder);
    }

    private static void closeRest(@Nullable Quarantine quarantine, CacheFolder folder) {
        try (folder) {
            if (quarantine != null) {
                quarantine.close();
            }
        } catch (IOException e) {
            LOG.warn("The cache's folder did not close.", e);
        }
    }

    /** What keeps a version from serving, as it was heard last. */
    private static final class Trouble implements SubscriberListener {
        private volatile @Nullable String last;

        @Override
        public void onTrouble(String what, Throwable cause) {
            String said = String.valueOf(cause.getMessage());
            @Nullable Throwable below = cause.getCause();
            String more = below == null ? "" : String.valueOf(below.getMessage());
            last = what + ": " + said + (said.contains(more) ? "" : " (" + more + ")");
        }

        @Override
        public void onServed(ServedVersion version) {
            last = null;
        }

        @Override
        public void onRejected(ModelUpdate update, RejectedException reason) {
            last = "Version " + update.getVersion() + " is refused: " + reason.getMessage();
        }

        String orElse(String modelId) {
            @Nullable String heard = last;
            return heard != null
                    ? heard
                    : "None was heard of here: is the broker there, is the model registered (koine register --model "
                            + modelId + "), and does the merge job run?";
        }
    }
}
