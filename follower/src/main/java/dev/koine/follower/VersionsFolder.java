package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.FolderLock;
import dev.koine.engine.store.Sha256;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions side by side, and a link to the one to read.
 *
 * <pre>
 * versions/&lt;n&gt;/...     complete, verified, forced to disk; &lt;n&gt;-&lt;digest&gt; where the number was another model's before
 * current              a link to one of them, changed by one rename
 * .koine/cache         what was fetched; versions are hard links into it, so that they take no room of their own, but for those in a {@link Form}
 * .koine/form, seals   the form, where there is one; and what each version written in it is known by
 * .koine/updates/&lt;n&gt;   the announcement of each
 * .koine/worked        the last one with which all steps worked
 * .koine/aside         what is being written or taken away
 * </pre>
 *
 * A reader who goes through {@code current}, or lists {@code versions}, never sees a part of a version, whatever dies at whatever moment.
 */
final class VersionsFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionsFolder.class);
    private static final EventCodec<ModelUpdate> CODEC = EventCodec.of(ModelUpdate.class);
    private static final String VERSIONS = "versions";
    private static final String CURRENT = "current";
    private static final String OWN = ".koine";
    private static final Contents BUNDLES = new BundleContents();
    private static final int DIGEST_DIGITS = 12;

    private final Path root;
    private final int kept;
    private final Contents contents;
    private final FolderLock lock;

    private VersionsFolder(Path root, int kept, Contents contents, FolderLock lock) {
        this.root = root;
        this.contents = contents;
        this.kept = kept;
        this.lock = lock;
    }

    /**
     * Opens a folder, which is made if it is not there, and clears what an earlier owner left half done.
     *
     * @param kept versions that stay, the current one among them; at least 1
     * @param form of the versions; empty for the files of their bundles
     * @throws IOException if it cannot be used, has another owner, or holds versions in another form
     */
    static VersionsFolder open(Path folder, int kept, Optional<Form> form) throws IOException {
        if (kept < 1) {
            throw new IllegalArgumentException("Keep at least one version, not " + kept + ".");
        }
        Path root = folder.toAbsolutePath().normalize();
        Path own = Files.createDirectories(root.resolve(OWN));
        FolderLock lock = FolderLock.take(own)
                .orElseThrow(() -> new IOException(
                        "The folder " + root + " is kept by another follower. Give each one of its own."));
        Contents contents = form.<Contents>map(one -> new WrittenContents(one, own.resolve("seals")))
                .orElse(BUNDLES);
        VersionsFolder opened = new VersionsFolder(root, kept, contents, lock);
        try {
            FileTree.delete(opened.aside());
            for (Path needed : List.of(opened.aside(), opened.updates(), opened.versions())) {
                Files.createDirectories(needed);
            }
            opened.requireForm();
            return opened;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Where fetched bundles are kept. */
    Path cache() {
        return root.resolve(OWN).resolve("cache");
    }

    /** What the link leads to; empty before the first version, and where it leads to nothing that is known here. */
    Optional<Placed> current() throws IOException {
        Path link = root.resolve(CURRENT);
        if (!Files.isSymbolicLink(link)) {
            return Optional.empty();
        }
        return placed(root.resolve(Files.readSymbolicLink(link)).normalize());
    }

    /**
     * The last version with which all steps worked, which is not what the link leads to where an owner was killed while it tried that; empty where there is
     * none any more. Of a folder where that was never noted, what the link leads to.
     */
    Optional<Placed> lastThatWorked() throws IOException {
        Path noted = worked();
        return Files.exists(noted)
                ? placed(versions().resolve(Files.readString(noted).strip()))
                : current();
    }

    /** Notes that all steps worked with a version. */
    void noteWorked(Placed version) throws IOException {
        Path next = aside().resolve(UUID.randomUUID().toString());
        DurableFiles.write(next, (version.directory().getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
        DurableFiles.move(next, worked());
    }

    private Optional<Placed> placed(Path directory) throws IOException {
        Path announced = updates().resolve(directory.getFileName());
        if (!directory.startsWith(versions()) || !Files.isDirectory(directory) || !Files.exists(announced)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Placed(CODEC.decode(Files.readAllBytes(announced)), directory));
        } catch (UndecodableException e) {
            LOG.warn("{} does not tell which version {} is: {}", announced, directory, e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Puts a version beside the others; one that is there already is checked, and used.
     *
     * @param files a verified copy, in the {@link #cache}
     * @throws RejectedException if it cannot be written in the folder's form
     */
    Placed place(ModelUpdate update, Path files) throws RejectedException, IOException {
        String number = String.valueOf(update.getVersion());
        String digest = Sha256.hexOf(update.getDigest()).substring(0, DIGEST_DIGITS);
        for (String name : List.of(number, number + "-" + digest)) {
            Path directory = versions().resolve(name);
            if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
                write(update, files, directory);
                return new Placed(update, directory);
            }
            if (contents.isWhole(update, directory)) {
                announce(update, name);
                return new Placed(update, directory);
            }
        }
        throw new IOException("Somebody changed the files in " + versions().resolve(number + "-" + digest)
                + ". Take that folder away, and it is made again.");
    }

    /** Makes a version the current one. */
    void lead(Placed version) throws IOException {
        Path next = aside().resolve(UUID.randomUUID().toString());
        Files.createSymbolicLink(next, root.relativize(version.directory()));
        Files.move(next, root.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
        FileTree.force(root);
        Files.setLastModifiedTime(
                updates().resolve(version.directory().getFileName()), FileTime.from(afterAllOthers()));
    }

    /** Now, unless the clock was set back since another version was made current. */
    private Instant afterAllOthers() throws IOException {
        try (Stream<Path> listed = Files.list(versions())) {
            return listed.map(this::lastLed)
                    .map(time -> time.toInstant().plusMillis(1))
                    .reduce(Instant.now(), (one, other) -> other.isAfter(one) ? other : one);
        }
    }

    /** Takes a version away that is not the current one. */
    void remove(Path directory) throws IOException {
        Path away = aside().resolve(UUID.randomUUID().toString());
        Files.move(directory, away, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(updates().resolve(directory.getFileName()));
        contents.forget(directory.getFileName().toString());
        FileTree.delete(away);
    }

    /** Takes away all versions but the current one and those that were current last. */
    void prune(Placed current) throws IOException {
        List<Path> old;
        try (Stream<Path> listed = Files.list(versions())) {
            old = listed.filter(directory -> !directory.equals(current.directory()))
                    .sorted(Comparator.comparing(this::lastLed).reversed())
                    .skip(kept - 1L)
                    .toList();
        }
        for (Path directory : old) {
            remove(directory);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private void write(ModelUpdate update, Path files, Path directory) throws RejectedException, IOException {
        Path made = Files.createDirectory(aside().resolve(UUID.randomUUID().toString()));
        try {
            String name = directory.getFileName().toString();
            contents.write(update, files, made, name);
            announce(update, name);
            DurableFiles.move(made, directory);
        } finally {
            FileTree.delete(made);
        }
    }

    /** A reader of the folder expects one form. */
    private void requireForm() throws IOException {
        Path file = root.resolve(OWN).resolve("form");
        String had = Files.exists(file) ? Files.readString(file).strip() : BUNDLES.name();
        if (had.equals(contents.name())) {
            return;
        }
        if (!FileTree.files(versions()).isEmpty()) {
            throw new IOException("The folder " + root + " holds versions as " + had + ", not as " + contents.name()
                    + ". Give each form a folder of its own.");
        }
        Path next = aside().resolve(UUID.randomUUID().toString());
        DurableFiles.write(next, (contents.name() + "\n").getBytes(StandardCharsets.UTF_8));
        DurableFiles.move(next, file);
    }

    private void announce(ModelUpdate update, String name) throws IOException {
        Path next = aside().resolve(UUID.randomUUID().toString());
        DurableFiles.write(next, CODEC.encode(update));
        Files.move(next, updates().resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private FileTime lastLed(Path directory) {
        try {
            return Files.getLastModifiedTime(updates().resolve(directory.getFileName()));
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private Path versions() {
        return root.resolve(VERSIONS);
    }

    private Path updates() {
        return root.resolve(OWN).resolve("updates");
    }

    private Path worked() {
        return root.resolve(OWN).resolve("worked");
    }

    private Path aside() {
        return root.resolve(OWN).resolve("aside");
    }
}
