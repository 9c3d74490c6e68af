package dev.koine.engine.onnx.graph;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Channels of any number of files, of which few are open at a time: the one that was not used for longest is closed when another is
 * needed. Safe for several threads; as many files are open at once as threads use, where that is more.
 */
public final class OpenFiles implements AutoCloseable {
    /** A process may have 256 open files on some systems, and there are the libraries' own. */
    private static final int MOST = 64;

    private final Set<OpenOption> options;
    private final Map<Path, Lease> open = new LinkedHashMap<>(16, 0.75f, true);

    /** @param options how each file is opened, and opened again */
    public OpenFiles(OpenOption... options) {
        this.options = Set.of(options);
    }

    /** Work on an open file, at positions of its own. */
    @FunctionalInterface
    public interface Use {
        void on(FileChannel channel) throws IOException;
    }

    /** Opens the file if it is not open, and has it stay so during the work. */
    public void use(Path file, Use work) throws IOException {
        Lease lease = take(file);
        try {
            work.on(lease.channel);
        } finally {
            giveBack(lease);
        }
    }

    private synchronized Lease take(Path file) throws IOException {
        Lease lease = open.get(file);
        if (lease == null) {
            closeUnused(MOST - 1);
            lease = new Lease(FileChannel.open(file, options));
            open.put(file, lease);
        }
        lease.users++;
        return lease;
    }

    private synchronized void giveBack(Lease lease) {
        lease.users--;
    }

    private void closeUnused(int most) throws IOException {
        Iterator<Lease> leases = open.values().iterator();
        while (open.size() > most && leases.hasNext()) {
            Lease lease = leases.next();
            if (lease.users == 0) {
                leases.remove();
                lease.channel.close();
            }
        }
    }

    /** How many files are open. */
    synchronized int count() {
        return open.size();
    }

    /** Closes all files; the first failure has the others suppressed. */
    @Override
    public synchronized void close() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (Lease lease : open.values()) {
            try {
                lease.channel.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        open.clear();
        if (!failures.isEmpty()) {
            IOException first = failures.remove(0);
            failures.forEach(first::addSuppressed);
            throw first;
        }
    }

    private static final class Lease {
        private final FileChannel channel;
        private int users;

        Lease(FileChannel channel) {
            this.channel = channel;
        }
    }
}
