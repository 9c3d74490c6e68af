package dev.koine.lifecycle.metric;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.ForwardingStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/** A store that counts the bytes that are put into it; its own records, which are small, are not counted. */
public final class CountedStore extends ForwardingStore {
    private final LongConsumer written;

    public CountedStore(ArtifactStore store, Instruments instruments) {
        super(store);
        this.written = instruments.counter(JobMetrics.STORE_WRITTEN);
    }

    /** Writes as another does, and looks at how much that was. */
    private static final class Measured<X extends Exception> implements Writer<X> {
        private final Writer<X> writer;
        private long bytes;

        Measured(Writer<X> writer) {
            this.writer = writer;
        }

        @Override
        public void write(Path target) throws IOException, X {
            writer.write(target);
            bytes = 0;
            for (Path file : FileTree.files(target)) {
                bytes += Files.size(file);
            }
        }
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        Measured<X> measured = new Measured<>(writer);
        String digest = super.put(measured);
        written.accept(measured.bytes);
        return digest;
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        Measured<X> measured = new Measured<>(writer);
        Bundle bundle = super.putBundle(measured);
        written.accept(measured.bytes);
        return bundle;
    }
}
