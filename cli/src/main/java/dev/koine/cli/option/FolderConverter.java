package dev.koine.cli.option;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a folder; for the name of a file in it, says which folder is meant. */
public final class FolderConverter implements ITypeConverter<Path> {
    @Override
    public Path convert(String value) {
        try {
            return requireNoFile(Path.of(value));
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + value + "' is no path here: " + e.getReason() + ".");
        }
    }

    /**
     * Requires that a path is not that of a file; there may be nothing.
     *
     * @throws TypeConversionException with the folder to name instead
     */
    public static Path requireNoFile(Path path) {
        if (Files.isRegularFile(path)) {
            Path folder = path.toAbsolutePath().normalize().getParent();
            throw new TypeConversionException(path + " is a file; name the folder that holds it: " + folder);
        }
        return path;
    }
}
