package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Path;

/** What is written of a version, where servers cannot read the files of its bundle. */
public interface Form {
    /** What a folder of such versions is known by, in a few words. */
    String name();

    /**
     * Writes a version; the same files for the same announcement.
     *
     * @param update its announcement; to be left as it is
     * @param files a verified copy of its bundle; not to be written to
     * @param target an empty folder, for files and folders alone; after a failure it may hold a part
     * @throws RejectedException if the version cannot be written so; it is refused
     * @throws IOException if there is trouble here, such as a store that is away; it is tried again
     */
    void write(ModelUpdate update, Path files, Path target) throws RejectedException, IOException;
}
