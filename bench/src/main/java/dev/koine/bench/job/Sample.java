package dev.koine.bench.job;

import dev.koine.bench.machine.Cpu;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.util.List;

/**
 * What an event took Head, in seconds.
 *
 * @param wall by the clock
 * @param cpu of all processors
 */
record Sample(double wall, double cpu) {

    /** Changes a model's totals. */
    @FunctionalInterface
    interface Change {
        void apply() throws RejectedException, IOException;
    }

    /** Of a change and the version after it, which is written, forced to disk, hashed and kept in the store, and then taken away. */
    static Sample of(Change change, RunningModel model, LocalStore store) throws RejectedException, IOException {
        long start = System.nanoTime();
        double before = Cpu.seconds();
        change.apply();
        Bundle version =
                store.<RejectedException>putBundle(target -> model.write(target, model.scales(), Progress.NONE));
        Sample sample = new Sample((System.nanoTime() - start) / 1e9, Cpu.seconds() - before);
        FileTree.delete(version.directory());
        return sample;
    }

    /** The median of each. */
    static Sample median(List<Sample> samples) {
        double[] wall = samples.stream().mapToDouble(Sample::wall).sorted().toArray();
        double[] cpu = samples.stream().mapToDouble(Sample::cpu).sorted().toArray();
        return new Sample(wall[wall.length / 2], cpu[cpu.length / 2]);
    }
}
