package dev.koine.events.inband;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a chunk is kept under: the file's SHA-256, a slash, the chunk's number in 8 digits.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param index from 0
 */
public record ChunkKey(String sha256, int index) {
    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{64})/([0-9]{8})");
    private static final int LENGTH = 64 + 1 + 8;

    /** The key that a message has; empty where it has none of a chunk. */
    public static Optional<ChunkKey> of(byte @Nullable [] key) {
        if (key == null || key.length != LENGTH) {
            return Optional.empty();
        }
        Matcher parts = TEXT.matcher(new String(key, StandardCharsets.US_ASCII));
        return parts.matches()
                ? Optional.of(new ChunkKey(parts.group(1), Integer.parseInt(parts.group(2))))
                : Optional.empty();
    }

    /** As a message has it. */
    public byte[] bytes() {
        return (sha256 + "/" + "%08d".formatted(index)).getBytes(StandardCharsets.US_ASCII);
    }
}
