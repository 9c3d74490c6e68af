package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.testkit.JavaSnippet;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What pages show of Beam compiles as it stands there. */
class PagesTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/beam.md"})
    void theirPipelineCompiles(String page) throws Exception {
        assertThat(JavaSnippet.of(Path.of("..").resolve(page), "KoineMerge").compiled(directory, """
                import static org.apache.beam.sdk.values.TypeDescriptors.strings;

                import dev.koine.beam.*;
                import dev.koine.beam.merge.*;
                import org.apache.beam.sdk.Pipeline;
                import org.apache.beam.sdk.options.PipelineOptions;
                import org.apache.beam.sdk.transforms.*;

                class Snippet {
                    static Pipeline pipeline = Pipeline.create();
                    static PipelineOptions options = pipeline.getOptions();

                    void run() {
                %s
                    }
                }
                """))
                .isEmpty();
    }
}
