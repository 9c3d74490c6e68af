package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where ONNX Runtime was forgotten, that is what is said. */
class WithoutOnnxRuntimeTest {
    @Test
    void isSaidAtOnce() throws Exception {
        List<URL> classes = new ArrayList<>();
        int left = 0;
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (Path.of(entry).getFileName().toString().startsWith("onnxruntime")) {
                left++;
            } else {
                classes.add(Path.of(entry).toUri().toURL());
            }
        }
        assertThat(left).isEqualTo(1);
        try (URLClassLoader without =
                new URLClassLoader(classes.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> type = without.loadClass(ServingSettings.class.getName());
            Object settings = type.getMethod("of", String.class, String.class).invoke(null, "localhost:9092", "demo");
            assertThatThrownBy(() -> without.loadClass(SharedModels.class.getName())
                            .getMethod("open", type)
                            .invoke(null, settings))
                    .cause()
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("ONNX Runtime is not on the class path")
                    .hasMessageContaining("lib/");
        }
    }
}
