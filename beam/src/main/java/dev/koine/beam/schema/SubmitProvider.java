package dev.koine.beam.schema;

import dev.koine.beam.KoineSubmit;
import dev.koine.beam.Submission;
import java.util.List;
import java.util.Map;
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

/** {@link KoineSubmit#folders} by name. */
public final class SubmitProvider extends TypedSchemaTransformProvider<SubmitProvider.Config> {

    /** What it is told. */
    @DefaultSchema(JavaFieldSchema.class)
    @SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
    public static class Config {
        @SchemaFieldDescription("Kafka brokers to begin with, as host:port,host:port.")
        public String bootstrapServers = "";

        @SchemaFieldDescription("Topic of experts (default: koine.experts).")
        public @Nullable String topic;

        @SchemaFieldDescription("Settings of the Kafka producer, such as those for TLS, and of a schema registry.")
        public @Nullable Map<String, String> kafkaConfig;

        @SchemaFieldDescription(
                "File with the key that signs events, which koine keys new has made and every worker has.")
        public @Nullable String signingKey;
    }

    @Override
    public String identifier() {
        return "beam:schematransform:dev.koine:submit:v1";
    }

    @Override
    public String description() {
        return "Submits fine-tuned speech models in folders (rows: model, expert, place; maybe revision, languages, tasks, weight)"
                + " to Koine's merge job. Output: what was sent, and errors: what was not, and why.";
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
        KoineSubmit.Folders submit = KoineSubmit.folders().withBootstrapServers(config.bootstrapServers);
        submit = config.kafkaConfig == null ? submit : submit.withKafkaConfig(config.kafkaConfig);
        submit = config.topic == null ? submit : submit.withTopic(config.topic);
        KoineSubmit.Folders told = config.signingKey == null ? submit : submit.withSigningKey(config.signingKey);
        return new RowTransform(input -> {
            PCollection<Row> rows = input.get(RowTransform.INPUT);
            Rows.require("KoineSubmit", rows, "model", "expert", "place");
            PCollectionTuple sent = rows.apply(
                            "Submissions",
                            MapElements.into(TypeDescriptor.of(Submission.class))
                                    .via(SubmitProvider::submission))
                    .apply("Submit", told);
            return PCollectionRowTuple.of(
                    RowTransform.OUTPUT, sent.get(KoineSubmit.SENT).apply("SentRows", Convert.toRows()),
                    RowTransform.ERRORS, sent.get(KoineSubmit.FAILED).apply("FailedRows", Convert.toRows()));
        });
    }

    private static Submission submission(Row row) {
        return new Submission(
                Rows.text(row, "model"),
                Rows.text(row, "expert"),
                Rows.whole(row, "revision", 1),
                Rows.texts(row, "languages"),
                Rows.texts(row, "tasks"),
                Rows.real(row, "weight", 1),
                Rows.text(row, "place"));
    }
}
