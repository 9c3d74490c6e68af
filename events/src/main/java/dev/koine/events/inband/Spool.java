package dev.koine.events.inband;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.schemas.ArtifactChunk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The files of one bundle on their way, in a folder of their own: never more than the bundle lists. */
final class Spool {
    private final Path folder;
    private final Map<String, SpooledFile> files = new LinkedHashMap<>();

    Spool(Path folder) {
        this.folder = folder;
    }

    /** Waits for the files of this bundle, going on with what is here of them; all else that is here is taken away. */
    void begin(Bundle bundle) throws IOException {
        files.clear();
        Files.createDirectories(folder);
        Set<String> wanted = new TreeSet<>();
        bundle.files().forEach(file -> wanted.add(file.sha256()));
        for (Path path : list()) {
            String name = path.getFileName().toString();
            if (!wanted.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))) {
                FileTree.delete(path);
            }
        }
        for (BundleFile file : bundle.files()) {
            if (!files.containsKey(file.sha256())) {
                files.put(file.sha256(), SpooledFile.open(folder, ChunkedFile.of(file)));
            }
        }
    }

    /** What is waited for under this digest; null for nothing. */
    @Nullable
    ChunkedFile wanted(String sha256) {
        @Nullable SpooledFile file = files.get(sha256);
        return file == null ? null : file.file();
    }

    /** As {@link SpooledFile#put}, of a file that is waited for. */
    boolean put(ArtifactChunk chunk, boolean isNewer) throws IOException {
        @Nullable SpooledFile file = files.get(chunk.getSha256());
        return file != null && file.put(chunk.getIndex(), chunk.getBytes(), isNewer);
    }

    void force() throws IOException {
        for (SpooledFile file : files.values()) {
            file.force();
        }
    }

    boolean isComplete() {
        return files.values().stream().allMatch(SpooledFile::isComplete);
    }

    /** The digests of files that lack chunks. */
    Set<String> incomplete() {
        Set<String> incomplete = new TreeSet<>();
        files.forEach((sha256, file) -> {
            if (!file.isComplete()) {
                incomplete.add(sha256);
            }
        });
        return incomplete;
    }

    /** How many chunks are here, and how many are waited for in all. */
    String progress() {
        long present = 0;
        long all = 0;
        for (SpooledFile file : files.values()) {
            present += file.present();
            all += file.file().count();
        }
        return present + " of " + all + " chunks";
    }

    /** Those whole files that have other bytes than their digest says, by their digests; they are taken away. */
    List<String> damaged() throws IOException {
        List<String> damaged = new ArrayList<>();
        for (SpooledFile file : files.values()) {
            if (!file.verify()) {
                damaged.add(file.file().sha256());
            }
        }
        return damaged;
    }

    /** Opens a whole file. */
    InputStream read(String sha256) throws IOException {
        @Nullable SpooledFile file = files.get(sha256);
        if (file == null) {
            throw new IOException("No file of digest " + sha256 + " is waited for.");
        }
        return file.read();
    }

    /** Waits for nothing any more and takes everything away. */
    void clear() throws IOException {
        files.clear();
        FileTree.delete(folder);
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.toList();
        }
    }
}
