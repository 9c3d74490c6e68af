package dev.koine.flink.harness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.store.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;
import java.nio.file.Path;

/** A service that computes versions from what changed. */
public final class PatchingService implements AutoCloseable {
    private final ModelSubscriber<AutoCloseable> subscriber;

    private PatchingService(ModelSubscriber<AutoCloseable> subscriber) {
        this.subscriber = subscriber;
    }

    /** One that follows a model from its base on. */
    public static PatchingService start(KoineHarness koine, String modelId, Path cache) throws IOException {
        return new PatchingService(ModelSubscriber.<AutoCloseable>builder()
                .bootstrapServers(koine.broker.bootstrapServers())
                .modelId(modelId)
                .cacheDirectory(cache)
                .patches(true)
                .loader(bundle -> () -> {})
                .start());
    }

    /** Has the version served here; returns it. */
    public ModelUpdate serves(ModelUpdate version) throws Exception {
        ServedVersion served = subscriber.awaitVersion(version.getVersion(), KoineHarness.PATIENCE);
        assertThat(Bundle.describe(served.directory()).digest()).isEqualTo(version.getDigest());
        return version;
    }

    /** How many versions were computed, and not fetched whole. */
    public long computed() {
        return subscriber.status().patched();
    }

    @Override
    public void close() {
        subscriber.close();
    }
}
