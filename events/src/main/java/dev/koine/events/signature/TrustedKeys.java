package dev.koine.events.signature;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.Signature;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The public keys that are trusted, and for what. A line a key: its roles with commas between, its X.509 SubjectPublicKeyInfo in base64,
 * and whatever helps a person to tell it from others, such as {@code experts,models MCowBQYDK2VwAyEA... the training pipeline}. Empty lines
 * and those that begin with # are skipped.
 *
 * @param lines as they were read
 */
public record TrustedKeys(List<String> lines) implements Serializable {
    /** No key at all. */
    public static final TrustedKeys NONE = new TrustedKeys(List.of());

    /** @throws IllegalArgumentException if a line is malformed; the message says which */
    public TrustedKeys {
        lines = List.copyOf(lines);
        parse(lines);
    }

    /**
     * Reads a file of lines.
     *
     * @throws IOException if it cannot be read, or a line is malformed
     */
    public static TrustedKeys read(Path file) throws IOException {
        try {
            return new TrustedKeys(Files.readAllLines(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** A trusted key. */
    private record Trusted(PublicKey key, Set<Role> roles) {}

    /** Whether a key of this name is trusted for anything. */
    public boolean knows(String keyId) {
        return parse(lines).containsKey(keyId);
    }

    /**
     * Checks who signed a statement.
     *
     * @param statement of the event, from {@link Statement}
     * @param role that the signer needs
     * @throws RejectedException {@link RejectionCode#UNSIGNED} or {@link RejectionCode#BAD_SIGNATURE}
     */
    public void require(@Nullable Signature signature, byte[] statement, Role role) throws RejectedException {
        if (signature == null) {
            throw new RejectedException(
                    RejectionCode.UNSIGNED,
                    "There is no signature, and only signed ones are taken here. Sign with a key that is trusted for "
                            + name(role) + " (koine keys, --sign-key).");
        }
        @Nullable Trusted trusted = parse(lines).get(signature.getKeyId());
        if (trusted == null || !trusted.roles().contains(role)) {
            throw bad("The key of the signature is not trusted for " + name(role)
                    + " here. Sign with one that is, or have the key added to the trusted keys.");
        }
        if (!isGood(signature, statement, trusted.key())) {
            throw bad("The signature is not over what is said here: it was changed after it was signed, or signed for"
                    + " something else. Sign it again.");
        }
    }

    private static boolean isGood(Signature signature, byte[] statement, PublicKey key) {
        byte[] value = new byte[signature.getValue().remaining()];
        signature.getValue().duplicate().get(value);
        if (value.length != Ed25519.SIGNATURE_BYTES) {
            return false;
        }
        try {
            java.security.Signature verifier = Ed25519.signature();
            verifier.initVerify(key);
            verifier.update(statement);
            return verifier.verify(value);
        } catch (SignatureException malformed) {
            return false;
        } catch (GeneralSecurityException e) {
            throw Ed25519.missing(e);
        }
    }

    static String line(Set<Role> roles, PublicKey key) {
        return roles.stream().map(TrustedKeys::name).sorted().collect(Collectors.joining(","))
                + " "
                + Base64.getEncoder().encodeToString(key.getEncoded());
    }

    private static Map<String, Trusted> parse(List<String> lines) {
        Map<String, Trusted> keys = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                Trusted trusted = parse(line, i + 1);
                if (keys.put(Ed25519.keyId(trusted.key()), trusted) != null) {
                    throw new IllegalArgumentException("Line " + (i + 1)
                            + " has a key that is there already; give a key all its roles in one line.");
                }
            }
        }
        return keys;
    }

    private static Trusted parse(String line, int number) {
        String[] parts = line.split("\\s+", 3);
        try {
            Set<Role> roles = EnumSet.noneOf(Role.class);
            for (String role : parts[0].split(",")) {
                roles.add(Role.valueOf(role.toUpperCase(Locale.ROOT)));
            }
            byte[] key = Base64.getDecoder().decode(parts[1]);
            return new Trusted(Ed25519.keys().generatePublic(new X509EncodedKeySpec(key)), roles);
        } catch (IllegalArgumentException | IndexOutOfBoundsException | InvalidKeySpecException e) {
            throw new IllegalArgumentException(
                    "Line " + number
                            + " is no trusted key; write it like 'experts,models <base64>', as koine keys new prints it.",
                    e);
        }
    }

    private static String name(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    private static RejectedException bad(String message) {
        return new RejectedException(RejectionCode.BAD_SIGNATURE, message);
    }
}
