package dev.koine.lifecycle.state;

import java.io.IOException;
import java.util.List;

/**
 * Values of the current model in the order that they came in.
 *
 * @param <T> a value
 */
public interface Series<T> {
    List<T> all() throws IOException;

    void add(T value) throws IOException;

    void replace(List<T> values) throws IOException;
}
