package dev.koine.beam;

import java.util.List;
import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** An expert in a folder that is to be submitted, as {@code koine submit} takes it. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class Submission {
    @SchemaFieldDescription("Id of the model, as it was registered.")
    public final String model;

    @SchemaFieldDescription("Names the expert through all its revisions, such as de or medical-de.")
    public final String expert;

    @SchemaFieldDescription("A higher revision replaces a lower one.")
    public final long revision;

    @SchemaFieldDescription("BCP 47 tags.")
    public final List<String> languages;

    @SchemaFieldDescription("TRANSCRIBE, TRANSLATE.")
    public final List<String> tasks;

    @SchemaFieldDescription("Factor of the expert's task vector: finite, and not 0.")
    public final double weight;

    @SchemaFieldDescription("Folder with the model, which the workers and the merge job have under this path.")
    public final String place;

    @SchemaCreate
    public Submission(
            String model,
            String expert,
            long revision,
            List<String> languages,
            List<String> tasks,
            double weight,
            String place) {
        this.model = model;
        this.expert = expert;
        this.revision = revision;
        this.languages = List.copyOf(languages);
        this.tasks = List.copyOf(tasks);
        this.weight = weight;
        this.place = place;
    }

    @Override
    public String toString() {
        return "model " + model + ", expert " + expert + ", revision " + revision + ", languages " + languages
                + ", tasks " + tasks + ", weight " + weight + ", place " + place;
    }
}
