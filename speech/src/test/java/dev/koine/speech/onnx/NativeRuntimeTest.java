package dev.koine.speech.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeRuntimeTest {
    @TempDir
    private Path directory;

    @Test
    void unpacksOnceAndLeavesNothingElse() throws Exception {
        Path first = locate(directory);
        FileTime written = Files.getLastModifiedTime(first.resolve("libonnxruntime.so"));

        assertThat(locate(directory)).isEqualTo(first);
        assertThat(Files.getLastModifiedTime(first.resolve("libonnxruntime.so")))
                .isEqualTo(written);
        assertThat(first).isDirectoryContaining("glob:**libonnxruntime4j_jni.so");
        assertThat(list(directory)).containsExactly(first);
    }

    @Test
    void whatIsDamagedIsUnpackedAgain() throws Exception {
        Path library = locate(directory).resolve("libonnxruntime.so");
        long size = Files.size(library);
        Files.write(library, new byte[10]);

        locate(directory);

        assertThat(library).hasSize(size);
    }

    @Test
    void aPlaceThatOthersMayWriteToIsPassedOver() throws Exception {
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path own = directory.resolve("own");

        assertThat(locate(open, own)).hasParent(own);
        assertThat(list(open)).isEmpty();
    }

    @Test
    void whereNoPlaceDoesEachIsNamedWithItsReason() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatIOException()
                .isThrownBy(() -> locate(file, open))
                .withMessageContaining(file + " (")
                .withMessageContaining(open + " (others may write there)")
                .withMessageContaining("KOINE_NATIVE_DIR");
    }

    /** As where each job of a Flink session brings it in a jar of its own. */
    @Test
    void whereTwoClassLoadersWantItItIsSaidWhereItBelongs() throws Exception {
        assertThat(NativeRuntime.environment()).isNotNull();
        List<URL> classes = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classes.add(Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader another =
                new URLClassLoader(classes.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Method environment =
                    another.loadClass(NativeRuntime.class.getName()).getMethod("environment");
            assertThatThrownBy(() -> environment.invoke(null))
                    .cause()
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("already loaded in another classloader")
                    .hasMessageContaining("in Flink, that is lib/");
        }
    }

    private static Path locate(Path... roots) throws IOException {
        try (NativeLibraries libraries = NativeLibraries.open()) {
            return NativeRuntime.locate(libraries, List.of(roots));
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
