package dev.koine.objectstore;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.jspecify.annotations.Nullable;

/** Object storage in memory: an object appears when its stream is closed, folders are what names have in common, a delete is final. */
final class MemoryFileSystem extends FileSystem {
    private final Map<String, Stored> objects = new ConcurrentSkipListMap<>();
    private final Supplier<Instant> clock;
    private final Step step;

    /** Called before each request, which it can hold up or make fail. */
    @FunctionalInterface
    interface Step {
        void before(String request) throws IOException;
    }

    private record Stored(byte[] content, Instant modified) {}

    MemoryFileSystem(Supplier<Instant> clock, Step step) {
        this.clock = clock;
        this.step = step;
    }

    List<String> names() {
        return new ArrayList<>(objects.keySet());
    }

    void damage(String name) {
        objects.put(name, new Stored("damaged".getBytes(java.nio.charset.StandardCharsets.UTF_8), clock.get()));
    }

    private static String name(Path path) {
        return path.toUri().getPath();
    }

    @Override
    public FSDataOutputStream create(Path path, WriteMode mode) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        return new FSDataOutputStream() {
            private boolean closed;

            @Override
            public void write(int b) {
                content.write(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                content.write(bytes, offset, length);
            }

            @Override
            public long getPos() {
                return content.size();
            }

            @Override
            public void flush() {}

            @Override
            public void sync() {}

            @Override
            public void close() throws IOException {
                if (!closed) {
                    closed = true;
                    step.before("put " + name(path));
                    objects.put(name(path), new Stored(content.toByteArray(), clock.get()));
                }
            }
        };
    }

    @Override
    public FSDataInputStream open(Path path) throws IOException {
        step.before("get " + name(path));
        ByteBuffer content = ByteBuffer.wrap(require(path).content());
        return new FSDataInputStream() {
            @Override
            public void seek(long position) {
                content.position(Math.toIntExact(position));
            }

            @Override
            public long getPos() {
                return content.position();
            }

            @Override
            public int read() {
                return content.hasRemaining() ? content.get() & 0xff : -1;
            }
        };
    }

    private Stored require(Path path) throws FileNotFoundException {
        Stored found = objects.get(name(path));
        if (found == null) {
            throw new FileNotFoundException(name(path));
        }
        return found;
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        step.before("head " + name(path));
        return new Status(path, require(path), false);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        step.before("list " + name(path));
        String prefix = name(path) + "/";
        TreeSet<String> folders = new TreeSet<>();
        List<FileStatus> found = new ArrayList<>();
        objects.forEach((name, stored) -> {
            if (name.startsWith(prefix)) {
                String rest = name.substring(prefix.length());
                if (rest.contains("/")) {
                    folders.add(rest.substring(0, rest.indexOf('/')));
                } else {
                    found.add(new Status(new Path(path, rest), stored, false));
                }
            }
        });
        folders.forEach(folder -> found.add(new Status(new Path(path, folder), null, true)));
        if (found.isEmpty()) {
            throw new FileNotFoundException(name(path));
        }
        return found.toArray(new FileStatus[0]);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        step.before("delete " + name(path));
        String prefix = name(path) + "/";
        List<String> below = objects.keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .toList();
        if (!recursive && !below.isEmpty()) {
            throw new IOException("not empty: " + prefix);
        }
        below.forEach(objects::remove);
        return objects.remove(name(path)) != null || !below.isEmpty();
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return open(path);
    }

    @Override
    public Path getWorkingDirectory() {
        return new Path("/");
    }

    @Override
    public Path getHomeDirectory() {
        return new Path("/");
    }

    @Override
    public URI getUri() {
        return URI.create("s3://bucket/");
    }

    @Override
    public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length) {
        return new BlockLocation[0];
    }

    @Override
    public boolean mkdirs(Path path) {
        return true;
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("object storage has no renaming");
    }

    @Override
    public boolean isDistributedFS() {
        return true;
    }

    private record Status(Path getPath, @Nullable Stored stored, boolean isDir) implements FileStatus {
        @Override
        public long getLen() {
            return stored == null ? 0 : stored.content().length;
        }

        @Override
        public long getModificationTime() {
            return stored == null ? 0 : stored.modified().toEpochMilli();
        }

        @Override
        public long getBlockSize() {
            return 0;
        }

        @Override
        public short getReplication() {
            return 1;
        }

        @Override
        public long getAccessTime() {
            return 0;
        }
    }
}
