package dev.koine.cli.folder;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.LinkRefusals;
import dev.koine.engine.file.Strays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
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
    private static final Pattern REVISION = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,127}");
    private static final String SNAPSHOTS = "snapshots";

    private HubSnapshot() {}

    /**
     * The folder that a user means: of a whole repository of the cache, {@code models--NAME}, its snapshot of {@code main}, or its only one;
     * any other folder itself.
     *
     * @throws RejectedException {@link RejectionCode#MISSING_FILE} for a repository of which that cannot be told
     */
    public static Path folder(Path folder) throws IOException, RejectedException {
        Path snapshots = folder.resolve(SNAPSHOTS);
        Path name = folder.toAbsolutePath().normalize().getFileName();
        if (name == null || !REPOSITORY.matcher(name.toString()).matches() || !Files.isDirectory(snapshots)) {
            return folder;
        }
        Path main = folder.resolve("refs").resolve("main");
        if (Files.isRegularFile(main, LinkOption.NOFOLLOW_LINKS) && Files.size(main) < 1024) {
            String revision = Files.readString(main).strip();
            if (REVISION.matcher(revision).matches() && Files.isDirectory(snapshots.resolve(revision))) {
                return snapshots.resolve(revision);
            }
        }
        List<Path> all;
        try (Stream<Path> children = Files.list(snapshots)) {
            all = children.filter(Files::isDirectory).sorted().toList();
        }
        if (all.size() == 1) {
            return all.get(0);
        }
        throw new RejectedException(
                RejectionCode.MISSING_FILE,
                "The folder " + folder + " of the Hugging Face cache has no snapshot of main, and " + all.size()
                        + " others. "
                        + (all.isEmpty() ? "Fetch the model first." : "Name one, such as " + all.get(0) + "."));
    }

    /**
     * The files of a snapshot.
     *
     * @return each file's path in the folder, with forward slashes, and the real file; empty if the folder is no snapshot or has no link
     * @throws RejectedException {@link RejectionCode#PLACE_NOT_ALLOWED} for a link that leads anywhere but to a blob of the same
     *     repository, {@link RejectionCode#MISSING_FILE} for one to a blob that is not there
     */
    public static Optional<Map<String, Path>> files(Path folder) throws IOException, RejectedException {
        Path root = folder.toRealPath();
        @Nullable Path repository = repository(root);
        if (repository == null) {
            return Optional.empty();
        }
        Map<String, Path> files = new TreeMap<>();
        boolean hasLinks = false;
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path file : (Iterable<Path>) tree::iterator) {
                if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    continue;
                }
                String path = Strays.relative(root, file);
                boolean isLink = Files.isSymbolicLink(file);
                hasLinks |= isLink;
                files.put(path, isLink ? blob(path, file, folder, repository) : regular(path, file, folder));
            }
        }
        return hasLinks ? Optional.of(files) : Optional.empty();
    }

    private static Path regular(String path, Path file, Path folder) throws RejectedException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw LinkRefusals.notRegular(path, file, folder);
        }
        return file;
    }

    private static Path blob(String path, Path link, Path folder, Path repository)
            throws IOException, RejectedException {
        Path blobs = repository.resolve("blobs");
        if (!Files.exists(link)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "'" + path + "' at " + link + " is a link to " + Files.readSymbolicLink(link)
                            + ", where there is no file. Fetch the model again: what was begun is gone on with.");
        }
        Path real = link.toRealPath();
        if (!blobs.equals(real.getParent()) || !Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
            throw LinkRefusals.outOfCache(path, link, folder, repository);
        }
        return real;
    }

    private static @Nullable Path repository(Path root) {
        for (int names = root.getNameCount(); names > 2; names--) {
            Path repository = Objects.requireNonNull(root.getRoot()).resolve(root.subpath(0, names - 2));
            if (root.getName(names - 2).endsWith(SNAPSHOTS)
                    && REPOSITORY.matcher(root.getName(names - 3).toString()).matches()) {
                return repository;
            }
        }
        return null;
    }
}
