package dev.koine.flink.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds what a job left behind: its newest complete checkpoint or savepoint. */
final class LastCheckpoint {
    private LastCheckpoint() {}

    /** The directory that holds the newest {@code _metadata}, which Flink writes last; empty on a first start. */
    static Optional<Path> find(Path... roots) throws IOException {
        Optional<Written> newest = Optional.empty();
        for (Path root : roots) {
            if (!Files.isDirectory(root)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    if (file.endsWith("_metadata")) {
                        Written found =
                                new Written(Objects.requireNonNull(file.getParent()), Files.getLastModifiedTime(file));
                        newest = Stream.concat(newest.stream(), Stream.of(found))
                                .max(Comparator.comparing(Written::time));
                    }
                }
            }
        }
        return newest.map(Written::directory);
    }

    private record Written(Path directory, FileTime time) {}
}
