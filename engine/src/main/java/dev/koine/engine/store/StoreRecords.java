package dev.koine.engine.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * Small things that a store knows by name and not by digest: what was announced, what is being merged. A name is of parts of letters,
 * digits, '.', '_' and '-' between slashes, such as {@code versions/demo/12}, each beginning with a letter or digit.
 */
@API(status = API.Status.MAINTAINED)
public interface StoreRecords {
    /** What a name looks like. */
    Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*");

    /**
     * Keeps a record, in place of one that has this name; readers see the old one or the new one, whole.
     *
     * @throws IllegalArgumentException if this cannot be a name
     */
    void put(String name, byte[] content) throws IOException;

    /** A record; empty if there is none of this name. */
    Optional<byte[]> get(String name) throws IOException;

    /** The names of all records below a name, such as {@code versions/demo}, sorted. */
    List<String> list(String below) throws IOException;

    /**
     * Returns what can be a name.
     *
     * @throws IllegalArgumentException if it cannot
     */
    static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("Not a name of a record: " + name);
        }
        return name;
    }

    /** Takes a record away; one that is not there is no trouble. */
    void delete(String name) throws IOException;
}
