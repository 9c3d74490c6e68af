package dev.koine.e2e.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The command line of a Flink distribution as it is unpacked. */
final class StockFlink {
    private static final String CLI = "org.apache.flink.client.cli.CliFrontend";
    private static final String SQL = "org.apache.flink.table.client.SqlClient";
    private static final Pattern JOB = Pattern.compile("JobID ([0-9a-f]{32})");
    private static final Pattern SAVEPOINT = Pattern.compile("Savepoint completed\\. Path: (\\S+)");
    private static final int SECONDS = 120;

    private final Path configuration;
    private final Path logs;
    private final String classPath;

    /**
     * The distribution.
     *
     * @param home the folder that has {@code lib}
     * @param inLib what was put into {@code lib}
     * @param configuration the folder that has {@code config.yaml}
     */
    StockFlink(Path home, List<Path> inLib, Path configuration, Path logs) throws IOException {
        this.configuration = configuration;
        this.logs = logs;
        List<String> places = new ArrayList<>(List.of(home.resolve("lib") + "/*"));
        inLib.forEach(jar -> places.add(jar.toString()));
        try (DirectoryStream<Path> sql = Files.newDirectoryStream(home.resolve("opt"), "flink-{sql,python}-*.jar")) {
            sql.forEach(jar -> places.add(jar.toString()));
        }
        this.classPath = String.join(File.pathSeparator, places);
    }

    /** {@code flink run -d ...}; returns the job's id. */
    String run(String... arguments) throws IOException, InterruptedException {
        return found(
                JOB,
                cli(Stream.concat(Stream.of("run", "-d"), Stream.of(arguments)).toArray(String[]::new)));
    }

    /** {@code flink stop ...}; returns the savepoint. */
    String stop(String job) throws IOException, InterruptedException {
        return found(SAVEPOINT, cli("stop", job));
    }

    /** {@code flink run -d ...} that does not begin; returns what it printed. */
    String runInVain(String... arguments) throws IOException, InterruptedException {
        Ended ended = call(
                CLI, Stream.concat(Stream.of("run", "-d"), Stream.of(arguments)).toArray(String[]::new));
        assertThat(ended.code()).as(ended.printed()).isNotZero();
        return ended.printed();
    }

    /** {@code sql-client.sh --jar JAR --file SCRIPT}; returns what it printed. */
    String sql(Path jar, Path script) throws IOException, InterruptedException {
        Ended ended = call(SQL, "embedded", "--jar", jar.toString(), "--file", script.toString());
        assertThat(ended.code()).as(ended.printed()).isZero();
        return ended.printed();
    }

    private String cli(String... arguments) throws IOException, InterruptedException {
        Ended ended = call(CLI, arguments);
        assertThat(ended.code()).as(ended.printed()).isZero();
        return ended.printed();
    }

    private record Ended(int code, String printed) {}

    private Ended call(String main, String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "-Dlog4j2.configurationFile=" + configuration.resolve("log4j2.properties"),
                "-cp",
                classPath,
                main));
        line.addAll(Arrays.asList(arguments));
        Path printed = Files.createTempFile(logs, "flink-" + arguments[0] + "-", ".log");
        Process process = builder(line).redirectOutput(printed.toFile()).start();
        assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as(arguments[0]).isTrue();
        return new Ended(process.exitValue(), Files.readString(printed, StandardCharsets.UTF_8));
    }

    private static String found(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        assertThat(matcher.find()).as(output).isTrue();
        return matcher.group(1);
    }

    private ProcessBuilder builder(List<String> line) {
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        builder.environment().put("FLINK_CONF_DIR", configuration.toString());
        return builder;
    }
}
