package dev.koine.engine.onnx.wire;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Numbers and strings of an attribute as one text, which is replaced by its SHA-256 when it grows long. */
public final class CanonicalText {
    private static final int LONGEST = 256;

    private final MessageDigest digest = sha256();
    private final StringBuilder text = new StringBuilder();
    private boolean isLong;

    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }

    public void append(String part) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        if (text.length() + part.length() > LONGEST) {
            isLong = true;
        } else {
            text.append(part);
        }
    }

    public String text() {
        return isLong ? "sha256:" + HexFormat.of().formatHex(digest.digest()) : text.toString();
    }
}
