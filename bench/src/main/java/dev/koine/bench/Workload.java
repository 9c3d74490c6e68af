package dev.koine.bench;

import dev.koine.bench.shape.Element;
import dev.koine.bench.shape.ExpertKind;
import dev.koine.bench.shape.ShapedModel;
import dev.koine.bench.shape.WhisperSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A base and an expert on disk, to be merged. */
record Workload(Path directory, WhisperSize size, Element element, ExpertKind kind) {

    /** Where it lies among others; it may still have to be made. */
    static Workload in(Path models, WhisperSize size, Element element, ExpertKind kind) {
        return new Workload(models.resolve(size + "-" + element + "-" + kind), size, element, kind);
    }

    Path base() {
        return directory.resolve("base");
    }

    Path expert() {
        return directory.resolve("expert");
    }

    boolean isMade() {
        return Files.exists(directory.resolve(ShapedModel.LISTING));
    }

    /** Makes it, in place of what an earlier attempt may have left. */
    void make() throws Exception {
        delete(directory);
        Files.createDirectories(directory);
        new ShapedModel(size, element, kind).write(directory);
    }

    /** Reads it all, into the page cache as far as that goes. */
    void warm() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        for (Path bundle : List.of(base(), expert())) {
            for (Path file : files(bundle)) {
                try (FileChannel channel = FileChannel.open(file)) {
                    while (channel.read(buffer.clear()) >= 0) {}
                }
            }
        }
    }

    /** The bytes of the base; expert and result have as many. */
    long bundleBytes() throws IOException {
        long bytes = 0;
        for (Path file : files(base())) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    /** The elements of matrices that are pruned and differ from the base, of those that are square or those that are not. */
    long changedEntries(boolean square) throws IOException {
        long entries = 0;
        for (String line : Files.readAllLines(directory.resolve(ShapedModel.LISTING))) {
            String[] fields = line.split("\t", -1);
            long rows = Long.parseLong(fields[2]);
            long columns = Long.parseLong(fields[3]);
            boolean isChanged = Integer.parseInt(fields[5]) > 0;
            if (isChanged && square == (rows == columns)) {
                entries += rows * columns;
            }
        }
        return entries;
    }

    /** The elements of the base. */
    long parameters() throws IOException {
        long elements = 0;
        for (String line : Files.readAllLines(directory.resolve(ShapedModel.LISTING))) {
            String[] fields = line.split("\t", -1);
            elements += Math.max(1, Long.parseLong(fields[2])) * Long.parseLong(fields[3]);
        }
        return elements;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Deletes a folder and all in it, if it is there. */
    static void delete(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
