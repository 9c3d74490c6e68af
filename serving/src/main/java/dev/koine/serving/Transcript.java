package dev.koine.serving;

import java.io.Serializable;

/**
 * What a version made of speech.
 *
 * @param text that was recognised; may be empty
 * @param version that recognised it
 * @param digest of that version's bundle, {@code sha256:<hex>}
 */
public record Transcript(String text, long version, String digest) implements Serializable {}
