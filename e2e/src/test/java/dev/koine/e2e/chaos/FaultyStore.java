package dev.koine.e2e.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A store that can be broken. */
interface FaultyStore extends AutoCloseable {

    /** Where it is. */
    String uri();

    /** What the cluster's script has to be told of it. */
    default List<String> clusterOptions() {
        return List.of();
    }

    /** What the cluster's processes have to have in their environment. */
    default Map<String, String> environment() {
        return Map.of();
    }

    /** Requires that nothing below a directory holds a secret of it. */
    default void requireNoSecret(Path directory) throws IOException {}

    /** Kinds of faults that it has. */
    List<String> faults();

    /** Breaks it. */
    void begin(String fault) throws Exception;

    /** Makes it work again. */
    void mend() throws Exception;

    /** Requires that everything in it is as it should be; says what there is. */
    String check(Path work) throws Exception;

    @Override
    void close() throws IOException, InterruptedException;
}
