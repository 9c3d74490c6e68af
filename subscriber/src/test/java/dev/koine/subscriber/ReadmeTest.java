package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service in README is Java that compiles. */
class ReadmeTest {
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    Path directory;

    @Test
    void itsServiceCompiles() throws Exception {
        Matcher snippet = JAVA.matcher(Files.readString(Path.of("..", "README.md")));
        assertThat(snippet.find()).isTrue();
        Path source = directory.resolve("Service.java");
        Files.writeString(source, """
                import dev.koine.subscriber.*;
                import dev.koine.speech.onnx.*;
                import dev.koine.speech.*;
                import java.nio.file.Path;
                import java.time.Duration;

                class Service {
                    void serve(Features features) throws Exception {
                %s
                    }
                }
                """.formatted(snippet.group(1)));

        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(said, null, null)) {
            List<String> options =
                    List.of("-d", directory.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
            Iterable<? extends JavaFileObject> sources = files.getJavaFileObjects(source);
            boolean compiled =
                    compiler.getTask(null, files, said, options, null, sources).call();
            assertThat(compiled).as("%s", said.getDiagnostics()).isTrue();
        }
    }
}
