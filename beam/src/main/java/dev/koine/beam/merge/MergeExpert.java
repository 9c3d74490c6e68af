package dev.koine.beam.merge;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** An expert that is merged. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class MergeExpert {
    /** Its name in this merge, such as {@code ca}. */
    @SchemaFieldDescription("Name of the expert; each has one of its own.")
    public final String expert;

    /** The folder with its bundle, under a path that every worker has it under. */
    @SchemaFieldDescription("Folder with the expert's model files, under a path that every worker has it under.")
    public final String place;

    /** Factor of its task vector: finite, and not 0. */
    @SchemaFieldDescription("Factor of the expert's task vector: finite, and not 0; 1 for the whole expert.")
    public final double weight;

    @SchemaCreate
    public MergeExpert(String expert, String place, double weight) {
        this.expert = expert;
        this.place = place;
        this.weight = weight;
    }

    /** An expert of weight 1. */
    public static MergeExpert of(String expert, String place) {
        return new MergeExpert(expert, place, 1);
    }
}
