package dev.koine.beam.schema;

import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.util.List;
import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;
import org.jspecify.annotations.Nullable;

/** An update, as far as rows have use for it. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class UpdateRow {
    @SchemaFieldDescription("Id of the model.")
    public final String model;

    @SchemaFieldDescription("Number of the version; 0 is the base itself.")
    public final long version;

    @SchemaFieldDescription("The version before; null for version 0.")
    public final @Nullable Long parent;

    @SchemaFieldDescription("Digest of the bundle, sha256:<hex>.")
    public final String digest;

    @SchemaFieldDescription("URI of the folder with the version's files.")
    public final String place;

    @SchemaFieldDescription("What led to it: REGISTERED, MERGED, REPLACED, RETRACTED or ROLLED_BACK.")
    public final String change;

    @SchemaFieldDescription("The expert that came in or went out; null if none did.")
    public final @Nullable String expert;

    @SchemaFieldDescription("The factor of the sum; null in updates of older releases.")
    public final @Nullable Double scale;

    @SchemaFieldDescription("When the job made the version, as 2026-01-31T12:00:00Z.")
    public final String time;

    @SchemaFieldDescription("What is inside, ordered by expert.")
    public final List<Inside> experts;

    @SchemaCreate
    public UpdateRow(
            String model,
            long version,
            @Nullable Long parent,
            String digest,
            String place,
            String change,
            @Nullable String expert,
            @Nullable Double scale,
            String time,
            List<Inside> experts) {
        this.model = model;
        this.version = version;
        this.parent = parent;
        this.digest = digest;
        this.place = place;
        this.change = change;
        this.expert = expert;
        this.scale = scale;
        this.time = time;
        this.experts = experts;
    }

    static UpdateRow of(ModelUpdate update) {
        return new UpdateRow(
                update.getModelId(),
                update.getVersion(),
                update.getParent(),
                update.getDigest(),
                update.getBundle().getUri(),
                update.getCause().getChange().name(),
                update.getCause().getExpertId(),
                update.getScale(),
                update.getTime().toString(),
                update.getExperts().stream().map(Inside::of).toList());
    }

    /** An expert inside. */
    @DefaultSchema(JavaFieldSchema.class)
    @SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
    public static final class Inside {
        @SchemaFieldDescription("Id of the expert.")
        public final String expert;

        @SchemaFieldDescription("Its revision.")
        public final long revision;

        @SchemaFieldDescription("BCP 47 tags.")
        public final List<String> languages;

        @SchemaFieldDescription("Factor of its task vector.")
        public final double weight;

        @SchemaCreate
        public Inside(String expert, long revision, List<String> languages, double weight) {
            this.expert = expert;
            this.revision = revision;
            this.languages = languages;
            this.weight = weight;
        }

        private static Inside of(MergedExpert inside) {
            return new Inside(
                    inside.getExpertId(), inside.getRevision(), List.copyOf(inside.getLanguages()), inside.getWeight());
        }
    }
}
