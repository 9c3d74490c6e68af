package dev.koine.e2e.services;

import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * What a version's folder holds: weights in two files, and {@code answer.txt}, a line of the version's number, the SHA-256 of each of these, and what it
 * answers. A folder of parts of two versions, or of a part of one, is found out without knowing what was announced.
 *
 * @param answer {@link #GOOD}, or what no service is to say
 */
record Content(long version, String answer) {
    static final String GOOD = "good";
    /** Loads and answers, but not what was asked. */
    static final String NONSENSE = "nonsense";
    /** Announced in transactions that are aborted alone. */
    static final String ABORTED = "aborted";
    /** The one that faults of the store hit. */
    static final String WEIGHTS = "weights.bin";

    static final String SIDE = "more/side.bin";
    static final String ANSWER = "answer.txt";
    private static final int WEIGHTS_BYTES = 600_000;
    private static final int SIDE_BYTES = 50_000;

    /** Writes the files of a version. */
    static void write(Path folder, long version, String answer) throws IOException {
        Files.createDirectories(folder.resolve(SIDE).getParent());
        Random random = new Random(31 * version + answer.hashCode());
        String weights = put(folder.resolve(WEIGHTS), random, WEIGHTS_BYTES);
        String side = put(folder.resolve(SIDE), random, SIDE_BYTES);
        Files.writeString(folder.resolve(ANSWER), String.join(" ", String.valueOf(version), weights, side, answer));
    }

    /**
     * Reads a folder as a server would.
     *
     * @throws HalfVersionException if it is not one whole version
     * @throws IOException if a file is not there
     */
    static Content read(Path folder) throws IOException, HalfVersionException {
        String line = Files.readString(folder.resolve(ANSWER));
        String[] parts = line.split(" ", -1);
        if (parts.length != 4
                || !parts[1].equals(sha256(folder.resolve(WEIGHTS)))
                || !parts[2].equals(sha256(folder.resolve(SIDE)))) {
            throw new HalfVersionException(folder + " is not one whole version: " + line);
        }
        return new Content(Long.parseLong(parts[0]), parts[3]);
    }

    private static String put(Path file, Random random, int size) throws IOException {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        Files.write(file, bytes);
        return sha256(file);
    }

    private static String sha256(Path file) throws IOException {
        return Sha256.hex(Sha256.newDigest().digest(Files.readAllBytes(file)));
    }

    boolean isGood() {
        return answer.equals(GOOD);
    }

    /** That files do not belong together. */
    static final class HalfVersionException extends Exception {
        private static final long serialVersionUID = 1L;

        HalfVersionException(String message) {
            super(message);
        }
    }

    @Override
    public String toString() {
        return "version " + version + " (" + answer + ")";
    }
}
