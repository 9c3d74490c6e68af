package dev.koine.subscriber;

import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Remembers, beside the cached bundles, the announcement of the version that served last. Losing it costs nothing but a stand-in. */
final class LastServed {
    private static final Logger LOG = LoggerFactory.getLogger(LastServed.class);
    private static final EventCodec<ModelUpdate> CODEC = EventCodec.of(ModelUpdate.class);

    private final Path file;

    /** @param directory the cache's */
    LastServed(Path directory) {
        file = directory.resolve("served");
    }

    /** What served last of this model; empty if that is not known. */
    Optional<ModelUpdate> read(String modelId) {
        try {
            return Optional.of(CODEC.decode(Files.readAllBytes(file)))
                    .filter(update -> update.getModelId().equals(modelId));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | UndecodableException e) {
            LOG.warn("{} does not tell which version served last: {}", file, e.toString());
            return Optional.empty();
        }
    }

    void write(ModelUpdate update) {
        Path next = file.resolveSibling("served.next");
        try {
            Files.write(next, CODEC.encode(update));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("{} cannot be written; there is no stand-in for this version at the next start.", file, e);
        }
    }
}
