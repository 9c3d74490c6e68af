package dev.koine.engine.checkpoint;

import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;

/** Compares tensors of any type: floats by their values as float32, others by their bytes. */
final class RawMatch {
    private static final int BLOCK = 1 << 16;

    private RawMatch() {}

    static boolean areEqual(TensorInfo ours, TensorInfo theirs) throws IOException {
        if (ours.type().isMergeable() && theirs.type().isMergeable()) {
            return ValueMatch.areEqual(ours, theirs);
        }
        if (ours.type() != theirs.type() || ours.length() != theirs.length()) {
            return false;
        }
        try (FileChannel left = open(ours);
                FileChannel right = open(theirs)) {
            for (long done = 0; done < ours.length(); done += BLOCK) {
                int count = (int) Math.min(BLOCK, ours.length() - done);
                if (!read(left, ours.offset() + done, count).equals(read(right, theirs.offset() + done, count))) {
                    return false;
                }
            }
            return true;
        }
    }

    private static FileChannel open(TensorInfo tensor) throws IOException {
        return FileChannel.open(tensor.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    private static ByteBuffer read(FileChannel channel, long from, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) >= 0) {}
        return bytes.flip();
    }
}
