package dev.koine.subscriber;

import dev.koine.engine.store.BundleSource;
import dev.koine.events.inband.InBandBundles;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ModelSubscriber} needs to know: the broker, the model, a cache directory and how to load a model.
 *
 * @param <M> the model
 */
public final class ModelSubscriberBuilder<M extends AutoCloseable> {
    private final Map<String, Object> consumerProperties = new HashMap<>();
    private final List<SubscriberListener> listeners = new ArrayList<>();
    private boolean isPatching;
    private String updatesTopic = Topics.DEFAULT.updates();
    private BundleSource source = BundleSource.LOCAL;
    private boolean isInBand;
    private @Nullable TrustedKeys trustedKeys;
    private @Nullable ModelTrial trial;
    private @Nullable String modelId;
    private @Nullable Path cacheDirectory;
    private @Nullable VersionLoader<M> loader;

    ModelSubscriberBuilder() {}

    /** Brokers to begin with, as {@code host:port,host:port}. */
    public ModelSubscriberBuilder<M> bootstrapServers(String servers) {
        consumerProperties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        return this;
    }

    /**
     * Settings of the Kafka consumer, such as those for TLS, and of a schema registry, as {@link
     * dev.koine.events.registry.EventFormat} has them; the ones that a subscriber's promises rest on are not overruled.
     */
    public ModelSubscriberBuilder<M> consumerProperties(Map<String, ?> properties) {
        consumerProperties.putAll(properties);
        return this;
    }

    /** The inference topic; {@code koine.updates} if not said. */
    public ModelSubscriberBuilder<M> updatesTopic(String topic) {
        updatesTopic = topic;
        return this;
    }

    /** The model to follow; updates of others are skipped. */
    public ModelSubscriberBuilder<M> modelId(String id) {
        modelId = id;
        return this;
    }

    /** Where copies of bundles are kept, for this subscriber alone; needs room for three. */
    public ModelSubscriberBuilder<M> cacheDirectory(Path directory) {
        cacheDirectory = directory;
        return this;
    }

    /** Where bundles are fetched from; if not said, from where the store is mounted, which has to be the path that the job has it under. */
    public ModelSubscriberBuilder<M> bundleSource(BundleSource bundles) {
        source = bundles;
        return this;
    }

    /**
     * Whether versions are computed here from the base and what changed, where that has fewer bytes than the whole bundle; not if not said. The bytes are
     * those of the merge job, and held against the digests that it announced; what cannot be computed is fetched whole. Needs room beside the cache for
     * the base, the task vectors inside, and totals of four bytes an element and more (eight where the recipe weighs by statistics), and half of the
     * processors for as long as it takes.
     */
    public ModelSubscriberBuilder<M> patches(boolean isWanted) {
        isPatching = isWanted;
        return this;
    }

    /**
     * Takes bundles from {@code koine.artifacts}, which {@code koine relay} fills, in place of a {@link #bundleSource}: this service needs the broker
     * and nothing else. The cache directory needs room for one bundle more.
     */
    public ModelSubscriberBuilder<M> inBand() {
        isInBand = true;
        return this;
    }

    /** Makes a model of a version's files. */
    public ModelSubscriberBuilder<M> loader(ModelLoader<M> modelLoader) {
        return versionLoader((update, directory) -> modelLoader.load(directory));
    }

    /** Makes a model of a version's files, in place of a {@link #loader}. */
    public ModelSubscriberBuilder<M> versionLoader(VersionLoader<M> ofVersion) {
        loader = ofVersion;
        return this;
    }

    /** Takes only updates that one of these keys has signed; others are refused, and the version that serves goes on. */
    public ModelSubscriberBuilder<M> trustedKeys(TrustedKeys keys) {
        trustedKeys = keys;
        return this;
    }

    /**
     * Tries each version before the {@linkplain #loader loader} is given it: one that is refused there, since it kills the runtime of this
     * service or answers nothing but NaN, is refused like any other that does not load, and the one that serves goes on. With {@code
     * koine-speech}, a version is loaded and asked in a process of its own by {@code files -> quarantine.ask(files,
     * OnnxOptions.DEFAULT).requireAny()}; close that quarantine after this subscriber.
     */
    public ModelSubscriberBuilder<M> trial(ModelTrial modelTrial) {
        trial = modelTrial;
        return this;
    }

    /** Hears what becomes of announced versions; others that were named before hear it, too. */
    public ModelSubscriberBuilder<M> listener(SubscriberListener subscriberListener) {
        listeners.add(subscriberListener);
        return this;
    }

    /**
     * Begins to follow. Returns at once: whether a broker answers or a version is there shows later.
     *
     * @throws IllegalStateException if something is not said that has to be
     * @throws IOException if the cache directory cannot be used
     */
    public ModelSubscriber<M> start() throws IOException {
        String id = modelId;
        Path directory = cacheDirectory;
        VersionLoader<M> ofVersion = loader;
        List<String> missing = new ArrayList<>();
        if (!consumerProperties.containsKey(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG)) {
            missing.add("bootstrapServers (the broker that announces updates)");
        }
        if (id == null) {
            missing.add("modelId (the model to follow)");
        }
        if (directory == null) {
            missing.add("cacheDirectory (where copies of bundles are kept)");
        }
        if (ofVersion == null) {
            missing.add("loader (what makes a model of a bundle)");
        }
        if (id == null || directory == null || ofVersion == null || !missing.isEmpty()) {
            throw new IllegalStateException("The subscriber also needs " + String.join(", ", missing) + ".");
        }
        Map<String, Object> properties = Map.copyOf(consumerProperties);
        String topic = updatesTopic;
        ModelSubscriber<M> subscriber = new ModelSubscriber<>(
                id,
                () -> new UpdatesTopic(properties, topic, id),
                versions(directory, properties),
                new LastServed(directory),
                ofVersion,
                trial,
                listeners,
                trustedKeys);
        subscriber.start();
        return subscriber;
    }

    private VersionFetch versions(Path directory, Map<String, Object> properties) throws IOException {
        BundleSource from = isInBand ? new InBandBundles(properties, directory.resolve(BundleCache.RECEIVED)) : source;
        BundleCache cache = BundleCache.open(directory, from);
        if (!isPatching) {
            return VersionFetch.whole(cache);
        }
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        try {
            return VersionFetch.patching(cache, directory.resolve("patches"), from, threads);
        } catch (IOException | RuntimeException e) {
            cache.close();
            throw e;
        }
    }
}
