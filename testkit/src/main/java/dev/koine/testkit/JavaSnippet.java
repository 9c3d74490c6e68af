package dev.koine.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** A piece of Java on a page, which is to compile as readers see it. */
public final class JavaSnippet {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private final String text;

    private JavaSnippet(String text) {
        this.text = text;
    }

    /**
     * The first one of a page that has a word in it.
     *
     * @throws IOException if the page cannot be read, or has none
     */
    public static JavaSnippet of(Path page, String word) throws IOException {
        Matcher blocks = BLOCK.matcher(Files.readString(page));
        return blocks.results()
                .map((MatchResult block) -> block.group(1))
                .filter(block -> block.contains(word))
                .findFirst()
                .map(JavaSnippet::new)
                .orElseThrow(() -> new IOException(page + " has no Java with " + word + "."));
    }

    /**
     * Compiles it on this JVM's class path.
     *
     * @param folder for what that takes
     * @param around the source of a class {@code Snippet}, with %s where the snippet is to stand
     * @return what the compiler objects to; empty if it compiles
     */
    public List<String> compiled(Path folder, String around) throws IOException {
        Path source = Files.writeString(folder.resolve("Snippet.java"), around.formatted(text));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(said, null, null)) {
            List<String> options =
                    List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
            boolean isFine = compiler.getTask(null, files, said, options, null, files.getJavaFileObjects(source))
                    .call();
            return isFine
                    ? List.of()
                    : said.getDiagnostics().stream().map(Object::toString).toList();
        }
    }
}
