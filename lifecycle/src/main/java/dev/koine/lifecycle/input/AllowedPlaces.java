package dev.koine.lifecycle.input;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.RemotePlace;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * The places that bundles may come from.
 *
 * @param prefixes {@code file:} URIs of directories, or prefixes in object storage; a bundle must lie in one of them or below
 */
public record AllowedPlaces(List<URI> prefixes) implements Serializable {
    public AllowedPlaces {
        prefixes = List.copyOf(prefixes);
    }

    /**
     * Checks that a bundle may be read.
     *
     * @return the bundle at the place to read it from: of a directory with all links resolved
     * @throws RejectedException {@link RejectionCode#PLACE_NOT_ALLOWED} if the place lies outside of every prefix, also by way of
     *     {@code ..} or a link; {@link RejectionCode#MISSING_FILE} if a directory cannot be found
     */
    public Bundle require(Bundle bundle) throws RejectedException {
        if (RemotePlace.isRemote(bundle.uri())) {
            URI place = RemotePlace.require(bundle.uri());
            if (prefixes.stream().noneMatch(prefix -> RemotePlace.isBelow(place, prefix))) {
                throw notAllowed(bundle);
            }
            return bundle;
        }
        Path said = bundle.directory();
        requireAllowed(bundle, said);
        Path real;
        try {
            real = said.toRealPath();
        } catch (IOException e) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "There is no readable folder at " + bundle.uri() + " ("
                            + e.getClass().getSimpleName()
                            + "). Put the bundle there, where the job can read it, or send the event with the right place.");
        }
        requireAllowed(bundle, real);
        return new Bundle(real.toUri(), bundle.files());
    }

    private void requireAllowed(Bundle bundle, Path directory) throws RejectedException {
        for (URI prefix : prefixes) {
            if (RemotePlace.isRemote(prefix)) {
                continue;
            }
            Path place = Path.of(prefix).normalize();
            if (directory.startsWith(place) || directory.startsWith(real(place))) {
                return;
            }
        }
        throw notAllowed(bundle);
    }

    private RejectedException notAllowed(Bundle bundle) {
        return new RejectedException(
                RejectionCode.PLACE_NOT_ALLOWED,
                "The bundle lies at " + bundle.uri() + ", where this job may not read. "
                        + (prefixes.isEmpty()
                                ? "No place is allowed: start the job with allowed.places."
                                : "Allowed are folders below " + prefixes
                                        + ": put the bundle there, or add its place to the job's"
                                        + " allowed.places."));
    }

    private static Path real(Path place) {
        try {
            return place.toRealPath();
        } catch (IOException notThere) {
            return place;
        }
    }
}
