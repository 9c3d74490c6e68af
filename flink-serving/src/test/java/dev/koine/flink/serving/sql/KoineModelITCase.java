package dev.koine.flink.serving.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.flink.serving.Announcer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KoineModelITCase {
    private static final Pattern SQL = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
    private static final String ASKED = "SELECT n, text, version, digest FROM ML_PREDICT(TABLE speech, MODEL asr,"
            + " DESCRIPTOR(features, frames, lang))";

    @TempDir
    static Path directory;

    private static Announcer announcer;

    private final TableEnvironment env = TableEnvironment.create(EnvironmentSettings.inStreamingMode());

    @BeforeAll
    static void start() throws Exception {
        announcer = new Announcer(directory);
    }

    @AfterAll
    static void stop() {
        announcer.close();
    }

    @Test
    void versionsAreSwappedWhileAQueryRuns() throws Exception {
        String model = "swapped";
        List<String> digests = new ArrayList<>();
        digests.add(announcer.announce(model, 0));
        env.getConfig().set("parallelism.default", "2");
        createModel(model, "text STRING, version BIGINT, digest STRING");
        env.executeSql(
                "CREATE TEMPORARY TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '200',"
                        + " 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000')");
        env.executeSql("CREATE TEMPORARY VIEW speech AS SELECT n, " + floats("0, 0, 1, 0, 1, 0, 0, 0")
                + " AS features, 2 AS frames, 'de' AS lang FROM ticks");
        TableResult result = env.executeSql(ASKED);
        try (CloseableIterator<Row> rows = result.collect()) {
            for (long version = 0; version < 2; ) {
                Row row = rows.next();
                long answered = row.<Long>getFieldAs("version");
                assertThat(row.<String>getFieldAs("text")).isEqualTo(Announcer.letter(answered));
                assertThat(row.<String>getFieldAs("digest")).isEqualTo(digests.get((int) answered));
                if (answered == version && version < 2) {
                    version++;
                    digests.add(announcer.announce(model, version));
                }
            }
            while (rows.next().<Long>getFieldAs("version") < 2) {}
        }
        result.getJobClient()
                .orElseThrow()
                .getJobExecutionResult()
                .exceptionally(cancelled -> null)
                .get();
        assertThat(Announcer.threads(model)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aBadRowHasItsReasonInAColumn(String async) throws Exception {
        String model = "reasons-" + async;
        announcer.announce(model, 0);
        createModel(model, "error STRING, version BIGINT, text STRING");
        createBadRows();
        String query = "SELECT id, text, version, error FROM ML_PREDICT(TABLE speech, MODEL asr,"
                + " DESCRIPTOR(features, frames, lang), MAP['async', '" + async + "'])";
        List<Row> rows = new ArrayList<>();
        try (CloseableIterator<Row> all = env.executeSql(query).collect()) {
            all.forEachRemaining(rows::add);
        }
        rows.sort((a, b) -> Integer.compare(a.<Integer>getFieldAs(0), b.<Integer>getFieldAs(0)));
        assertThat(rows)
                .extracting(row -> row.getField("text"))
                .containsExactly("c", null, null, null, null, null, "c");
        assertThat(rows)
                .extracting(row -> row.getField("version"))
                .containsExactly(0L, null, null, null, null, null, 0L);
        List<String> errors =
                rows.stream().map(row -> "" + row.getField("error")).toList();
        assertThat(errors.get(1)).contains("The features are 1 by 3 but this model takes [frames, 4]");
        assertThat(errors.get(2)).contains("4 values are not 3 frames");
        assertThat(errors.get(3)).isEqualTo("features is NULL.");
        assertThat(errors.get(4)).isEqualTo("frames is NULL.");
        assertThat(errors.get(5)).isEqualTo("Element 2 of features is NULL.");
        assertThat(errors.get(6)).isEqualTo("null");
    }

    @Test
    void withoutThatColumnABadRowEndsTheQuery() throws Exception {
        String model = "ends";
        announcer.announce(model, 0);
        createModel(model, "text STRING");
        createBadRows();
        String query = "SELECT id, text FROM ML_PREDICT(TABLE speech, MODEL asr, DESCRIPTOR(features, frames, lang))";
        assertThatThrownBy(() -> {
                    try (CloseableIterator<Row> rows = env.executeSql(query).collect()) {
                        rows.forEachRemaining(row -> {});
                    }
                })
                .hasStackTraceContaining("add error STRING to the model's OUTPUT");
        assertThat(Announcer.threads(model)).isEmpty();
    }

    @Test
    void whereNoVersionIsTheQuerySaysWhy() {
        createModel("nobody", "text STRING", ", 'first-version.timeout' = '200 ms'");
        createBadRows();
        assertThatThrownBy(this::readTexts)
                .hasStackTraceContaining("No version of nobody serves after 200 ms")
                .hasStackTraceContaining("koine register --model nobody");
    }

    @Test
    void whatTheDocumentationHasRuns() throws Exception {
        announcer.announce("demo", 0);
        env.executeSql("CREATE TEMPORARY VIEW speech AS SELECT 7 AS id, " + floats("0, 0, 1, 0, 1, 0, 0, 0")
                + " AS features, 2 AS frames, 'de' AS lang");
        Matcher sql = SQL.matcher(Files.readString(Path.of("..", "docs", "serving-in-flink.md")));
        assertThat(sql.find()).isTrue();
        String[] statements = sql.group(1)
                .replace("localhost:9092", announcer.bootstrapServers())
                .replace("/var/cache/koine", directory.resolve("cache").toString())
                .split(";");
        env.executeSql(statements[0]);
        try (CloseableIterator<Row> rows = env.executeSql(statements[1]).collect()) {
            assertThat(rows.next()).isEqualTo(Row.of(7, "c", 0L, null));
            assertThat(rows.hasNext()).isFalse();
        }
    }

    private void createModel(String model, String output) {
        createModel(model, output, "");
    }

    private void createModel(String model, String output, String more) {
        env.executeSql("CREATE MODEL asr INPUT (features ARRAY<FLOAT>, frames INT, `language` STRING) OUTPUT (" + output
                + ") WITH ('provider' = 'koine', 'model' = '" + model + "', 'properties.bootstrap.servers' = '"
                + announcer.bootstrapServers() + "', 'device' = 'CPU', 'concurrency' = '2', 'cache.directory' = '"
                + directory.resolve("cache") + "'" + more + ")");
    }

    private void readTexts() throws Exception {
        String query = "SELECT id, text FROM ML_PREDICT(TABLE speech, MODEL asr, DESCRIPTOR(features, frames, lang))";
        try (CloseableIterator<Row> rows = env.executeSql(query).collect()) {
            rows.forEachRemaining(row -> {});
        }
    }

    private void createBadRows() {
        String good = floats("0, 0, 1, 0, 1, 0, 0, 0");
        env.executeSql("CREATE TEMPORARY VIEW speech AS SELECT * FROM (VALUES (0, " + good + ", 2, 'de'), (1, "
                + floats("1, 2, 3") + ", 1, 'de'), (2, " + floats("1, 2, 3, 4")
                + ", 3, 'de'), (3, CAST(NULL AS ARRAY<FLOAT>), 1, 'de'), (4, " + good
                + ", CAST(NULL AS INT), 'de'), (5, "
                + floats("1, CAST(NULL AS FLOAT), 3, 4") + ", 1, 'de'), (6, " + good
                + ", 2, CAST(NULL AS STRING))) AS t(id, features, frames, lang)");
    }

    private static String floats(String values) {
        return "CAST(ARRAY[" + values + "] AS ARRAY<FLOAT>)";
    }
}
