package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Path;

/** What lies in the folder of a version. */
interface Contents {
    /** What a folder of such versions is known by. */
    String name();

    /**
     * Writes a version and forces it to disk.
     *
     * @param files a verified copy of its bundle
     * @param made an empty folder, not yet where it is to be
     * @param name of the folder that it becomes
     */
    void write(ModelUpdate update, Path files, Path made, String name) throws RejectedException, IOException;

    /** Whether a folder holds the version, all of it and nothing else. */
    boolean isWhole(ModelUpdate update, Path directory) throws IOException;

    /** Forgets a folder that is no longer there. */
    void forget(String name) throws IOException;
}
