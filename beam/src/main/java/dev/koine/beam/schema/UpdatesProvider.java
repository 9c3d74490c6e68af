package dev.koine.beam.schema;

import dev.koine.beam.KoineUpdates;
import dev.koine.schemas.ModelUpdate;
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
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;
import org.jspecify.annotations.Nullable;

/** {@link KoineUpdates} by name. A view has no name: the newest of each model come as rows. */
public final class UpdatesProvider extends TypedSchemaTransformProvider<UpdatesProvider.Config> {

    /** What it is told. */
    @DefaultSchema(JavaFieldSchema.class)
    @SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
    public static class Config {
        @SchemaFieldDescription("Kafka brokers to begin with, as host:port,host:port.")
        public String bootstrapServers = "";

        @SchemaFieldDescription("Topic of updates (default: koine.updates).")
        public @Nullable String topic;

        @SchemaFieldDescription("Settings of the Kafka consumer, such as those for TLS, and of a schema registry.")
        public @Nullable Map<String, String> kafkaConfig;

        @SchemaFieldDescription("Only updates of this model (default: of all).")
        public @Nullable String model;

        @SchemaFieldDescription("Ends when all is read that is committed when the pipeline starts (default: false).")
        public @Nullable Boolean untilNow;

        @SchemaFieldDescription("Only the newest update of each model; wants until_now (default: false).")
        public @Nullable Boolean latest;
    }

    @Override
    public String identifier() {
        return "beam:schematransform:dev.koine:updates:v1";
    }

    @Override
    public String description() {
        return "Reads the versions of speech models that Koine's merge job announces, committed ones only.";
    }

    @Override
    public List<String> inputCollectionNames() {
        return List.of();
    }

    @Override
    public List<String> outputCollectionNames() {
        return List.of(RowTransform.OUTPUT);
    }

    @Override
    protected SchemaTransform from(Config config) {
        boolean untilNow = Boolean.TRUE.equals(config.untilNow);
        boolean latest = Boolean.TRUE.equals(config.latest);
        if (latest && !untilNow) {
            throw new IllegalArgumentException(
                    "KoineUpdates is asked for the latest of a topic that does not end: each update is the latest when it"
                            + " comes. Set until_now as well, or take all updates.");
        }
        KoineUpdates.Read read = KoineUpdates.read().withBootstrapServers(config.bootstrapServers);
        read = config.kafkaConfig == null ? read : read.withKafkaConfig(config.kafkaConfig);
        read = config.topic == null ? read : read.withTopic(config.topic);
        read = config.model == null ? read : read.withModel(config.model);
        KoineUpdates.Read told = untilNow ? read.untilNow() : read;
        return new RowTransform(input -> {
            PCollection<ModelUpdate> updates = input.getPipeline().apply("Updates", told);
            PCollection<ModelUpdate> wanted = latest ? updates.apply("Newest", KoineUpdates.newest()) : updates;
            return PCollectionRowTuple.of(
                    RowTransform.OUTPUT,
                    wanted.apply(
                                    "Row",
                                    MapElements.into(TypeDescriptor.of(UpdateRow.class))
                                            .via(UpdateRow::of))
                            .apply("Rows", Convert.toRows()));
        });
    }
}
