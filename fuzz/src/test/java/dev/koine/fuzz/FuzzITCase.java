package dev.koine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Fuzzes each target for {@code fuzz.seconds} in a small JVM of its own (Jazzer): no exception, no hang of ten seconds, no more memory
 * than the caps allow. {@code -Dfuzz.target=ONNX} chooses one. Runs in the profile {@code fuzz}; what it has learnt stays in {@code target/corpus}.
 */
@EnabledIfSystemProperty(named = "fuzz.seconds", matches = "[1-9][0-9]*")
class FuzzITCase {
    private static final String HEAP = "-Xmx256m";
    private static final int SLOWEST_SECONDS = 10;
    /** A model may take a worker two seconds of a processor, ten by the clock, twice. */
    private static final int SLOWEST_WORKER_SECONDS = 60;

    private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in (\\d+) second");

    @ParameterizedTest
    @EnumSource
    void finds(Target target) throws Exception {
        assumeTrue(target.name().matches(System.getProperty("fuzz.target", ".*")), "not chosen by fuzz.target");
        Path work = Path.of("target", "corpus", target.name()).toAbsolutePath();
        Files.createDirectories(work);
        Path log = work.resolveSibling(target.name() + ".log");
        Path findings = work.resolveSibling(target.name() + "-findings");
        FileTree.delete(findings);
        Files.createDirectories(findings);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        HEAP,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + target.className(),
                        "--instrumentation_includes=dev.koine.**",
                        "--keep_going=1",
                        "--disabled_hooks=" + target.disabledHooks(),
                        "--reproducer_path=" + findings,
                        "-artifact_prefix=" + findings + "/",
                        "-max_total_time=" + System.getProperty("fuzz.seconds"),
                        "-timeout=" + (target == Target.WORKER ? SLOWEST_WORKER_SECONDS : SLOWEST_SECONDS),
                        "-rss_limit_mb=2048",
                        "-max_len=8192",
                        "-print_final_stats=1",
                        work.toString(),
                        target.seeds().toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        int exit = process.waitFor();
        String printed = Files.readString(log);
        Matcher done = DONE.matcher(printed);
        System.out.printf(
                "%s: %s%n",
                target, done.find() ? done.group(1) + " inputs in " + done.group(2) + " s" : "ended early, see " + log);
        assertThat(exit).as("%s; its findings are in %s", log, findings).isZero();
        assertThat(found(findings)).as("findings").isEmpty();
    }

    private static List<Path> found(Path findings) throws IOException {
        try (var files = Files.list(findings)) {
            return files.toList();
        }
    }
}
