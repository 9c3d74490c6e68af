package dev.koine.bench.machine;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Bytes digested, from a buffer that stays in the second cache. */
public final class Sha256Probe implements Probe {
    private final byte[] buffer = new byte[1 << 18];
    private final MessageDigest digest;

    public Sha256Probe() throws NoSuchAlgorithmException {
        digest = MessageDigest.getInstance("SHA-256");
    }

    @Override
    public double run() {
        for (int i = 0; i < 16; i++) {
            digest.update(buffer);
        }
        return 16.0 * buffer.length;
    }
}
