package dev.koine.e2e.services;

import dev.koine.engine.store.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A mounted store: while a fault lasts, versions that are put there have wrong, too few or no bytes, or all of it is away. */
final class BreakableStore {
    static final List<String> FAULTS =
            List.of("store gives wrong bytes", "store gives a short file", "store has no file yet", "store is away");

    private final Path root;
    private final Path hidden;
    private final List<Path> damaged = new ArrayList<>();
    private String fault = "";

    /**
     * The root as some services reach it.
     *
     * @param modelId that they follow
     * @param uri of the root; ends in a slash
     */
    record Place(String modelId, String uri) {}

    BreakableStore(Path root) throws IOException {
        this.root = Files.createDirectories(root);
        this.hidden = root.resolveSibling(root.getFileName() + "-hidden");
    }

    Path root() {
        return root;
    }

    synchronized void begin(String kind) throws IOException {
        fault = kind;
        if (fault.equals("store is away")) {
            Files.move(root, hidden, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    synchronized void mend() throws IOException {
        fault = "";
        if (Files.exists(hidden)) {
            Files.move(hidden, root, StandardCopyOption.ATOMIC_MOVE);
        }
        for (Path file : damaged) {
            Files.move(beside(file), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        damaged.clear();
    }

    /**
     * Puts a version there.
     *
     * @param folder of it, below the root
     * @param places of the root, as different services reach it
     * @return its announcement for each of these
     */
    synchronized List<ModelUpdate> put(long version, String answer, String folder, List<Place> places)
            throws Exception {
        Path files = (Files.exists(hidden) ? hidden : root).resolve(folder);
        Content.write(files, version, answer);
        Bundle bundle = Bundle.describe(files);
        List<BundleFile> listed = bundle.files().stream()
                .map(file -> new BundleFile(file.path(), file.size(), file.sha256()))
                .toList();
        damage(files.resolve(Content.WEIGHTS));
        List<ModelUpdate> updates = new ArrayList<>();
        for (Place place : places) {
            String uri = place.uri() + folder + "/";
            updates.add(Updates.of(
                    place.modelId(),
                    version,
                    bundle.digest(),
                    new dev.koine.schemas.Bundle(uri, new ArrayList<>(listed))));
        }
        return updates;
    }

    private void damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        switch (fault) {
            case "store gives wrong bytes" -> {
                bytes[bytes.length / 2] ^= 1;
                replace(file, bytes);
            }
            case "store gives a short file" -> replace(file, Arrays.copyOf(bytes, bytes.length * 2 / 3));
            case "store has no file yet" -> {
                Files.move(file, beside(file));
                damaged.add(file);
            }
            default -> {}
        }
    }

    private void replace(Path file, byte[] bytes) throws IOException {
        Files.move(file, beside(file));
        Files.write(file, bytes);
        damaged.add(file);
    }

    private static Path beside(Path file) {
        Path version = file.resolveSibling("");
        return version.resolveSibling("right-" + version.getFileName());
    }
}
