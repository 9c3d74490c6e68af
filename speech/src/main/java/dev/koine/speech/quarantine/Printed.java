package dev.koine.speech.quarantine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a worker's native code printed: the last of it, made harmless. Safe for several threads. */
final class Printed {
    private static final int KEPT_BYTES = 16 << 10;
    private static final int MOST_LINES = 4;
    private static final int LONGEST = 400;

    private final byte[] kept = new byte[KEPT_BYTES];
    private long total;

    /** Reads until the end; what does not fit is forgotten. */
    void drain(InputStream in) throws IOException {
        byte[] chunk = new byte[4096];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            append(chunk, n);
        }
    }

    private synchronized void append(byte[] chunk, int n) {
        for (int i = 0; i < n; i++) {
            kept[(int) (total++ % KEPT_BYTES)] = chunk[i];
        }
    }

    synchronized void clear() {
        total = 0;
    }

    /** All that is kept. */
    synchronized String text() {
        int length = (int) Math.min(total, KEPT_BYTES);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = kept[(int) ((total - length + i) % KEPT_BYTES)];
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * What a person should see of it: the last lines, of the JVM's own report of a crash only the signal and the place; one line of
     * printable characters. Empty if nothing was printed.
     */
    String summary() {
        List<String> lines = new ArrayList<>();
        boolean isPlace = false;
        for (String line : text().split("\\R", -1)) {
            boolean isReport = line.startsWith("#");
            String plain = line.replaceFirst("^#\\s*", "")
                    .replaceAll("[^\\p{Print}]", "?")
                    .strip();
            boolean isWanted = !isReport || isPlace || plain.matches("(SIG[A-Z]+|Internal Error) .*");
            if (isWanted && !plain.isEmpty() && !plain.startsWith("WARNING:")) {
                lines.add(plain);
            }
            isPlace = isReport && plain.startsWith("Problematic frame");
        }
        String all = String.join(" | ", lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size()));
        all = all.replaceFirst("\\.+$", "");
        return all.length() <= LONGEST ? all : "..." + all.substring(all.length() - LONGEST);
    }

    @Override
    public String toString() {
        return "Printed" + Arrays.asList(summary());
    }
}
