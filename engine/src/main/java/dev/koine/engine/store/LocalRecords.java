package dev.koine.engine.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Records as files, a folder a part of the name. */
final class LocalRecords implements StoreRecords {
    private final Path directory;
    private final Path aside;
    private final Disk disk;

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
            forceUpwards(parent);
        } finally {
            disk.delete(temporary);
        }
    }

    /** Also folders that were there before: who made them may have been killed since. */
    private void forceUpwards(Path folder) throws IOException {
        for (Path path = folder; path.startsWith(directory); path = Objects.requireNonNull(path.getParent())) {
            disk.force(path);
        }
        disk.force(Objects.requireNonNull(directory.getParent()));
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
        disk.delete(file);
        Path parent = Objects.requireNonNull(file.getParent());
        if (Files.isDirectory(parent)) {
            disk.force(parent);
        }
    }

    private Path file(String name) {
        return directory.resolve(StoreRecords.requireName(name));
    }
}
