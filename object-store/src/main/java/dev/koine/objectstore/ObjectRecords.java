package dev.koine.objectstore;

import dev.koine.engine.store.StoreRecords;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Records as objects below {@code records/}. */
final class ObjectRecords implements StoreRecords {
    private static final String FOLDER = "records/";

    private final RemoteObjects objects;

    ObjectRecords(RemoteObjects objects) {
        this.objects = objects;
    }

    @Override
    public void put(String name, byte[] content) throws IOException {
        objects.put(FOLDER + StoreRecords.requireName(name), content);
    }

    @Override
    public Optional<byte[]> get(String name) throws IOException {
        return objects.get(FOLDER + StoreRecords.requireName(name));
    }

    @Override
    public List<String> list(String below) throws IOException {
        List<String> names = new ArrayList<>();
        collect(StoreRecords.requireName(below), names);
        names.sort(null);
        return names;
    }

    private void collect(String below, List<String> names) throws IOException {
        for (RemoteObjects.Listed object : objects.list(FOLDER + below)) {
            names.add(below + "/" + object.name());
        }
        for (String folder : objects.folders(FOLDER + below)) {
            collect(below + "/" + folder, names);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        objects.delete(FOLDER + StoreRecords.requireName(name));
        objects.forgetFolder(FOLDER + name.substring(0, name.lastIndexOf('/')));
    }
}
