package dev.koine.sim;

import dev.koine.engine.store.Disk;
import java.io.IOException;
import java.nio.file.Path;

/** A disk that passes everything on, for those that pass on something else in one place. */
class PassingDisk implements Disk {
    private final Disk disk;

    PassingDisk(Disk disk) {
        this.disk = disk;
    }

    @Override
    public void force(Path path) throws IOException {
        disk.force(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void touch(Path path) throws IOException {
        disk.touch(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(path);
    }
}
