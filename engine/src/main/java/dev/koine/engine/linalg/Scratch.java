package dev.koine.engine.linalg;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Large arrays that are used again, so that no matrix costs the collector and the kernel fresh memory. A model has few shapes: there are
 * as many arrays as threads hold at a time, of each length that occurs. Safe for several threads.
 */
public final class Scratch {
    private static final int SHORTEST = 1 << 12;

    private final Map<Integer, Queue<float[]>> floats = new ConcurrentHashMap<>();
    private final Map<Integer, Queue<int[]>> ints = new ConcurrentHashMap<>();

    /** An array of this length, with anything in it; nobody else's until it is given back. */
    public float[] floats(int length) {
        return take(floats, length, float[]::new);
    }

    /** An array of this length, with anything in it; nobody else's until it is given back. */
    public int[] ints(int length) {
        return take(ints, length, int[]::new);
    }

    /** Gives an array back that the caller no longer uses. */
    public void release(float[] array) {
        release(floats, array.length, array);
    }

    /** Gives an array back that the caller no longer uses. */
    public void release(int[] array) {
        release(ints, array.length, array);
    }

    private static <A> A take(Map<Integer, Queue<A>> arrays, int length, IntFunction<A> make) {
        Queue<A> same = arrays.get(length);
        @Nullable A array = same == null ? null : same.poll();
        return array == null ? make.apply(length) : array;
    }

    private static <A> void release(Map<Integer, Queue<A>> arrays, int length, A array) {
        if (length >= SHORTEST) {
            arrays.computeIfAbsent(length, key -> new ConcurrentLinkedQueue<>()).add(array);
        }
    }
}
