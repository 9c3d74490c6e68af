package dev.koine.speech.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodePlacesTest {
    private static final Path CLASSES = Path.of("target", "classes").toAbsolutePath();

    /** As Flink names the jars in usrlib: by their way from the folder that it was started in. */
    @ParameterizedTest
    @ValueSource(
            strings = {"file:target/classes/", "file:../speech/target/classes/", "file:target/../target/%63lasses/"})
    void aPlaceMayBeNamedFromTheWorkingFolder(String place) throws Exception {
        assertThat(CodePlaces.of(loadedFrom(new URL(place)))).isEqualTo(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:", "file://"})
    void aPlaceMayBeNamedFromTheRoot(String scheme) throws Exception {
        assertThat(CodePlaces.of(loadedFrom(new URL(scheme + CLASSES + "/")))).isEqualTo(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(classes = {String.class})
    void whatComesFromNoFileIsAnError(Class<?> type) {
        assertThatThrownBy(() -> CodePlaces.of(type)).isInstanceOf(IOException.class);
    }

    private static Class<?> loadedFrom(URL place) throws Exception {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {place}, null)) {
            return loader.loadClass(CodePlaces.class.getName());
        }
    }
}
