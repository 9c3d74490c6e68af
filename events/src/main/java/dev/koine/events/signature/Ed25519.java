package dev.koine.events.signature;

import dev.koine.engine.store.Sha256;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;

/** The JDK's Ed25519. */
final class Ed25519 {
    static final String NAME = "Ed25519";
    static final int SIGNATURE_BYTES = 64;
    private static final int KEY_ID_DIGITS = 16;

    private Ed25519() {}

    /** A key's name: the first 16 hexadecimal digits of the SHA-256 of its X.509 SubjectPublicKeyInfo. */
    static String keyId(PublicKey key) {
        return Sha256.of(key.getEncoded()).substring(0, KEY_ID_DIGITS);
    }

    static Signature signature() {
        try {
            return Signature.getInstance(NAME);
        } catch (NoSuchAlgorithmException e) {
            throw missing(e);
        }
    }

    static KeyFactory keys() {
        try {
            return KeyFactory.getInstance(NAME);
        } catch (NoSuchAlgorithmException e) {
            throw missing(e);
        }
    }

    static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("Every JDK from 15 on has Ed25519.", e);
    }
}
