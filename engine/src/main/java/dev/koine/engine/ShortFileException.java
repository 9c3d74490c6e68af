package dev.koine.engine;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A file ends before it should: it was cut off, or is being written again, since its size was taken. */
public final class ShortFileException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    public ShortFileException(Path file) {
        super(file.toString(), null, "became shorter while it was read");
    }
}
