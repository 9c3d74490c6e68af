package dev.koine.speech.onnx;

import ai.onnxruntime.OrtEnvironment;
import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** The native libraries in ONNX Runtime's jar, for this machine. */
final class NativeLibraries implements AutoCloseable {
    private static final String FOLDER = "ai/onnxruntime/native/";
    private static final String PROBE = "probe.sh";
    private static final long PROBE_SECONDS = 20;
    private static final int MOST_BUSY = 50;
    private static final long BUSY_NANOS = 20_000_000;

    private final JarFile jar;
    private final List<JarEntry> entries;

    private NativeLibraries(JarFile jar, List<JarEntry> entries) {
        this.jar = jar;
        this.entries = entries;
    }

    /** @throws IOException if there is no jar, or none for this machine */
    static NativeLibraries open() throws IOException {
        Path place = CodePlaces.of(OrtEnvironment.class);
        if (!Files.isRegularFile(place)) {
            throw new IOException("ONNX Runtime is not in a jar but in " + place + "; name its native libraries with -D"
                    + NativeRuntime.UNPACKED + ".");
        }
        JarFile jar = new JarFile(place.toFile());
        String folder = FOLDER + platform() + "/";
        List<JarEntry> entries = jar.stream()
                .filter(entry -> entry.getName().startsWith(folder) && !entry.isDirectory())
                .toList();
        if (entries.isEmpty()) {
            jar.close();
            throw new IOException("ONNX Runtime's jar " + place + " has no libraries for " + platform() + ".");
        }
        return new NativeLibraries(jar, entries);
    }

    /**
     * Unpacks the libraries below a directory, unless they are there, and tries whether files there can be executed.
     *
     * @return the directory that holds them
     * @throws IOException if that fails; nothing half done stays
     */
    Path unpack(Path root) throws IOException {
        Files.createDirectories(root);
        requireOwn(root);
        Path target = root.resolve("onnxruntime-" + fingerprint());
        if (!isWhole(target)) {
            Path incoming = Files.createTempDirectory(root, "incoming-");
            try {
                fill(incoming);
                FileTree.delete(target);
                Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                FileTree.delete(incoming);
                if (!isWhole(target)) {
                    throw e;
                }
            }
        }
        requireExecutable(target.resolve(PROBE));
        return target;
    }

    private boolean isWhole(Path target) throws IOException {
        for (JarEntry entry : entries) {
            Path file = target.resolve(fileName(entry));
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != entry.getSize()) {
                return false;
            }
        }
        return Files.isRegularFile(target.resolve(PROBE));
    }

    private void fill(Path incoming) throws IOException {
        for (JarEntry entry : entries) {
            try (InputStream in = jar.getInputStream(entry)) {
                Files.copy(in, incoming.resolve(fileName(entry)));
            }
        }
        Path probe = incoming.resolve(PROBE);
        Files.writeString(probe, "#!/bin/sh\nexit 0\n");
        Files.setPosixFilePermissions(probe, PosixFilePermissions.fromString("rwx------"));
    }

    /** Libraries are executed: nobody else may be able to put other ones there. Nobody can where everything is read-only. */
    private static void requireOwn(Path root) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(root);
        boolean isOthers = permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE);
        if (!isOthers && Files.getFileStore(root).isReadOnly()) {
            return;
        }
        Path own = Files.createTempFile(root, "owner-", "");
        try {
            if (isOthers || !Files.getOwner(root).equals(Files.getOwner(own))) {
                throw new IOException("others may write there");
            }
        } finally {
            Files.delete(own);
        }
    }

    private static void requireExecutable(Path probe) throws IOException {
        Process process = start(probe);
        try {
            if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("files there cannot be executed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Just written, a file may be busy for a moment: a process that another thread is starting has it open, too. */
    private static Process start(Path probe) throws IOException {
        for (int busy = 0; ; busy++) {
            try {
                return new ProcessBuilder(probe.toString()).start();
            } catch (IOException e) {
                if (busy == MOST_BUSY || !String.valueOf(e.getMessage()).contains("error=26")) {
                    throw e;
                }
                LockSupport.parkNanos(BUSY_NANOS);
            }
        }
    }

    private String fingerprint() {
        CRC32 all = new CRC32();
        for (JarEntry entry : entries) {
            all.update(
                    (entry.getName() + entry.getSize() + ":" + entry.getCrc() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return Long.toHexString(all.getValue());
    }

    private static String fileName(JarEntry entry) {
        return entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
    }

    /** As ONNX Runtime names it, such as {@code linux-x64}. */
    private static String platform() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        @Nullable String machine = System.getProperty("os.arch");
        String os = system.contains("mac") ? "osx" : system.contains("win") ? "win" : "linux";
        return os + "-" + ("aarch64".equals(machine) ? "aarch64" : "x64");
    }

    @Override
    public void close() throws IOException {
        jar.close();
    }
}
