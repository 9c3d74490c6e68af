package dev.koine.beam.merge;

import dev.koine.engine.merge.total.ReadableSums;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.tensor.Weight;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.beam.sdk.values.KV;
import org.jspecify.annotations.Nullable;

/** Sums that lie in the files of {@link KeepFn}; has one of them in memory. For use by one thread. */
final class SliceFiles implements ReadableSums {
    private final ArtifactStore store;
    private final List<Weight> weights;
    private final int sliceElements;
    private final Map<String, Map<Long, String>> digests = new HashMap<>();
    private String open = "";
    private SliceTotals totals = SliceTotals.none();

    SliceFiles(
            ArtifactStore store,
            List<Weight> weights,
            int sliceElements,
            Iterable<KV<KV<String, Long>, String>> slices) {
        this.store = store;
        this.weights = weights;
        this.sliceElements = sliceElements;
        for (KV<KV<String, Long>, String> slice : slices) {
            digests.computeIfAbsent(slice.getKey().getKey(), key -> new HashMap<>())
                    .put(slice.getKey().getValue(), slice.getValue());
        }
    }

    /** Keys of the weights that something was added to. */
    Set<String> changed() {
        return digests.keySet();
    }

    @Override
    public void read(int tensor, long from, double[][] target, int count) throws IOException {
        Map<Long, String> own = digests.getOrDefault(weights.get(tensor).key(), Map.of());
        for (int done = 0; done < count; ) {
            long element = from + done;
            int within = (int) (element % sliceElements);
            int now = Math.min(count - done, sliceElements - within);
            SliceTotals slice = slice(own.get(element - within));
            for (int p = 0; p < target.length; p++) {
                if (slice.isNone()) {
                    Arrays.fill(target[p], done, done + now, 0);
                } else {
                    long[] plane = slice.planes()[p];
                    for (int i = 0; i < now; i++) {
                        target[p][done + i] = plane[within + i];
                    }
                }
            }
            done += now;
        }
    }

    private SliceTotals slice(@Nullable String digest) throws IOException {
        if (digest == null) {
            return SliceTotals.none();
        }
        if (!digest.equals(open)) {
            try (InputStream in = new BufferedInputStream(Files.newInputStream(store.get(digest)), 1 << 16)) {
                totals = Objects.requireNonNull(new SliceTotalsCoder().decode(in));
            }
            open = digest;
        }
        return totals;
    }
}
