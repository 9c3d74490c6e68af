package dev.koine.beam.schema;

import dev.koine.beam.KoineTranscribe;
import dev.koine.beam.Utterance;
import dev.koine.engine.Device;
import dev.koine.serving.ServingSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.sdk.schemas.transforms.Convert;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.TypedSchemaTransformProvider;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;
import org.jspecify.annotations.Nullable;

/** {@link KoineTranscribe} by name. */
public final class TranscribeProvider extends TypedSchemaTransformProvider<TranscribeProvider.Config> {

    /** What it is told. */
    @DefaultSchema(JavaFieldSchema.class)
    @SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
    public static class Config {
        @SchemaFieldDescription("Kafka brokers to begin with, as host:port,host:port.")
        public String bootstrapServers = "";

        @SchemaFieldDescription("Id of the model to follow.")
        public String model = "";

        @SchemaFieldDescription("Topic of updates (default: koine.updates).")
        public @Nullable String topic;

        @SchemaFieldDescription("Settings of the Kafka consumer, such as those for TLS, and of a schema registry.")
        public @Nullable Map<String, String> kafkaConfig;

        @SchemaFieldDescription("Folder of the worker for copies of versions (default: one in its temporary folder).")
        public @Nullable String cacheDirectory;

        @SchemaFieldDescription("Where the model runs: CPU, CUDA, or AUTO (default), a GPU if there is one.")
        public @Nullable String device;

        @SchemaFieldDescription("Threads that share one call; 0 for one a core (default: 1).")
        public @Nullable Integer threads;

        @SchemaFieldDescription("Seconds to wait for the first version (default: 120).")
        public @Nullable Long firstVersionWithin;

        private ServingSettings settings() {
            ServingSettings settings = ServingSettings.of(bootstrapServers, model)
                    .withDevice(device(), Objects.requireNonNullElse(threads, 1))
                    .withFirstVersionWithin(Duration.ofSeconds(Objects.requireNonNullElse(firstVersionWithin, 120L)));
            settings = kafkaConfig == null ? settings : settings.withKafka(kafkaConfig);
            settings = topic == null ? settings : settings.withUpdatesTopic(topic);
            return cacheDirectory == null ? settings : settings.withCacheDirectory(cacheDirectory);
        }

        private Device device() {
            String wanted = Objects.requireNonNullElse(device, Device.AUTO.name());
            return Arrays.stream(Device.values())
                    .filter(each -> each.name().equals(wanted))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "The device is '" + wanted + "'; give one of " + Arrays.toString(Device.values()) + "."));
        }
    }

    @Override
    public String identifier() {
        return "beam:schematransform:dev.koine:transcribe:v1";
    }

    @Override
    public String description() {
        return "Writes speech down (rows: id, features, frames; maybe language, task) with a model that follows its updates."
                + " Output: id, text, version, digest, and errors: speech that gets no text, and why.";
    }

    @Override
    public List<String> inputCollectionNames() {
        return List.of(RowTransform.INPUT);
    }

    @Override
    public List<String> outputCollectionNames() {
        return List.of(RowTransform.OUTPUT, RowTransform.ERRORS);
    }

    @Override
    protected SchemaTransform from(Config config) {
        KoineTranscribe transcribe = KoineTranscribe.with(config.settings());
        return new RowTransform(input -> {
            PCollection<Row> rows = input.get(RowTransform.INPUT);
            Rows.require("KoineTranscribe", rows, "id", "features", "frames");
            PCollectionTuple texts = rows.apply(
                            "Utterances",
                            MapElements.into(TypeDescriptor.of(Utterance.class)).via(TranscribeProvider::utterance))
                    .apply("Transcribe", transcribe);
            return PCollectionRowTuple.of(
                    RowTransform.OUTPUT,
                    texts.get(KoineTranscribe.TRANSCRIPTIONS).apply("TextRows", Convert.toRows()),
                    RowTransform.ERRORS,
                    texts.get(KoineTranscribe.FAILED).apply("FailedRows", Convert.toRows()));
        });
    }

    private static Utterance utterance(Row row) {
        String task = Rows.text(row, "task");
        return new Utterance(
                Rows.text(row, "id"),
                Rows.reals(row, "features"),
                Math.toIntExact(Rows.whole(row, "frames", 0)),
                Rows.text(row, "language"),
                task.isEmpty() ? "TRANSCRIBE" : task);
    }
}
