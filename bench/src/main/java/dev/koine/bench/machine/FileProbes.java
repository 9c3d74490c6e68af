package dev.koine.bench.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Bytes that pass between a program and the page cache; no disk takes part, as long as there is memory. */
public final class FileProbes {
    private static final int FILE_BYTES = 1 << 27;
    private static final int PIECE_BYTES = 1 << 24;
    private static final int BUFFER_BYTES = 1 << 18;

    private FileProbes() {}

    /** Reads of a cached file into a buffer that stays in the second cache. */
    public static final class Read implements Probe {
        private final FileChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private long position;

        Read(Path directory) throws IOException {
            channel = temporary(directory);
            append(channel, buffer, FILE_BYTES);
        }

        @Override
        public double run() throws IOException {
            for (int done = 0; done < PIECE_BYTES; done += buffer.position()) {
                buffer.clear();
                channel.read(buffer, position);
                position = (position + buffer.position()) % FILE_BYTES;
            }
            return PIECE_BYTES;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** A cached file, mapped anew each time and copied to an array that stays in the second cache. */
    public static final class Mapped implements Probe {
        private final FileChannel channel;
        private final float[] target = new float[BUFFER_BYTES / Float.BYTES];

        Mapped(Path directory) throws IOException {
            channel = temporary(directory);
            append(channel, ByteBuffer.allocateDirect(BUFFER_BYTES), FILE_BYTES);
        }

        @Override
        public double run() throws IOException {
            var floats = channel.map(FileChannel.MapMode.READ_ONLY, 0, FILE_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer();
            while (floats.hasRemaining()) {
                floats.get(target);
            }
            return FILE_BYTES;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Writes to the end of a new file, from a buffer that stays in the second cache. */
    public static final class Write implements Probe {
        private final FileChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

        Write(Path directory) throws IOException {
            channel = temporary(directory);
        }

        @Override
        public double run() throws IOException {
            append(channel, buffer, PIECE_BYTES);
            return PIECE_BYTES;
        }

        @Override
        public void reset() throws IOException {
            channel.truncate(0);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** A file that is gone when it is closed or the program ends. */
    private static FileChannel temporary(Path directory) throws IOException {
        return FileChannel.open(
                Files.createTempFile(directory, "probe", null),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
    }

    private static void append(FileChannel channel, ByteBuffer buffer, int count) throws IOException {
        for (int done = 0; done < count; ) {
            buffer.clear();
            done += channel.write(buffer, channel.size());
        }
    }
}
