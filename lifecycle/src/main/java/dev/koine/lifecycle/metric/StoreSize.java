package dev.koine.lifecycle.metric;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What a store held when it was looked through last. */
public final class StoreSize {
    private final ArtifactStore store;
    private final Instruments instruments;
    private volatile Map<StoredArtifact.Kind, Held> held = Map.of();
    private boolean reported;

    public StoreSize(ArtifactStore store, Instruments instruments) {
        this.store = store;
        this.instruments = instruments;
    }

    private record Held(long artifacts, long bytes) {
        static final Held NOTHING = new Held(0, 0);

        Held with(StoredArtifact artifact) {
            return new Held(artifacts + 1, bytes + artifact.bytes());
        }
    }

    /** Looks through the whole store; before the first time nothing is reported. For one thread at a time. */
    public void measure() throws IOException {
        Map<StoredArtifact.Kind, Held> found = new EnumMap<>(StoredArtifact.Kind.class);
        for (StoredArtifact artifact : store.list()) {
            found.merge(artifact.kind(), Held.NOTHING.with(artifact), (sum, one) -> sum.with(artifact));
        }
        held = found;
        if (!reported) {
            reported = true;
            for (StoredArtifact.Kind kind : StoredArtifact.Kind.values()) {
                String label = kind.name().toLowerCase(Locale.ROOT);
                instruments.gauge(JobMetrics.STORE_SIZE, () -> of(kind).bytes(), label);
                instruments.gauge(JobMetrics.STORE_ARTIFACTS, () -> of(kind).artifacts(), label);
            }
        }
    }

    private Held of(StoredArtifact.Kind kind) {
        return Objects.requireNonNullElse(held.get(kind), Held.NOTHING);
    }
}
