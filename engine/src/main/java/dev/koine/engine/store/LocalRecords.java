package dev.koine.engine.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Records as files, a folder a part of the name. */
final class LocalRecords implements StoreRecords {
    private final Path directory;
    private final Path aside;

    LocalRecords(Path directory, Path aside) {
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
            FileTree.force(temporary);
            Files.createDirectories(parent);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            FileTree.force(parent);
        } finally {
            Files.deleteIfExists(temporary);
        }
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
        Files.deleteIfExists(file(name));
    }

    private Path file(String name) {
        return directory.resolve(StoreRecords.requireName(name));
    }
}
