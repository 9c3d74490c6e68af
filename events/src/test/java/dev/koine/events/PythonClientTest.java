package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the checks of {@code clients/python} where a Python ({@code KOINE_PYTHON}, else python3) has all that they need; fetches nothing. */
class PythonClientTest {
    private static final File CLIENT = Path.of("../clients/python").toFile();
    private static final String NEEDS = "import sys; assert sys.version_info >= (3, 10), 'needs 3.10';"
            + " import confluent_kafka, cryptography, fastavro, mypy, numpy, pytest, ruff";

    private record Ended(int code, String output) {}

    @Test
    void pythonPassesItsChecks() throws Exception {
        Ended probe;
        try {
            probe = python("-c", NEEDS);
        } catch (IOException e) {
            probe = new Ended(1, String.valueOf(e.getMessage()));
        }
        if (probe.code() != 0) {
            String why = "clients/python: not run (" + probe.output().lines().reduce("", (first, last) -> last) + ")";
            System.out.println(why);
            assumeTrue(false, why);
        }
        check("ruff", "format", "--check", "--no-cache", ".");
        check("ruff", "check", "--no-cache", ".");
        check("mypy", "--cache-dir=/dev/null");
        check("pytest", "-q", "-p", "no:cacheprovider");
    }

    private static void check(String... module) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-B", "-m"));
        arguments.addAll(List.of(module));
        Ended ended = python(arguments.toArray(String[]::new));
        assertThat(ended.code()).as("%s", ended.output()).isZero();
    }

    private static Ended python(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getenv().getOrDefault("KOINE_PYTHON", "python3"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(CLIENT)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }
}
