package dev.koine.lifecycle.state;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One value of the current model.
 *
 * @param <T> the value
 */
public interface Cell<T> {
    /** The value; null where there is none yet. */
    @Nullable
    T get() throws IOException;

    void set(T value) throws IOException;
}
