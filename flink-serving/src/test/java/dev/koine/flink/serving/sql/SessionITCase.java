package dev.koine.flink.serving.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.serving.Announcer;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs as a session runs them: in one process, each with Koine, Kafka and Avro in jars of its own, loaded before what the cluster has; ONNX
 * Runtime is the cluster's.
 */
class SessionITCase {
    private static final String MODEL = "session";

    @TempDir
    Path directory;

    @Test
    void eachJobHasItsOwnModelAndLeavesNothing() throws Exception {
        List<String> jars = jars();
        try (Announcer announcer = new Announcer(directory)) {
            announcer.announce(MODEL, 0);
            TableResult first = start(announcer, jars);
            try (CloseableIterator<Row> one = first.collect()) {
                assertThat(one.next()).isEqualTo(Row.of("c", 0L));
                assertThat(subscribers()).isEqualTo(1);
                TableResult second = start(announcer, jars);
                try (CloseableIterator<Row> two = second.collect()) {
                    assertThat(two.next()).isEqualTo(Row.of("c", 0L));
                    assertThat(subscribers()).isEqualTo(2);
                    assertThat(folders()).containsExactlyInAnyOrder("0", "1");
                }
                awaitEnd(second);
                assertThat(subscribers()).isEqualTo(1);
                assertThat(one.next()).isEqualTo(Row.of("c", 0L));
            }
            awaitEnd(first);
            assertThat(Announcer.threads(MODEL)).isEmpty();
        }
    }

    private TableResult start(Announcer announcer, List<String> jars) {
        Configuration configuration = new Configuration();
        configuration.setString("pipeline.jars", String.join(";", jars));
        TableEnvironment env = TableEnvironment.create(EnvironmentSettings.newInstance()
                .inStreamingMode()
                .withConfiguration(configuration)
                .build());
        env.executeSql("CREATE MODEL asr INPUT (features ARRAY<FLOAT>, frames INT) OUTPUT (text STRING, version BIGINT)"
                + " WITH ('provider' = 'koine', 'model' = '" + MODEL + "', 'properties.bootstrap.servers' = '"
                + announcer.bootstrapServers() + "', 'device' = 'CPU', 'cache.directory' = '"
                + directory.resolve("cache") + "')");
        env.executeSql(
                "CREATE TEMPORARY TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20',"
                        + " 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000')");
        env.executeSql("CREATE TEMPORARY VIEW speech AS SELECT n, CAST(ARRAY[0, 0, 1, 0] AS ARRAY<FLOAT>) AS features,"
                + " 1 AS frames FROM ticks");
        return env.executeSql(
                "SELECT text, version FROM ML_PREDICT(TABLE speech, MODEL asr, DESCRIPTOR(features, frames))");
    }

    private static void awaitEnd(TableResult result) throws Exception {
        result.getJobClient()
                .orElseThrow()
                .getJobExecutionResult()
                .handle((ended, cancelled) -> true)
                .get();
    }

    private static long subscribers() {
        return Announcer.threads(MODEL).stream()
                .filter(name -> name.startsWith("koine-subscriber"))
                .count();
    }

    private List<String> folders() throws IOException {
        try (Stream<Path> models = Files.list(directory.resolve("cache"));
                Stream<Path> folders = Files.list(models.findFirst().orElseThrow())) {
            return folders.map(folder -> folder.getFileName().toString()).toList();
        }
    }

    /** What a job brings along; modules that are no jars yet are made some. */
    private List<String> jars() throws IOException {
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            String name = path.getFileName().toString();
            if (Files.isDirectory(path.resolve("dev/koine")) && !name.equals("test-classes")) {
                jars.add(jar(path, directory.resolve("module-" + jars.size() + ".jar"))
                        .toUri()
                        .toString());
            } else if (name.startsWith("koine-") || name.startsWith("kafka-clients") || name.startsWith("avro-")) {
                jars.add(path.toUri().toString());
            }
        }
        assertThat(jars).hasSizeGreaterThan(8);
        return jars;
    }

    private static Path jar(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> files = Files.walk(classes)) {
            for (Path each : files.filter(Files::isRegularFile).collect(Collectors.toList())) {
                out.putNextEntry(new JarEntry(classes.relativize(each).toString()));
                Files.copy(each, out);
            }
        }
        return jar;
    }
}
