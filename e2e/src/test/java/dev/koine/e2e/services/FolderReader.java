package dev.koine.e2e.services;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A server that reads a follower's folder all the time: resolves {@code current} once, and reads whatever is there. */
final class FolderReader implements AutoCloseable {
    private final Path link;
    private final Thread thread = new Thread(this::run, "folder-reader");
    private final List<String> wrong = new ArrayList<>();
    private final List<Back> back = new ArrayList<>();
    private volatile boolean closed;
    private volatile long looks;
    private volatile long overtaken;
    private volatile long version = -1;
    private Instant lastSeen = Instant.EPOCH;

    FolderReader(Path folder) {
        link = folder.resolve("current");
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                look();
                Thread.sleep(3);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
    private void look() {
        if (version < 0 && !Files.isSymbolicLink(link)) {
            return;
        }
        try {
            Path real = link.toRealPath();
            try {
                seen(Content.read(real));
                looks++;
            } catch (IOException gone) {
                if (Files.exists(real) || real.equals(link.toRealPath())) {
                    wrong("A file of " + real + " is not there: " + gone);
                }
                overtaken++;
            }
        } catch (IOException | Content.HalfVersionException e) {
            wrong(e.toString());
        }
    }

    private synchronized void seen(Content content) {
        if (content.answer().equals(Content.ABORTED)) {
            wrong.add(content + " was never announced.");
        }
        if (content.version() < version) {
            back.add(new Back(version, lastSeen));
        }
        version = content.version();
        lastSeen = Instant.now();
    }

    private synchronized void wrong(String what) {
        wrong.add(what);
    }

    /** What a server must not see. */
    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    /**
     * That the link was taken from a version, to lead to an older one.
     *
     * @param lastSeen when it still led there: it was taken back after that, and how long after is not seen where this reader waits for a processor
     */
    record Back(long version, Instant lastSeen) {}

    synchronized List<Back> back() {
        return List.copyOf(back);
    }

    long looks() {
        return looks;
    }

    /** Looks at a version that was taken away meanwhile, since the link led elsewhere. */
    long overtaken() {
        return overtaken;
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }
}
