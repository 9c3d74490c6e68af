package dev.koine.engine.store;

import java.io.IOException;
import java.nio.file.Path;

/** A disk that passes everything on to another, for those that do something else in one place. */
public abstract class ForwardingDisk implements Disk {
    private final Disk disk;

    protected ForwardingDisk(Disk disk) {
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

    @Override
    public long room(Path directory) throws IOException {
        return disk.room(directory);
    }
}
