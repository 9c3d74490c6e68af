package dev.koine.sim.store;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What of a directory is not on the disk yet: contents of files, and names that were given, changed or taken away since the folder that
 * they are in was forced. A disk may write such changes of names in their order, or in any other; either is tried.
 */
final class Unforced {
    private final Path directory;
    private final Path gone;
    private final Set<Path> forced = new HashSet<>();
    private List<Change> changes = new ArrayList<>();
    private int kept;

    /** @param gone an empty folder for what was deleted or replaced and may come back */
    Unforced(Path directory, Path gone) {
        this.directory = directory;
        this.gone = gone;
    }

    private enum Kind {
        CREATED,
        RENAMED,
        DELETED
    }

    /**
     * A change of names.
     *
     * @param from the name before; for CREATED and DELETED the only one
     * @param to the name after
     * @param kept where what was deleted or replaced lies; null where that is nothing
     */
    private record Change(
            Kind kind, Path from, Path to, @Nullable Path kept) {
        boolean isForcedWith(Path folder) {
            return folder.equals(from.getParent()) || folder.equals(to.getParent());
        }

        boolean touches(Set<Path> paths) {
            return paths.stream().anyMatch(path -> path.startsWith(from) || path.startsWith(to));
        }
    }

    void created(Path path) {
        changes.add(new Change(Kind.CREATED, path, path, null));
    }

    void renamed(Path from, Path to, @Nullable Path replaced) {
        moveForced(from, to);
        changes.add(new Change(Kind.RENAMED, from, to, replaced));
    }

    void deleted(Path path, Path kept) {
        changes.add(new Change(Kind.DELETED, path, path, kept));
    }

    /** Moves something away that may have to come back. */
    Path keep(Path path) throws IOException {
        Path place = gone.resolve(Integer.toString(kept++));
        Files.move(path, place);
        moveForced(path, place);
        return place;
    }

    void force(Path path) throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            forced.add(path);
            return;
        }
        List<Change> left = new ArrayList<>();
        for (Change change : changes) {
            if (!change.isForcedWith(path)) {
                left.add(change);
            } else if (change.kept() != null) {
                FileTree.delete(change.kept());
            }
        }
        changes = left;
    }

    /** Loses what is not forced, each change with the coin's consent. */
    void lose(Random coin) throws IOException {
        boolean isInOrder = coin.nextBoolean();
        int written = isInOrder ? coin.nextInt(changes.size() + 1) : 0;
        Set<Path> staying = new HashSet<>();
        for (int i = changes.size() - 1; i >= 0; i--) {
            Change change = changes.get(i);
            boolean isLost = isInOrder ? i >= written : coin.nextBoolean();
            if (isLost && !change.touches(staying)) {
                undo(change);
            } else {
                staying.add(change.from());
                staying.add(change.to());
            }
        }
        changes.clear();
        FileTree.clear(gone);
        long salt = coin.nextLong();
        for (Path file : files()) {
            if (!forced.contains(file)) {
                tear(
                        file,
                        new Random(salt + directory.relativize(file).toString().hashCode()).nextInt(3));
            }
        }
        forced.clear();
        forced.addAll(files());
    }

    private void undo(Change change) throws IOException {
        if (change.kind() == Kind.CREATED) {
            FileTree.delete(change.from());
            return;
        }
        if (change.kind() == Kind.RENAMED && exists(change.to()) && !exists(change.from())) {
            moveBack(change.to(), change.from());
        }
        if (change.kept() != null && exists(change.kept()) && !exists(change.to())) {
            moveBack(change.kept(), change.to());
        }
    }

    private void moveBack(Path from, Path to) throws IOException {
        if (exists(to.getParent())) {
            Files.move(from, to);
            moveForced(from, to);
        } else {
            FileTree.delete(from);
        }
    }

    private static void tear(Path file, int how) throws IOException {
        if (how == 0) {
            return;
        }
        byte[] content = Files.readAllBytes(file);
        Files.delete(file);
        Files.write(file, Arrays.copyOf(content, how == 1 ? 0 : content.length / 2));
    }

    private void moveForced(Path from, Path to) {
        if (forced.remove(from)) {
            forced.add(to);
            return;
        }
        List<Path> below = forced.stream().filter(path -> path.startsWith(from)).toList();
        for (Path path : below) {
            forced.remove(path);
            forced.add(to.resolve(from.relativize(path)));
        }
    }

    private List<Path> files() throws IOException {
        if (!exists(directory)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    private static boolean exists(@Nullable Path path) {
        return path != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
