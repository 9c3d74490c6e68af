package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.Patch;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.ForwardingDisk;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.Bundles;
import dev.koine.events.MergedExperts;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a service holds to compute versions of: the base, and the files of task vectors, on its own disk, by digest. A task vector's list is put there when
 * all that it lists is, so whoever finds the list has everything. Nothing is forced to the disk: what a crash loses or garbles shows in the digest of
 * the version that is computed, and is fetched again.
 *
 * <p>A task vector has a file for each of its tensors: they are fetched side by side, so that a store that takes its time to answer is waited for
 * {@value #AT_ONCE} times less often.
 *
 * <p>One folder belongs to one {@link BundleCache}, whose lock it is under.
 */
final class HeldArtifacts {
    /** Files of a task vector that are read at the same time. */
    static final int AT_ONCE = 16;

    private final Path directory;
    private final BundleSource source;
    private LocalStore store;

    private HeldArtifacts(Path directory, BundleSource source, LocalStore store) {
        this.directory = directory;
        this.source = source;
        this.store = store;
    }

    /** @param source where what is not here comes from */
    static HeldArtifacts open(Path directory, BundleSource source) throws IOException {
        LocalStore store = open(directory);
        store.removeUnfinished(Instant.MAX);
        Path lists = lists(directory);
        Files.createDirectories(lists);
        FileTree.clear(lists);
        return new HeldArtifacts(directory, source, store);
    }

    private static LocalStore open(Path directory) throws IOException {
        return LocalStore.open(directory, Runnable::run, new Unforced());
    }

    /** Of lists that are being read. */
    private static Path lists(Path directory) {
        return directory.resolve("lists");
    }

    ArtifactStore store() {
        return store;
    }

    boolean hasBase(String digest) throws IOException {
        return has(StoredArtifact.Kind.BUNDLE, digest);
    }

    /** Whether everything is here that the expert's task vector consists of. */
    boolean has(MergedExpert expert) throws IOException {
        return has(StoredArtifact.Kind.FILE, MergedExperts.patchDigest(expert).orElseThrow());
    }

    private boolean has(StoredArtifact.Kind kind, String digest) throws IOException {
        try {
            Path found = kind == StoredArtifact.Kind.FILE ? store.get(digest) : store.bundle(digest);
            return Files.exists(found);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Fetches the base. */
    void fetchBase(Bundle base) throws IOException, RejectedException {
        keep(base, source);
    }

    /** Keeps a copy of the base that is here already. */
    void keepBase(Bundle base, Path copy) throws IOException, RejectedException {
        keep(base, (bundle, file) -> Files.newInputStream(copy.resolve(file.path())));
    }

    private void keep(Bundle bundle, BundleSource from) throws IOException, RejectedException {
        store.<RejectedException>putBundle(target -> BundleVerifier.copyVerified(bundle, from, target));
    }

    /**
     * Fetches what a task vector consists of.
     *
     * @throws RejectedException if it is not at its place as it is listed
     * @throws IOException if it cannot be read now
     */
    void fetch(MergedExpert expert) throws IOException, RejectedException {
        dev.koine.schemas.Patch announced = Objects.requireNonNull(expert.getPatch());
        Bundle list = Bundles.fromAvro(announced.getList());
        if (list.files().size() != 1 || list.bytes() > Patch.LONGEST_LIST) {
            throw invalid(expert, "is announced as " + list.files().size() + " files with " + list.bytes() + " bytes");
        }
        Path read = Files.createTempFile(Files.createDirectories(lists(directory)), "list-", ".json");
        try {
            copy(list, list.files().get(0), read);
            fetch(Patch.read(read), expert);
            store.put(target -> Files.copy(read, target));
        } finally {
            Files.deleteIfExists(read);
        }
    }

    private void fetch(Patch patch, MergedExpert expert) throws IOException, RejectedException {
        if (patch.bytes() != expert.getPatch().getBytes()) {
            throw invalid(
                    expert,
                    "has " + patch.bytes() + " bytes on it, and "
                            + expert.getPatch().getBytes() + " are announced");
        }
        AtomicBoolean isGoingOn = new AtomicBoolean(true);
        List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
        for (BundleFile file : patch.artifacts().files()) {
            if (!has(StoredArtifact.Kind.FILE, Sha256.PREFIX + file.sha256())) {
                parts.add(() -> isGoingOn.get() && fetch(patch.artifacts(), file, isGoingOn));
            }
        }
        try (WorkPool fetches = new WorkPool(AT_ONCE)) {
            fetches.runAll(parts);
        }
        Bundle statistics = patch.statistics();
        if (statistics != null && !has(StoredArtifact.Kind.BUNDLE, statistics.digest())) {
            keep(statistics, source);
        }
    }

    /** Clears the flag where it fails, so that files whose turn has not come yet are not asked for. */
    private boolean fetch(Bundle bundle, BundleFile file, AtomicBoolean isGoingOn)
            throws IOException, RejectedException {
        boolean isHere = false;
        try {
            store.<RejectedException>put(target -> copy(bundle, file, target));
            isHere = true;
        } finally {
            if (!isHere) {
                isGoingOn.set(false);
            }
        }
        return true;
    }

    private void copy(Bundle bundle, BundleFile file, Path target) throws IOException, RejectedException {
        try (var out = Files.newOutputStream(target)) {
            BundleVerifier.read(bundle, file, source, out);
        }
    }

    private static RejectedException invalid(MergedExpert expert, String what) {
        return new RejectedException(
                RejectionCode.INVALID_EVENT,
                "The list of the task vector of " + expert.getExpertId() + " " + what
                        + ". Whoever wrote the update has to say what is there.");
    }

    /** Takes away all that none of these versions needs. */
    void keepOnly(List<ModelUpdate> versions) throws IOException, RejectedException {
        Set<String> needed = new HashSet<>();
        for (ModelUpdate version : versions) {
            needed.add(VersionPlan.base(version).orElseThrow().digest());
            for (MergedExpert expert : version.getExperts()) {
                if (expert.getPatch() != null && has(expert)) {
                    String list = MergedExperts.patchDigest(expert).orElseThrow();
                    Patch patch = Patch.read(store.get(list));
                    needed.add(list);
                    patch.artifacts().files().forEach(file -> needed.add(Sha256.PREFIX + file.sha256()));
                    if (patch.statistics() != null) {
                        needed.add(patch.statistics().digest());
                    }
                }
            }
        }
        for (StoredArtifact artifact : store.list()) {
            if (!needed.contains(artifact.digest())) {
                store.remove(artifact);
            }
        }
    }

    /** Lets go of everything: something of it is not what it was. */
    void clear() throws IOException {
        FileTree.clear(directory);
        store = open(directory);
    }

    /** The disk, without waiting for it. */
    private static final class Unforced extends ForwardingDisk {
        Unforced() {
            super(REAL);
        }

        @Override
        public void force(Path path) {}
    }
}
