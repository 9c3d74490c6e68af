package dev.koine.flink.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * The places that bundles may come from.
 *
 * @param prefixes {@code file:} URIs of directories; a bundle must lie in one of them or below
 */
public record AllowedPlaces(List<URI> prefixes) implements Serializable {
    public AllowedPlaces {
        prefixes = List.copyOf(prefixes);
    }

    /**
     * Checks that a bundle may be read.
     *
     * @throws RejectedException {@link RejectionCode#PLACE_NOT_ALLOWED} if the URI is no {@code file:} URI or lies outside of every
     *     prefix, also by way of {@code ..}
     */
    public void require(Bundle bundle) throws RejectedException {
        Path directory = bundle.directory();
        for (URI prefix : prefixes) {
            if (directory.startsWith(Path.of(prefix).normalize())) {
                return;
            }
        }
        throw new RejectedException(
                RejectionCode.PLACE_NOT_ALLOWED,
                "The bundle lies at " + bundle.uri() + ", where this job may not read. "
                        + (prefixes.isEmpty()
                                ? "No place is allowed: start the job with allowed.places."
                                : "Allowed are folders below " + prefixes
                                        + ": put the bundle there, or add its place to the job's"
                                        + " allowed.places."));
    }
}
