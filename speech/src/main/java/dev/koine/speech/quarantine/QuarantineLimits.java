package dev.koine.speech.quarantine;

import java.io.Serializable;
import java.time.Duration;

/**
 * What a worker may use. More is a refusal of the model that asked for it.
 *
 * @param memory bytes of private memory, whatever the model
 * @param memoryPerByte private memory besides, for each byte of the bundle: ONNX Runtime holds weights up to three times while it loads
 * @param heap of that, bytes of the worker's Java heap
 * @param time of a processor that a model may take to be loaded and asked once; five times that by the clock, and ten times that for each
 *     recording of an evaluation
 * @param timePerGibibyte time besides, for each gibibyte of the bundle
 * @param idle how long a worker waits for the next model before it ends
 * @param openFiles at a time
 */
public record QuarantineLimits(
        long memory,
        int memoryPerByte,
        long heap,
        Duration time,
        Duration timePerGibibyte,
        Duration idle,
        int openFiles)
        implements Serializable {
    /** Least memory that a worker can do with, in bytes. */
    public static final long LEAST_MEMORY = 256L << 20;

    private static final long GIBIBYTE = 1L << 30;
    private static final int EVALUATION = 10;

    /** 2 GiB and four bytes a byte, half of the first for Java; two minutes, and two a gibibyte. */
    public static final QuarantineLimits DEFAULT = new QuarantineLimits(
            2 * GIBIBYTE, 4, GIBIBYTE, Duration.ofMinutes(2), Duration.ofMinutes(2), Duration.ofMinutes(5), 4096);

    public QuarantineLimits {
        boolean isSound = memory >= LEAST_MEMORY
                && memoryPerByte >= 0
                && heap >= 32 << 20
                && heap <= memory / 2
                && !time.isNegative()
                && !time.isZero()
                && !timePerGibibyte.isNegative()
                && !idle.isNegative()
                && openFiles >= 64;
        if (!isSound) {
            throw new IllegalArgumentException(
                    "Limits of a worker are positive: at least 256 MiB of memory, of which the"
                            + " heap takes half at most, and 64 open files. These are " + memory + ", " + memoryPerByte
                            + ", "
                            + heap + ", " + time + ", " + timePerGibibyte + ", " + idle + ", " + openFiles + ".");
        }
    }

    /** These with another amount of memory, half of it for Java at most. */
    public QuarantineLimits withMemory(long bytes) {
        return new QuarantineLimits(
                bytes, memoryPerByte, Math.min(heap, bytes / 2), time, timePerGibibyte, idle, openFiles);
    }

    /** These with another time to be loaded and asked once. */
    public QuarantineLimits withTime(Duration value) {
        return new QuarantineLimits(memory, memoryPerByte, heap, value, timePerGibibyte, idle, openFiles);
    }

    /** Private memory for a model, in bytes. */
    long memoryFor(long bundleBytes) {
        return memory + memoryPerByte * bundleBytes;
    }

    /** What the operating system allows a worker: in steps, so that the next model, a little larger, finds room in it. */
    long roomFor(long needed) {
        return (needed + memory - 1) / memory * memory;
    }

    /** Time of a processor between two signs of life. */
    Duration timeFor(long bundleBytes, boolean isEvaluation) {
        long millis = (long) (timePerGibibyte.toMillis() * ((double) bundleBytes / GIBIBYTE));
        return time.plusMillis(millis).multipliedBy(isEvaluation ? EVALUATION : 1);
    }
}
