package dev.koine.lifecycle.input;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.ShortFileException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Tells trouble with the files that an event points to, which trying again does not mend and which must not stop other models, from
 * trouble with files of our own.
 */
public final class InputFiles {
    private static final String OUR_LIMIT = "Too many open files";

    private InputFiles() {}

    /**
     * Runs work that reads files of an event.
     *
     * @param places those files, or folders that hold them
     * @throws RejectedException {@link RejectionCode#MISSING_FILE} if one of those files is gone or cannot be read,
     *     {@link RejectionCode#SIZE_MISMATCH} if it has become shorter
     * @throws IOException if there is trouble with any other file
     */
    public static <T> T whileReading(Collection<Path> places, Faults.Analysis<T> work)
            throws RejectedException, IOException {
        try {
            return work.run();
        } catch (FileSystemException e) {
            @Nullable String file = e.getFile();
            boolean isOurs = file == null
                    || places.stream().noneMatch(Path.of(file)::startsWith)
                    || String.valueOf(e.getReason()).startsWith(OUR_LIMIT);
            if (isOurs) {
                throw e;
            }
            throw refused(file, e);
        }
    }

    private static RejectedException refused(String file, FileSystemException trouble) {
        if (trouble instanceof ShortFileException) {
            return new RejectedException(
                    RejectionCode.SIZE_MISMATCH,
                    "The file " + file + " " + trouble.getReason()
                            + ". Leave a bundle as it is until its update or rejection is out, and send the event again.");
        }
        String what = trouble instanceof NoSuchFileException
                ? "is gone"
                : "cannot be read (" + trouble.getClass().getSimpleName() + ": " + trouble.getReason() + ")";
        return new RejectedException(
                RejectionCode.MISSING_FILE,
                "The file " + file + " " + what
                        + ". Put it where the job can read it, leave it there until the update or rejection is out,"
                        + " and send the event again.");
    }
}
