package dev.koine.engine.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    private static final int TAKEN = 3;

    @TempDir
    Path directory;

    @Test
    void keepsASecondOneOutUntilItIsClosed() throws Exception {
        try (FolderLock first = FolderLock.take(directory).orElseThrow()) {
            assertThat(first).isNotNull();
            assertThat(FolderLock.take(directory)).isEmpty();
            assertThat(another()).isEqualTo(TAKEN);
            assertThat(FolderLock.take(directory)).isEmpty();
        }
        assertThat(another()).isZero();
        FolderLock.take(directory).orElseThrow().close();
    }

    /** As in a session of Flink, where each job has its own classes in one process. */
    @Test
    void keepsOutTheSameClassLoadedAnotherTime() throws Exception {
        URL[] classes = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> toUrl(Path.of(entry)))
                .toArray(URL[]::new);
        try (FolderLock first = FolderLock.take(directory).orElseThrow();
                URLClassLoader loader = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader())) {
            assertThat(first).isNotNull();
            Object taken = loader.loadClass(FolderLock.class.getName())
                    .getMethod("take", Path.class)
                    .invoke(null, directory);
            assertThat(taken).isEqualTo(Optional.empty());
            assertThat(another()).isEqualTo(TAKEN);
        }
        assertThat(another()).isZero();
    }

    @Test
    void isTakenByOneOfManyThreads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        for (int round = 0; round < 50; round++) {
            Path folder = Files.createDirectory(directory.resolve("" + round));
            CyclicBarrier together = new CyclicBarrier(4);
            List<Callable<Optional<FolderLock>>> takers = Collections.nCopies(4, () -> {
                together.await();
                return FolderLock.take(folder);
            });
            List<FolderLock> taken = new ArrayList<>();
            for (Future<Optional<FolderLock>> each : threads.invokeAll(takers)) {
                each.get().ifPresent(taken::add);
            }
            assertThat(taken).hasSize(1);
            taken.get(0).close();
        }
        threads.shutdown();
    }

    private static URL toUrl(Path path) {
        try {
            return path.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatADeadProcessLeftIsNoOwner() throws Exception {
        Files.createFile(directory.resolve("lock"));
        Files.createFile(directory.resolve("lock.of-a-dead-one"));
        FolderLock.take(directory).orElseThrow().close();
        assertThat(directory).isDirectoryContaining("glob:**lock").isDirectoryNotContaining("glob:**lock.*");
    }

    /** Exit status of a process that takes the lock and ends. */
    private int another() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Another.class.getName(),
                        directory.toString())
                .inheritIO()
                .start()
                .waitFor();
    }

    static final class Another {
        public static void main(String[] arguments) throws IOException {
            System.exit(FolderLock.take(Path.of(arguments[0])).isPresent() ? 0 : TAKEN);
        }
    }
}
