package dev.koine.cli.folder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model as the Hugging Face cache of this machine's user has it: {@code models--NAME/snapshots/REVISION}, or a folder in it, with links
 * to files of {@code models--NAME/blobs}. No other link is followed.
 */
public final class HubSnapshot {
    private static final Pattern REPOSITORY = Pattern.compile("(models|datasets)--.+");

    private HubSnapshot() {}

    /**
     * The files of a snapshot.
     *
     * @return each file's path in the folder, and the real file; empty if the folder is no snapshot, has no link, or has one that leads
     *     anywhere else
     */
    public static Optional<Map<String, Path>> files(Path folder) throws IOException {
        Path root = folder.toRealPath();
        @Nullable Path repository = repository(root);
        if (repository == null) {
            return Optional.empty();
        }
        Path blobs = repository.resolve("blobs");
        Map<String, Path> files = new TreeMap<>();
        boolean hasLinks = false;
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path file : (Iterable<Path>) tree::iterator) {
                if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    continue;
                }
                boolean isLink = Files.isSymbolicLink(file);
                if (isLink && !isBlob(file, blobs) || !Files.isRegularFile(file)) {
                    return Optional.empty();
                }
                hasLinks |= isLink;
                files.put(root.relativize(file).toString(), file.toRealPath());
            }
        }
        return hasLinks ? Optional.of(files) : Optional.empty();
    }

    private static boolean isBlob(Path link, Path blobs) throws IOException {
        return Files.exists(link) && blobs.equals(link.toRealPath().getParent());
    }

    private static @Nullable Path repository(Path root) {
        for (int names = root.getNameCount(); names > 2; names--) {
            Path repository = Objects.requireNonNull(root.getRoot()).resolve(root.subpath(0, names - 2));
            if (root.getName(names - 2).endsWith("snapshots")
                    && REPOSITORY.matcher(root.getName(names - 3).toString()).matches()) {
                return repository;
            }
        }
        return null;
    }
}
