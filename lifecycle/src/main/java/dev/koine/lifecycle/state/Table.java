package dev.koine.lifecycle.state;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Values of the current model by key.
 *
 * @param <K> the key
 * @param <V> the value
 */
public interface Table<K, V> {
    /** The value; null where there is none. */
    @Nullable
    V get(K key) throws IOException;

    void put(K key, V value) throws IOException;

    void remove(K key) throws IOException;
}
