package dev.koine.events.signature;

import dev.koine.schemas.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * A private key and what it belongs to. Its file has two lines: the PKCS #8 key and the X.509 public key, each in base64; only its owner
 * may read it. What is printed of this never shows the private key.
 */
public final class SigningKey {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    private final PrivateKey secret;
    private final PublicKey known;

    private SigningKey(PrivateKey secret, PublicKey known) {
        this.secret = secret;
        this.known = known;
    }

    /** A new one, from the system's randomness. */
    public static SigningKey generate() {
        try {
            KeyPair pair = KeyPairGenerator.getInstance(Ed25519.NAME).generateKeyPair();
            return new SigningKey(pair.getPrivate(), pair.getPublic());
        } catch (GeneralSecurityException e) {
            throw Ed25519.missing(e);
        }
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @throws IOException if it is not there, holds no key, or may be read by others than its owner
     */
    public static SigningKey read(Path file) throws IOException {
        boolean knowsOwners = Files.getFileStore(file).supportsFileAttributeView("posix");
        if (knowsOwners && !OWNER.containsAll(Files.getPosixFilePermissions(file))) {
            throw new IOException("Others than its owner may use the signing key " + file + "; run chmod 600 on it.");
        }
        List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            PrivateKey secret = Ed25519.keys().generatePrivate(new PKCS8EncodedKeySpec(base64.decode(lines.get(0))));
            PublicKey known = Ed25519.keys().generatePublic(new X509EncodedKeySpec(base64.decode(lines.get(1))));
            return new SigningKey(secret, known);
        } catch (GeneralSecurityException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(file + " holds no signing key; make one with koine keys new.");
        }
    }

    /** Writes the key to a new file that only its owner may use. */
    public void write(Path file) throws IOException {
        Base64.Encoder base64 = Base64.getEncoder();
        String lines =
                base64.encodeToString(secret.getEncoded()) + "\n" + base64.encodeToString(known.getEncoded()) + "\n";
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null && Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER));
        } else {
            Files.createFile(file);
        }
        Files.writeString(file, lines, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
    }

    /** The key's name. */
    public String keyId() {
        return Ed25519.keyId(known);
    }

    /** The line by which others trust this key; see {@link TrustedKeys}. */
    public String trustLine(Set<Role> roles) {
        return TrustedKeys.line(roles, known);
    }

    /** Signs a {@link Statement}. The same statement always has the same signature. */
    public Signature sign(byte[] statement) {
        try {
            java.security.Signature signature = Ed25519.signature();
            signature.initSign(secret);
            signature.update(statement);
            return new Signature(keyId(), ByteBuffer.wrap(signature.sign()));
        } catch (GeneralSecurityException e) {
            throw Ed25519.missing(e);
        }
    }

    @Override
    public String toString() {
        return "SigningKey[" + keyId() + "]";
    }
}
