package dev.koine.flink.serving.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.koine.engine.Device;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcript;
import dev.koine.speech.Task;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogModel;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KoineModelProviderFactoryTest {
    private static final DataType FLOATS = DataTypes.ARRAY(DataTypes.FLOAT());
    private static final ResolvedSchema INPUT = ResolvedSchema.of(
            Column.physical("features", FLOATS),
            Column.physical("frames", DataTypes.INT()),
            Column.physical("language", DataTypes.STRING()));
    private static final ResolvedSchema OUTPUT = ResolvedSchema.of(
            Column.physical("text", DataTypes.STRING()),
            Column.physical("version", DataTypes.BIGINT()),
            Column.physical("digest", DataTypes.STRING()));

    @TempDir
    Path directory;

    private final Map<String, String> options =
            new HashMap<>(Map.of("provider", "koine", "model", "demo", "properties.bootstrap.servers", "kafka:9092"));

    @Test
    void twoOptionsAreEnough() {
        assertThat(settings()).isEqualTo(ServingSettings.of("kafka:9092", "demo"));
    }

    @Test
    void eachOptionIsHeeded() throws Exception {
        options.putAll(Map.of(
                "topic", "other.updates",
                "cache.directory", "/var/cache/koine",
                "first-version.timeout", "5 s",
                "task", "translate",
                "language", "de",
                "concurrency", "4",
                "device", "cpu",
                "threads-per-row", "2",
                "quarantine", "true",
                "properties.security.protocol", "SSL"));
        String key = SigningKey.generate().trustLine(Set.of(Role.UPDATES));
        Path keys = Files.writeString(directory.resolve("keys"), key + "\n");
        options.put("trusted-keys.file", keys.toString());
        assertThat(settings())
                .isEqualTo(ServingSettings.of("kafka:9092", "demo")
                        .withKafka(Map.of("security.protocol", "SSL"))
                        .withUpdatesTopic("other.updates")
                        .withCacheDirectory("/var/cache/koine")
                        .withFirstVersionWithin(Duration.ofSeconds(5))
                        .withDevice(Device.CPU, 2)
                        .withTrustedKeys(new TrustedKeys(List.of(key)))
                        .withQuarantine(QuarantineLimits.DEFAULT));
        KoineModelProvider provider = provider(INPUT, OUTPUT);
        assertThat(provider.concurrency()).isEqualTo(4);
        GenericArrayData features = new GenericArrayData(new float[] {1, 2});
        Speech silent = provider.columns().speech(GenericRowData.of(features, 1, null));
        assertThat(silent.language()).isEqualTo("de");
        assertThat(silent.task()).isEqualTo(Task.TRANSLATE);
        assertThat(provider.columns()
                        .speech(GenericRowData.of(features, 1, StringData.fromString("fr")))
                        .language())
                .isEqualTo("fr");
    }

    @Test
    void columnsAreKnownByName() throws Exception {
        ResolvedSchema input =
                ResolvedSchema.of(Column.physical("frames", DataTypes.INT()), Column.physical("features", FLOATS));
        ResolvedSchema output = ResolvedSchema.of(
                Column.physical("digest", DataTypes.STRING()), Column.physical("text", DataTypes.STRING()));
        ModelColumns columns = provider(input, output).columns();
        Speech speech = columns.speech(GenericRowData.of(2, new GenericArrayData(new float[] {1, 2})));
        assertThat(speech.frames()).isEqualTo(2);
        assertThat(speech.values()).containsExactly(1, 2);
        assertThat(columns.row(new Transcript("text", 3, "sha256:three")))
                .isEqualTo(GenericRowData.of(StringData.fromString("sha256:three"), StringData.fromString("text")));
    }

    @Test
    void whatIsMissingIsNamedWithWhatToWrite() {
        options.remove("model");
        refuses("'model' is missing after WITH. Write 'model' = 'demo'.");
        options.put("model", "demo");
        options.remove("properties.bootstrap.servers");
        refuses("Write 'properties.bootstrap.servers' = 'kafka:9092'.");
    }

    @Test
    void whatIsUnknownOrMakesNoSenseIsNamed() {
        options.put("modell", "demo");
        refuses("modell");
        options.remove("modell");
        options.put("device", "TPU");
        refuses("device");
        options.put("device", "CPU");
        options.put("concurrency", "0");
        refuses("'concurrency' is 0. Give 1 or more.");
        options.put("concurrency", "1");
        options.put("threads-per-row", "-1");
        refuses("Give 0 or more.");
        options.put("threads-per-row", "1");
        options.put("trusted-keys.file", directory.resolve("none").toString());
        refuses("'trusted-keys.file' cannot be read");
    }

    @Test
    void columnsAreThoseOfASpeechModel() {
        refuses(
                ResolvedSchema.of(Column.physical("features", FLOATS)),
                OUTPUT,
                "INPUT has no column frames. Write INPUT (features ARRAY<FLOAT>, frames INT, `language` STRING)");
        refuses(
                ResolvedSchema.of(
                        Column.physical("features", DataTypes.ARRAY(DataTypes.DOUBLE())),
                        Column.physical("frames", DataTypes.INT())),
                OUTPUT,
                "INPUT's column features is ARRAY<DOUBLE>. Write INPUT (");
        refuses(
                ResolvedSchema.of(Column.physical("audio", DataTypes.BYTES())),
                OUTPUT,
                "INPUT has a column audio, which a model of Koine's has not.");
        refuses(
                INPUT,
                ResolvedSchema.of(Column.physical("version", DataTypes.BIGINT())),
                "OUTPUT has no column text. Write OUTPUT (text STRING");
        refuses(
                INPUT,
                ResolvedSchema.of(
                        Column.physical("text", DataTypes.STRING()), Column.physical("version", DataTypes.INT())),
                "OUTPUT's column version is INT. Write OUTPUT (");
    }

    private ServingSettings settings() {
        return provider(INPUT, OUTPUT).settings();
    }

    private void refuses(String message) {
        refuses(INPUT, OUTPUT, message);
    }

    private void refuses(ResolvedSchema input, ResolvedSchema output, String message) {
        assertThatExceptionOfType(ValidationException.class)
                .isThrownBy(() -> provider(input, output))
                .satisfies(e -> assertThat(e).hasStackTraceContaining(message));
    }

    private KoineModelProvider provider(ResolvedSchema input, ResolvedSchema output) {
        CatalogModel model = CatalogModel.of(
                Schema.newBuilder().fromResolvedSchema(input).build(),
                Schema.newBuilder().fromResolvedSchema(output).build(),
                options,
                null);
        return (KoineModelProvider) FactoryUtil.createModelProvider(
                null,
                ObjectIdentifier.of("catalog", "database", "asr"),
                ResolvedCatalogModel.of(model, input, output),
                new Configuration(),
                getClass().getClassLoader(),
                false);
    }
}
