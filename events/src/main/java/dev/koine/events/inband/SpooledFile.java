package dev.koine.events.inband;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * A file on its way: its bytes as far as they are here, and beside them a bit for each chunk. A bit is written after its chunk was forced to the
 * disk, so that a process that is killed loses chunks, and never takes for one what is none.
 */
final class SpooledFile {
    private final ChunkedFile file;
    private final Path part;
    private final Path bits;
    private final BitSet present;
    private boolean hasChanged;
    private boolean isVerified;

    private SpooledFile(ChunkedFile file, Path part, Path bits, BitSet present) {
        this.file = file;
        this.part = part;
        this.bits = bits;
        this.present = present;
    }

    /** Goes on with what is in the folder. */
    static SpooledFile open(Path folder, ChunkedFile file) throws IOException {
        Path part = folder.resolve(file.sha256() + ".part");
        Path bits = folder.resolve(file.sha256() + ".bits");
        BitSet present = new BitSet();
        if (Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS) && Files.size(part) <= file.size()) {
            if (Files.isRegularFile(bits, LinkOption.NOFOLLOW_LINKS) && Files.size(bits) <= file.count() / 8 + 1) {
                present = BitSet.valueOf(Files.readAllBytes(bits));
                present.clear(file.count(), Math.max(file.count(), present.length()));
            }
        } else {
            Files.deleteIfExists(bits);
            Files.deleteIfExists(part);
            Files.createFile(part);
        }
        return new SpooledFile(file, part, bits, present);
    }

    ChunkedFile file() {
        return file;
    }

    /**
     * Takes a chunk.
     *
     * @param isNewer whether it takes the place of one that is there
     * @return whether it was taken
     */
    boolean put(int index, ByteBuffer bytes, boolean isNewer) throws IOException {
        if (present.get(index) && !isNewer) {
            return false;
        }
        ByteBuffer left = bytes.duplicate();
        long at = file.offset(index);
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            while (left.hasRemaining()) {
                at += channel.write(left, at);
            }
        }
        present.set(index);
        hasChanged = true;
        isVerified = false;
        return true;
    }

    boolean isComplete() {
        return present.cardinality() == file.count();
    }

    int present() {
        return present.cardinality();
    }

    /** Returns when what was taken outlasts a loss of power. */
    void force() throws IOException {
        if (hasChanged) {
            FileTree.force(part);
            Files.write(bits, present.toByteArray());
            hasChanged = false;
        }
    }

    /** Whether the whole file has its digest; one that has another is taken away. An empty file is judged by whoever reads it: no chunk could mend it. */
    boolean verify() throws IOException {
        if (file.count() == 0) {
            return true;
        }
        if (!isVerified) {
            isVerified = Files.size(part) == file.size() && Sha256.of(part).equals(file.sha256());
        }
        if (!isVerified) {
            present.clear();
            Files.deleteIfExists(bits);
            Files.write(part, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
        }
        return isVerified;
    }

    InputStream read() throws IOException {
        return Files.newInputStream(part, LinkOption.NOFOLLOW_LINKS);
    }
}
