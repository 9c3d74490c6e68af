package dev.koine.lifecycle.plan;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Names files by the bundle in the store that they belong to, {@code bundle:///<sha256>/<path>}, so that every TaskManager finds them
 * where it has the store.
 *
 * @param digests of bundles, by the directory that holds them here
 */
public record BundlePlaces(Map<Path, String> digests) {
    private static final String SCHEME = "bundle";

    public BundlePlaces {
        digests = Map.copyOf(digests);
    }

    /** The name of a file; a {@code file:} URI if it belongs to none of the bundles. */
    URI name(Path file) {
        for (Map.Entry<Path, String> bundle : digests.entrySet()) {
            if (file.startsWith(bundle.getKey())) {
                String hex = Sha256.hexOf(bundle.getValue());
                return uri("/" + hex + "/" + bundle.getKey().relativize(file));
            }
        }
        return file.toUri();
    }

    /** Whether a name is that of a file in the store. */
    static boolean isStored(URI name) {
        return SCHEME.equals(name.getScheme());
    }

    /** Where a file of the store is on this machine. */
    static Path find(URI name, ArtifactStore store) throws IOException {
        @Nullable String path = name.getPath();
        int slash = path == null ? -1 : path.indexOf('/', 1);
        if (path == null || slash < 0) {
            throw new IOException("No file of a bundle is named " + name + "; the plan in the store is damaged.");
        }
        return store.bundle(Sha256.PREFIX + path.substring(1, slash)).resolve(path.substring(slash + 1));
    }

    private static URI uri(String path) {
        try {
            return new URI(SCHEME, "", path, null);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("A bundle's files have paths that a URI can hold: " + path, e);
        }
    }
}
