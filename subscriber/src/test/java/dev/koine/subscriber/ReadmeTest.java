package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.testkit.JavaSnippet;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows of a service compiles as it stands there. */
class ReadmeTest {
    @TempDir
    Path directory;

    @Test
    void itsServiceCompiles() throws Exception {
        assertThat(JavaSnippet.of(Path.of("..", "README.md"), "ModelSubscriber").compiled(directory, """
                import dev.koine.subscriber.*;
                import dev.koine.speech.onnx.*;
                import dev.koine.speech.*;
                import java.nio.file.Path;
                import java.time.Duration;

                class Snippet {
                    void serve(Features features) throws Exception {
                %s
                    }
                }
                """))
                .isEmpty();
    }
}
