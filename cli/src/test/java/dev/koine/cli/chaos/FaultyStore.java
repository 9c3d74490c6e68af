package dev.koine.cli.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A store that can be broken. */
interface FaultyStore extends AutoCloseable {

    /** Where it is. */
    String uri();

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
