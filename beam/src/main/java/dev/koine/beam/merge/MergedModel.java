package dev.koine.beam.merge;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;
import org.jspecify.annotations.Nullable;

/** What a merge has made. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class MergedModel {
    /** Of the bundle, {@code sha256:<hex>}: that which {@code koine merge} prints for the same base, experts and recipe. */
    @SchemaFieldDescription("Digest of the merged model's bundle, sha256:<hex>.")
    public final String digest;

    /** The folder with its files, as a URI. */
    @SchemaFieldDescription("URI of the folder with the merged model's files.")
    public final String place;

    /** How many experts are inside. */
    @SchemaFieldDescription("How many experts are inside.")
    public final long experts;

    /** The factor of the sum; the mean over the weights where each has its own. */
    @SchemaFieldDescription("The factor of the sum; the mean over the weights where each has its own.")
    public final double scale;

    /** The share of the update that arrives in weights narrower than float32; null if no such weight changed. */
    @SchemaFieldDescription(
            "The share of the update that arrives in weights narrower than float32; null if none changed.")
    public final @Nullable Double updateShare;

    /** How many variances came out too small and were raised to their bound. */
    @SchemaFieldDescription("How many variances came out too small and were raised to their bound.")
    public final long raisedVariances;

    @SchemaCreate
    public MergedModel(
            String digest,
            String place,
            long experts,
            double scale,
            @Nullable Double updateShare,
            long raisedVariances) {
        this.digest = digest;
        this.place = place;
        this.experts = experts;
        this.scale = scale;
        this.updateShare = updateShare;
        this.raisedVariances = raisedVariances;
    }
}
