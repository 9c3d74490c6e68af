package dev.koine.flink.serving.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page on serving has the options that there are, and Java that compiles; its SQL runs in {@link KoineModelITCase}. */
class ServingPageTest {
    private static final Path PAGE = Path.of("..", "docs", "serving-in-flink.md");
    private static final String WRITE = "mvn -pl flink-serving -am test -Dtest=ServingPageTest -Doptions.write=true"
            + " -Dsurefire.failIfNoSpecifiedTests=false";
    private static final Pattern OPTIONS =
            Pattern.compile("(<!-- options: [^\n]* -->\n)(.*?)(<!-- end of options -->)", Pattern.DOTALL);
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    Path directory;

    @Test
    void itsOptionsAreThoseThatAreDeclared() throws Exception {
        String page = Files.readString(PAGE);
        if (Boolean.getBoolean("options.write")) {
            page = OPTIONS.matcher(page)
                    .replaceFirst(found -> Matcher.quoteReplacement(found.group(1) + table() + found.group(3)));
            Files.writeString(PAGE, page);
        }
        Matcher options = OPTIONS.matcher(page);
        assertThat(options.find()).isTrue();
        assertThat(options.group(2))
                .as("made of KoineModelOptions; to write it again: %s", WRITE)
                .isEqualTo(table());
    }

    @Test
    void itsJavaCompiles() throws Exception {
        Matcher snippet = JAVA.matcher(Files.readString(PAGE));
        assertThat(snippet.find()).isTrue();
        Path source = directory.resolve("Pipeline.java");
        Files.writeString(source, """
                import dev.koine.flink.serving.*;
                import dev.koine.serving.*;
                import org.apache.flink.streaming.api.datastream.DataStream;

                class Pipeline {
                    record Call(float[] features, int frames, String language) {}

                    void build(DataStream<Call> calls) {
                %s
                    }
                }
                """.formatted(snippet.group(1)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(said, null, null)) {
            List<String> arguments =
                    List.of("-d", directory.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
            boolean compiled = compiler.getTask(null, files, said, arguments, null, files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as("%s", said.getDiagnostics()).isTrue();
        }
    }

    private static String table() {
        StringBuilder table = new StringBuilder("| option | default | what it is |\n|---|---|---|\n");
        Stream.concat(KoineModelOptions.REQUIRED.stream(), KoineModelOptions.OPTIONAL.stream())
                .forEach(option -> table.append(row(option)));
        return table.toString();
    }

    private static String row(ConfigOption<?> option) {
        return String.format(
                Locale.ROOT,
                "| `%s` | %s | %s |%n",
                option.key(),
                preset(option),
                new HtmlFormatter().format(option.description()));
    }

    private static String preset(ConfigOption<?> option) {
        if (!option.hasDefaultValue()) {
            return KoineModelOptions.REQUIRED.contains(option) ? "(required)" : "";
        }
        return option.defaultValue() instanceof java.time.Duration time
                ? TimeUtils.formatWithHighestUnit(time)
                : String.valueOf(option.defaultValue());
    }
}
