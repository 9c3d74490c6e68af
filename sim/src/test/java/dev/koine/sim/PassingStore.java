package dev.koine.sim;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.ForwardingStore;
import dev.koine.engine.store.StoreRecords;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A store that passes everything on, also what is done to its records, for those that pass on something else in one place. */
class PassingStore extends ForwardingStore {
    PassingStore(ArtifactStore store) {
        super(store);
    }

    void putRecord(String name, byte[] content) throws IOException {
        super.records().put(name, content);
    }

    List<String> listRecords(String below) throws IOException {
        return super.records().list(below);
    }

    @Override
    public StoreRecords records() {
        StoreRecords records = super.records();
        return new StoreRecords() {
            @Override
            public void put(String name, byte[] content) throws IOException {
                putRecord(name, content);
            }

            @Override
            public Optional<byte[]> get(String name) throws IOException {
                return records.get(name);
            }

            @Override
            public List<String> list(String below) throws IOException {
                return listRecords(below);
            }

            @Override
            public void delete(String name) throws IOException {
                records.delete(name);
            }
        };
    }
}
