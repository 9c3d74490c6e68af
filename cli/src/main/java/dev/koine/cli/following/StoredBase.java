package dev.koine.cli.following;

import dev.koine.cli.export.AnnouncedSource;
import dev.koine.cli.option.StoreOption;
import dev.koine.engine.RejectedException;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** In the job's store, which is opened when it is first needed, and again where that did not work. */
final class StoredBase implements BaseSource {
    private final StoreOption option = new StoreOption();
    private final Path cache;
    private @Nullable ArtifactStore store;

    /** @param cache a folder for what is read from object storage */
    StoredBase(URI place, Path cache) {
        this.option.place = place;
        this.cache = cache;
    }

    @Override
    public synchronized MappedBase of(ModelUpdate update) throws RejectedException, IOException {
        return AnnouncedSource.of(update, open()).base();
    }

    /** Opens the store, if that was not done yet. */
    synchronized ArtifactStore open() throws IOException {
        @Nullable ArtifactStore opened = store;
        if (opened == null) {
            opened = option.open(cache);
            store = opened;
        }
        return opened;
    }
}
