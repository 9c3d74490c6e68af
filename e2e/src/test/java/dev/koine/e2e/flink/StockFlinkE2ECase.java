package dev.koine.e2e.flink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.Koine;
import dev.koine.e2e.LocalCluster;
import dev.koine.e2e.Released;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.speech.Features;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job's jar on a Flink distribution as it is shipped, with ONNX Runtime in its {@code lib} and nothing else of Koine's: a session
 * cluster, a savepoint, a jar of another build, Koine's own class path and back, and application mode with high availability.
 */
@EnabledIfSystemProperty(named = "flink.home", matches = ".+", disabledReason = "mvn -Pflink-dist verify runs it")
@Timeout(600)
class StockFlinkE2ECase {
    private static final Path FLINK =
            Path.of(System.getProperty("flink.home", "")).toAbsolutePath();

    private static final String TASKMANAGER = LocalCluster.TASKMANAGERS.get(0);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void oneModelGoesThroughEveryWayToRunTheJob() throws Exception {
        Path jar = Released.jobJar();
        Path onnxRuntime = Released.library("onnxruntime");
        try (LocalCluster cluster = LocalCluster.in(directory.resolve("cluster"), Map.of())) {
            cluster.start(
                    "--flink",
                    FLINK.toString(),
                    "--allow",
                    Fixtures.CTC.toString(),
                    LocalCluster.ZOOKEEPER,
                    LocalCluster.BROKER,
                    LocalCluster.SESSION,
                    TASKMANAGER);
            String savepoint = inASession(cluster, jar, onnxRuntime);

            cluster.start("--flink", "", "--from-savepoint", savepoint, LocalCluster.JOBMANAGER, TASKMANAGER);
            submit(cluster, "es");
            StockFlink client = flink(cluster, onnxRuntime);
            savepoint = client.stop(LocalCluster.JOB_ID);
            awaitEnd(cluster);
            cluster.stop(TASKMANAGER);

            cluster.start(
                    "--flink", FLINK.toString(), "--from-savepoint", savepoint, LocalCluster.JOBMANAGER, TASKMANAGER);
            submit(cluster, "fr");
            cluster.kill(LocalCluster.JOBMANAGER);
            cluster.start(LocalCluster.JOBMANAGER);
            koine(cluster, "retract", "--model", "demo", "--expert", "ca");
            assertThat(newest(cluster).getVersion()).isEqualTo(5);
            assertThat(newest(cluster).getDigest())
                    .isEqualTo(Fixtures.mergedOffline(directory, Recipe.DEFAULT, "de", "es", "fr"));
            koineAlone("verify", "--store", cluster.store().toString());
        }
    }

    @Test
    void theJobGrowsAndShrinksWithTheTaskManagers() throws Exception {
        try (LocalCluster cluster = LocalCluster.in(directory.resolve("reactive"), Map.of())) {
            cluster.start(
                    "--flink",
                    FLINK.toString(),
                    "--flink-option",
                    "scheduler-mode=reactive",
                    "--allow",
                    Fixtures.CTC.toString(),
                    LocalCluster.ZOOKEEPER,
                    LocalCluster.BROKER,
                    LocalCluster.JOBMANAGER,
                    TASKMANAGER);
            koine(cluster, "register", "--model", "demo", Fixtures.ctc("base").toString());
            submit(cluster, "ca");
            cluster.start(LocalCluster.TASKMANAGERS.get(1));
            awaitSubtasks(cluster, 4);
            submit(cluster, "de");
            cluster.kill(TASKMANAGER);
            awaitSubtasks(cluster, 2);
            submit(cluster, "es");
            assertThat(newest(cluster).getVersion()).isEqualTo(3);
            assertThat(newest(cluster).getDigest())
                    .isEqualTo(Fixtures.mergedOffline(directory, Recipe.DEFAULT, "ca", "de", "es"));
        }
    }

    /** The JobManager's log says how parallel each operator begins, as its newest lines. */
    private static void awaitSubtasks(LocalCluster cluster, int parallelism) throws Exception {
        Pattern running = Pattern.compile("prune \\(\\d+/(\\d+)\\).* switched from INITIALIZING to RUNNING");
        String newest = "";
        for (int i = 0; i < 900 && !newest.equals(String.valueOf(parallelism)); i++) {
            Thread.sleep(100);
            newest = running.matcher(Files.readString(cluster.log(LocalCluster.JOBMANAGER)))
                    .results()
                    .map(result -> result.group(1))
                    .reduce("", (before, after) -> after);
        }
        assertThat(newest).as("subtasks of prune").isEqualTo(String.valueOf(parallelism));
    }

    /** A JobManager that is killed while it puts away what it knows of the job would find the job finished at its next start. */
    private static void awaitEnd(LocalCluster cluster) throws Exception {
        for (int i = 0; i < 600 && cluster.isRunning(LocalCluster.JOBMANAGER); i++) {
            Thread.sleep(100);
        }
        assertThat(cluster.isRunning(LocalCluster.JOBMANAGER)).isFalse();
    }

    private String inASession(LocalCluster cluster, Path jar, Path onnxRuntime) throws Exception {
        Path other = anotherBuildOf(jar);
        String[] options = {
            "--bootstrap.servers", cluster.kafka().getProperty("bootstrap.servers"),
            "--store", cluster.store().toUri().toString(),
            "--allowed.places", Fixtures.CTC.toUri().toString(),
            "--scratch", directory.toString()
        };
        Path avro = Released.library("flink-avro");
        assertThat(flink(cluster, onnxRuntime, avro).runInVain(with(options, jar.toString())))
                .contains("Flink's lib folder has another flink-avro than the job's jar: " + avro);
        StockFlink flink = flink(cluster, onnxRuntime);
        String job = flink.run(with(options, jar.toString()));
        koine(cluster, "register", "--model", "demo", Fixtures.ctc("base").toString());
        submit(cluster, "ca");
        String savepoint = flink.stop(job);
        askInSql(cluster, flink);
        job = flink.run(with(options, "--fromSavepoint", savepoint, other.toString()));
        submit(cluster, "de");
        savepoint = flink.stop(job);
        cluster.stop(LocalCluster.SESSION, TASKMANAGER);
        return savepoint;
    }

    /** A query at the same cluster, by its SQL client, has the text that the model gives here. */
    private void askInSql(LocalCluster cluster, StockFlink flink) throws Exception {
        Path merged = Bundles.of(newest(cluster)).directory();
        Utterance utterance =
                EvaluationSet.read(Fixtures.ctc("evaluation/ca")).utterances().get(0);
        String expected;
        Path speech = directory.resolve("speech.json");
        try (SpeechModel model = SpeechModel.open(merged, OnnxOptions.DEFAULT);
                Recordings recordings = new Recordings()) {
            Features features = recordings.read(utterance.recording());
            expected = model.transcribe(features, utterance.language(), utterance.task());
            Files.writeString(
                    speech,
                    "{\"id\": 1, \"features\": " + Arrays.toString(features.values()) + ", \"frames\": "
                            + features.rows() + "}\n");
        }
        Path script = Files.writeString(directory.resolve("ask.sql"), """
                SET 'sql-client.execution.result-mode' = 'tableau';
                SET 'sql-client.display.max-column-width' = '200';
                CREATE TABLE speech (id BIGINT, features ARRAY<FLOAT>, frames INT)
                WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json');
                CREATE MODEL asr INPUT (features ARRAY<FLOAT>, frames INT) OUTPUT (text STRING, version BIGINT)
                WITH ('provider' = 'koine', 'model' = 'demo', 'properties.bootstrap.servers' = '%s', 'cache.directory' = '%s');
                SELECT text, version FROM ML_PREDICT(TABLE speech, MODEL asr, DESCRIPTOR(features, frames));
                """.formatted(
                speech.toUri(), cluster.kafka().getProperty("bootstrap.servers"), directory.resolve("sql-cache")));
        assertThat(expected).isNotBlank();
        assertThat(flink.sql(Released.sqlJar(), script)).containsPattern(Pattern.quote(expected) + " +\\| +1 ");
    }

    private static StockFlink flink(LocalCluster cluster, Path... inLib) throws IOException {
        return new StockFlink(
                FLINK,
                List.of(inLib),
                cluster.configuration(),
                cluster.directory().resolve("log"));
    }

    private static void submit(LocalCluster cluster, String language) {
        koine(
                cluster,
                "submit",
                "--model",
                "demo",
                "--expert",
                language,
                "--language",
                language,
                Fixtures.ctc(language).toString());
    }

    private static void koine(LocalCluster cluster, String... arguments) {
        koineAlone(with(
                new String[] {"--bootstrap-servers", cluster.kafka().getProperty("bootstrap.servers")}, arguments));
    }

    private static void koineAlone(String... arguments) {
        StringWriter printed = new StringWriter();
        PrintWriter out = new PrintWriter(printed, true);
        assertThat(Koine.run(out, out, arguments))
                .as("%s: %s", Arrays.toString(arguments), printed)
                .isZero();
    }

    private static ModelUpdate newest(LocalCluster cluster) throws Exception {
        try (OutcomeReader reader = new OutcomeReader(cluster.kafka(), Topics.DEFAULT)) {
            return reader.readAll().stream()
                    .map(outcome -> ((Outcome.Updated) outcome).update())
                    .max(Comparator.comparingLong(ModelUpdate::getVersion))
                    .orElseThrow();
        }
    }

    private static String[] with(String[] last, String... first) {
        return Stream.of(first, last).flatMap(Stream::of).toArray(String[]::new);
    }

    /** The same classes in other bytes, as another build's. */
    private Path anotherBuildOf(Path jar) throws Exception {
        Path other = directory.resolve("koine-job-other.jar");
        try (JarFile from = new JarFile(jar.toFile());
                OutputStream file = Files.newOutputStream(other);
                JarOutputStream to = new JarOutputStream(file)) {
            for (JarEntry entry : (Iterable<JarEntry>) from.stream()::iterator) {
                to.putNextEntry(new JarEntry(entry.getName()));
                from.getInputStream(entry).transferTo(to);
                to.closeEntry();
            }
            to.putNextEntry(new JarEntry("another-build"));
            to.closeEntry();
        }
        return other;
    }
}
