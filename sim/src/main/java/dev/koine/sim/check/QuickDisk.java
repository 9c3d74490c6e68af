package dev.koine.sim.check;

import dev.koine.engine.store.Disk;
import java.io.IOException;
import java.nio.file.Path;

/** The disk of this machine, without waiting for it: what lies there need not outlast the simulation. */
final class QuickDisk implements Disk {
    @Override
    public void force(Path path) {}

    @Override
    public void rename(Path from, Path to) throws IOException {
        Disk.REAL.rename(from, to);
    }

    @Override
    public void touch(Path path) throws IOException {
        Disk.REAL.touch(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Disk.REAL.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        Disk.REAL.delete(path);
    }
}
