package dev.koine.cli.status;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * What is left on the disk of a folder.
 *
 * @param bytes that may still be written
 */
public record FreeSpace(Path folder, long bytes) {
    private static final double MEGABYTE = 1e6;
    private static final double GIGABYTE = 1e9;

    /** The folder whose disk has the least; empty where none of them is there. */
    public static Optional<FreeSpace> least(Collection<Path> folders) {
        return folders.stream().flatMap(folder -> of(folder).stream()).min((a, b) -> Long.compare(a.bytes, b.bytes));
    }

    private static Optional<FreeSpace> of(Path folder) {
        Path absolute = folder.toAbsolutePath().normalize();
        try {
            Path there = absolute;
            while (there.getParent() != null && !Files.exists(there)) {
                there = there.getParent();
            }
            return Optional.of(new FreeSpace(absolute, Files.getFileStore(there).getUsableSpace()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** A sentence such as {@code /data has 0.3 MB free}. */
    public String told() {
        return folder + " has " + words(bytes) + " free";
    }

    /** Such as {@code 0.3 MB}. */
    public static String words(long bytes) {
        return bytes < GIGABYTE
                ? String.format(Locale.ROOT, "%.1f MB", bytes / MEGABYTE)
                : String.format(Locale.ROOT, "%.1f GB", bytes / GIGABYTE);
    }
}
