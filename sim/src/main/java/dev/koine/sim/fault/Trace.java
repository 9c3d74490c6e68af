package dev.koine.sim.fault;

import dev.koine.engine.store.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.function.Consumer;

/** Every step of a history, as a digest and for whoever listens. */
public final class Trace {
    private final MessageDigest digest = Sha256.newDigest();
    private final Consumer<String> listener;

    public Trace(Consumer<String> listener) {
        this.listener = listener;
    }

    public void add(String line) {
        digest.update(line.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) '\n');
        listener.accept(line);
    }

    /** The digest of all lines; ends the trace. */
    public String end() {
        return Sha256.hex(digest.digest());
    }
}
