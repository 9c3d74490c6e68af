package dev.koine.engine.tensor;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Elements of two bytes that a file holds as packed varints, each in as few bytes as it takes, found by their index. Where runs of elements
 * begin is noted as far as it has been asked for. Safe for several threads.
 */
public final class Varints {
    private static final int RUN = 1 << 16;
    private static final long HIGH_BITS = 0x8080808080808080L;

    private final List<ByteBuffer> segments;
    private final long segmentBytes;
    private final long[] starts;
    private int known = 1;

    /**
     * @param segments the bytes, in little-endian buffers of {@code segmentBytes} each but the last
     * @param numel the number of elements
     */
    Varints(List<ByteBuffer> segments, long segmentBytes, long numel) {
        this.segments = segments;
        this.segmentBytes = segmentBytes;
        this.starts = new long[(int) (numel / RUN) + 1];
    }

    /** The number of bytes that a value takes. */
    public static int size(int value) {
        return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;
    }

    /** Writes a value, from 0 to 65535. */
    public static void put(int value, ByteBuffer target) {
        int rest = value;
        while (rest >= 1 << 7) {
            target.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    /** Reads elements into the buffer, which has room for them. */
    void read(long from, int count, ByteBuffer target) {
        int run = (int) (from / RUN);
        long position = skip(start(run), from - (long) run * RUN);
        for (int i = 0; i < count; i++) {
            int value = 0;
            int shift = 0;
            byte next;
            do {
                next = at(position++);
                value |= (next & 0x7f) << shift;
                shift += 7;
            } while (next < 0);
            target.putShort((short) value);
        }
    }

    private synchronized long start(int run) {
        for (; known <= run; known++) {
            starts[known] = skip(starts[known - 1], RUN);
        }
        return starts[run];
    }

    /** The position behind so many elements: eight bytes at a time, as long as these cannot hold the last of them. */
    private long skip(long start, long elements) {
        long position = start;
        long left = elements;
        while (left > 0) {
            int inSegment = (int) (position % segmentBytes);
            ByteBuffer segment = segments.get((int) (position / segmentBytes));
            if (left > Long.BYTES && segment.limit() - inSegment >= Long.BYTES) {
                left -= Long.BYTES - Long.bitCount(segment.getLong(inSegment) & HIGH_BITS);
                position += Long.BYTES;
            } else {
                left -= segment.get(inSegment) >= 0 ? 1 : 0;
                position++;
            }
        }
        return position;
    }

    private byte at(long position) {
        return segments.get((int) (position / segmentBytes)).get((int) (position % segmentBytes));
    }
}
