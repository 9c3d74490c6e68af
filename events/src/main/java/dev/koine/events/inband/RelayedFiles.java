package dev.koine.events.inband;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.Patch;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files of a version that are to be sent, each once, and the bundle that each is read from. */
final class RelayedFiles {
    private final Map<ChunkedFile, Place> files = new LinkedHashMap<>();

    /** One of them, where it is. */
    record Place(Bundle bundle, BundleFile file) {}

    private RelayedFiles() {}

    /**
     * @throws RejectedException if the update lists what cannot be, or a list of files is not at its place
     * @throws IOException if such a list cannot be read now
     */
    static Map<ChunkedFile, Place> of(ModelUpdate update, RelayedContent content, BundleSource source)
            throws IOException, RejectedException {
        RelayedFiles found = new RelayedFiles();
        boolean isPatched =
                update.getBase() != null && update.getExperts().stream().allMatch(expert -> expert.getPatch() != null);
        if (content != RelayedContent.PATCHES || !isPatched) {
            found.add(Bundles.of(update));
        }
        if (content != RelayedContent.BUNDLES) {
            found.addParts(update, source);
        }
        return found.files;
    }

    private void addParts(ModelUpdate update, BundleSource source) throws IOException, RejectedException {
        dev.koine.schemas.@Nullable Bundle base = update.getBase();
        if (base != null) {
            add(Bundles.fromAvro(base));
        }
        for (MergedExpert expert : update.getExperts()) {
            dev.koine.schemas.@Nullable Patch patch = expert.getPatch();
            if (patch != null) {
                addListed(Bundles.fromAvro(patch.getList()), source);
            }
        }
    }

    private void addListed(Bundle list, BundleSource source) throws IOException, RejectedException {
        add(list);
        Path copy = Files.createTempFile("koine-list", ".json");
        try {
            try (OutputStream out = Files.newOutputStream(copy)) {
                BundleVerifier.read(list, list.files().get(0), source, out);
            }
            Patch patch = Patch.read(copy);
            add(patch.artifacts());
            if (patch.statistics() != null) {
                add(patch.statistics());
            }
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    private void add(Bundle bundle) {
        bundle.files().forEach(file -> files.putIfAbsent(ChunkedFile.of(file), new Place(bundle, file)));
    }
}
