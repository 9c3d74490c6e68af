package dev.koine.subscriber;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A model that says what stands in its file, and fails when it is used after it was closed. */
final class Text implements AutoCloseable {
    /** How many are open in this JVM. */
    static final AtomicInteger open = new AtomicInteger();

    private final String text;
    private volatile boolean closed;

    private Text(String text) {
        this.text = text;
    }

    static Text load(Path directory) throws IOException {
        String text = Files.readString(directory.resolve("model.txt"));
        if (text.equals("broken")) {
            throw new IllegalStateException("the warm-up says broken");
        }
        open.incrementAndGet();
        return new Text(text);
    }

    String say() {
        if (closed) {
            throw new IllegalStateException("used after it was closed");
        }
        return text;
    }

    @Override
    public void close() {
        closed = true;
        open.decrementAndGet();
    }
}
