package dev.koine.sim.store;

import dev.koine.engine.store.Disk;
import dev.koine.sim.fault.Crash;
import dev.koine.sim.fault.Interruptions;
import dev.koine.sim.fault.SimClock;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A disk that loses what was not forced when power is lost. Files lie in a directory of the real file system, whose content and names are
 * what a running process sees; what of them is {@linkplain Unforced not on the disk yet} is known here. Times are the simulated clock's.
 */
public final class SimDisk implements Disk {
    private final Path root;
    private final Path aside;
    private final SimClock clock;
    private final Interruptions interruptions;
    private final Unforced unforced;
    private @Nullable Crash dead;
    private long fullUntil;

    /**
     * @param root holds the store, and a folder for what comes back when it was not forced
     * @param interruptions come before each operation
     */
    public SimDisk(Path root, SimClock clock, Interruptions interruptions) throws IOException {
        this.root = root;
        this.aside = root.resolve("store").resolve("aside");
        this.clock = clock;
        this.interruptions = interruptions;
        this.unforced = new Unforced(root.resolve("store"), Files.createDirectory(root.resolve("gone")));
    }

    @Override
    public void force(Path path) throws IOException {
        before("force", path);
        stamp(path);
        unforced.force(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        before("rename", to);
        stamp(from);
        @Nullable Path replaced = null;
        if (Files.isRegularFile(to, LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)) {
            replaced = unforced.keep(to);
        }
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (replaced != null) {
                Files.move(replaced, to);
            }
            throw e;
        }
        unforced.renamed(from, to, replaced);
    }

    @Override
    public void touch(Path path) throws IOException {
        before("touch", path);
        Files.setLastModifiedTime(path, FileTime.from(clock.instant()));
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        before("create", directory);
        List<Path> missing = new ArrayList<>();
        @Nullable Path path = directory;
        while (path != null && path.startsWith(root) && !Files.isDirectory(path)) {
            missing.add(0, path);
            path = path.getParent();
        }
        for (Path made : missing) {
            Files.createDirectory(made);
            unforced.created(made);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        before("delete", path);
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            stamp(path);
            unforced.deleted(path, unforced.keep(path));
        }
    }

    private void before(String operation, Path path) throws IOException {
        if (dead != null) {
            throw dead;
        }
        Path relative = root.relativize(path);
        boolean isAside = path.startsWith(aside);
        interruptions.at(operation + " " + (isAside ? "aside" : relative.toString()));
        boolean grows =
                !operation.equals("delete") && !operation.equals("touch") && !(operation.equals("rename") && isAside);
        if (grows && clock.millis() < fullUntil) {
            throw new FileSystemException(path.toString(), null, "No space left on device");
        }
    }

    /** From now until then nothing more fits on the disk. */
    public void fill(long until) {
        fullUntil = until;
    }

    /** The processes that used the disk are dead: what they still do changes nothing. */
    public void die(Crash crash) {
        dead = crash;
    }

    /** Processes start again. */
    public void revive() {
        dead = null;
    }

    /** Power is lost, and comes back: what was not forced is gone, or is not, or in part. */
    public void losePower(Random coin) throws IOException {
        unforced.lose(coin);
        stampAside();
    }

    /** Gives what processes have written aside since the last time the simulated time. */
    public void stampAside() throws IOException {
        if (!Files.isDirectory(aside)) {
            return;
        }
        try (Stream<Path> children = Files.list(aside)) {
            for (Path child : (Iterable<Path>) children::iterator) {
                stamp(child);
            }
        }
    }

    private void stamp(Path path) throws IOException {
        boolean isReal = Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                && Files.getLastModifiedTime(path).toInstant().isBefore(SimClock.BEGINNING);
        if (isReal) {
            Files.setLastModifiedTime(path, FileTime.from(clock.instant()));
        }
    }
}
