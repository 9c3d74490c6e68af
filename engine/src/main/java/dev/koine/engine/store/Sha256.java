package dev.koine.engine.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** SHA-256 in the 64 lower-case hexadecimal digits that events carry. */
public final class Sha256 {
    /** What a digest of an artifact begins with, before the hexadecimal digits. */
    public static final String PREFIX = "sha256:";

    static final int BUFFER_BYTES = 1 << 16;
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    private Sha256() {}

    public static String of(byte[] bytes) {
        return hex(newDigest().digest(bytes));
    }

    /**
     * The digest of a file's bytes; a symbolic link is not followed.
     *
     * @throws IOException if the file cannot be read
     */
    public static String of(Path file) throws IOException {
        MessageDigest digest = newDigest();
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return hex(digest.digest());
    }

    /** The hexadecimal digits of a digest that begins with {@link #PREFIX}. */
    public static String hexOf(String digest) {
        String hex = digest.substring(Math.min(PREFIX.length(), digest.length()));
        if (!digest.startsWith(PREFIX) || !isHex(hex)) {
            throw new IllegalArgumentException("Not a digest of the form sha256:<64 hexadecimal digits>: " + digest);
        }
        return hex;
    }

    /** Whether a text is 64 lower-case hexadecimal digits. */
    public static boolean isHex(String text) {
        return HEX.matcher(text).matches();
    }

    public static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    public static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }
}
