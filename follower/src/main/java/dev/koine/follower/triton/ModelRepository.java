package dev.koine.follower.triton;

import dev.koine.engine.file.FileTree;
import dev.koine.follower.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Triton's model repository: {@code <model>/config.pbtxt} and {@code <model>/<version>/model.onnx}. Whatever is put there is made aside, forced to disk and
 * renamed, so that no part of it is ever seen.
 *
 * @param root what Triton is started with
 * @param aside a folder on the same disk, for what is being made or taken away
 */
record ModelRepository(Path root, Path aside) {
    private static final String CONFIGURATION = "config.pbtxt";

    /** Makes the folders, and clears what was left half done. */
    void open() throws IOException {
        FileTree.delete(aside);
        Files.createDirectories(aside);
        Files.createDirectories(root);
    }

    /** Whether a model is there, configured like this. */
    boolean has(ModelConfiguration wanted) throws IOException {
        Path file = root.resolve(wanted.model()).resolve(CONFIGURATION);
        return Files.exists(file) && Files.readString(file).equals(wanted.text());
    }

    /** Whether any model is there. */
    boolean isEmpty() throws IOException {
        return own().isEmpty();
    }

    /** Puts the version's files beside those of others; what Triton is told of the model stays as it is. */
    void place(ModelConfiguration wanted) throws IOException {
        Path model = root.resolve(wanted.model());
        Path version = model.resolve(String.valueOf(wanted.version()));
        if (isWhole(wanted, version)) {
            return;
        }
        Path made = made();
        if (Files.exists(model)) {
            link(wanted.file().files(), made);
            DurableFiles.forceFolders(made);
            if (Files.exists(version)) {
                takeAway(version);
            }
            DurableFiles.move(made, version);
            return;
        }
        link(wanted.file().files(), Files.createDirectory(made.resolve(version.getFileName())));
        write(made.resolve(CONFIGURATION), wanted);
        DurableFiles.forceFolders(made);
        DurableFiles.move(made, model);
    }

    /** Tells Triton which version the model is, from its next load. */
    void configure(ModelConfiguration wanted) throws IOException {
        Path made = aside.resolve(UUID.randomUUID().toString());
        write(made, wanted);
        DurableFiles.move(made, root.resolve(wanted.model()).resolve(CONFIGURATION));
    }

    /** Takes other versions of the model away. */
    void keepOnly(ModelConfiguration wanted) throws IOException {
        for (Path directory : directories(root.resolve(wanted.model()))) {
            if (!directory.endsWith(String.valueOf(wanted.version()))) {
                takeAway(directory);
            }
        }
    }

    /** Takes a model away. */
    void remove(String model) throws IOException {
        takeAway(root.resolve(model));
    }

    /** The models that were put here, sorted; what somebody else did is none of them. */
    List<String> own() throws IOException {
        TreeSet<String> own = new TreeSet<>();
        for (Path directory : directories(root)) {
            Path file = directory.resolve(CONFIGURATION);
            if (Files.exists(file) && Files.readString(file).startsWith(ModelConfiguration.FIRST_LINE)) {
                own.add(directory.getFileName().toString());
            }
        }
        return List.copyOf(own);
    }

    private static List<Path> directories(Path parent) throws IOException {
        try (Stream<Path> listed = Files.list(parent)) {
            return listed.filter(Files::isDirectory).toList();
        }
    }

    private static boolean isWhole(ModelConfiguration wanted, Path version) throws IOException {
        Map<String, Path> files = wanted.file().files();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            Path there = version.resolve(file.getKey());
            if (!Files.isRegularFile(there) || Files.mismatch(there, file.getValue()) >= 0) {
                return false;
            }
        }
        return FileTree.files(version).size() == files.size();
    }

    private static void link(Map<String, Path> files, Path made) throws IOException {
        for (Map.Entry<String, Path> file : files.entrySet()) {
            Path to = made.resolve(file.getKey());
            Files.createDirectories(to.getParent());
            DurableFiles.link(file.getValue(), to);
        }
    }

    private static void write(Path file, ModelConfiguration model) throws IOException {
        DurableFiles.write(file, model.text().getBytes(StandardCharsets.UTF_8));
    }

    private Path made() throws IOException {
        return Files.createDirectory(aside.resolve(UUID.randomUUID().toString()));
    }

    private void takeAway(Path directory) throws IOException {
        Path away = aside.resolve(UUID.randomUUID().toString());
        Files.move(directory, away, StandardCopyOption.ATOMIC_MOVE);
        FileTree.delete(away);
    }
}
