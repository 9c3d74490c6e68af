package dev.koine.engine.store;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Records as files, a folder a part of the name. */
final class LocalRecords implements StoreRecords {
    private final Path directory;
    private final Path aside;
    private final Disk disk;
    private final Set<Path> forced = ConcurrentHashMap.newKeySet();

    LocalRecords(Path directory, Path aside, Disk disk) {
        this.disk = disk;
        this.directory = directory;
        this.aside = aside;
    }

    @Override
    public void put(String name, byte[] content) throws IOException {
        Path file = file(name);
        Path parent = Objects.requireNonNull(file.getParent());
        Path temporary = aside.resolve(UUID.randomUUID().toString());
        try {
            Files.write(temporary, content);
            disk.force(temporary);
            disk.createDirectories(parent);
            disk.rename(temporary, file);
            forceName(parent);
        } finally {
            disk.delete(temporary);
        }
    }

    /**
     * Forces a new name in a folder, and the names of the folder and of those above it: whoever made them may have been killed since. What this
     * process has forced above before, it does not force again.
     */
    private void forceName(Path folder) throws IOException {
        disk.force(folder);
        List<Path> above = new ArrayList<>();
        for (Path path = folder; path.startsWith(directory) && !forced.contains(path); ) {
            path = Objects.requireNonNull(path.getParent());
            disk.force(path);
            above.add(path);
        }
        forced.addAll(above);
    }

    @Override
    public Optional<byte[]> get(String name) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(file(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public List<String> list(String below) throws IOException {
        return FileTree.files(file(below)).stream()
                .map(file -> directory.relativize(file).toString())
                .sorted()
                .toList();
    }

    @Override
    public void delete(String name) throws IOException {
        Path file = file(name);
        if (Files.exists(file)) {
            disk.delete(file);
            disk.force(Objects.requireNonNull(file.getParent()));
        }
    }

    private Path file(String name) {
        return directory.resolve(StoreRecords.requireName(name));
    }
}
