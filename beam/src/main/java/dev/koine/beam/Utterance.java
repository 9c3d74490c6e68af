package dev.koine.beam;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** Speech to be written down. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class Utterance {
    @SchemaFieldDescription("Names the utterance in what comes out.")
    public final String id;

    @SchemaFieldDescription(
            "Features, frames times mels of them, one after the other in the layout that the model takes.")
    public final float[] features;

    @SchemaFieldDescription("How many frames they are.")
    public final int frames;

    @SchemaFieldDescription("BCP 47 tag of the speech; CTC models need none.")
    public final String language;

    @SchemaFieldDescription("TRANSCRIBE or TRANSLATE.")
    public final String task;

    /** @param features not copied, and not to be changed */
    @SchemaCreate
    public Utterance(String id, float[] features, int frames, String language, String task) {
        this.id = id;
        this.features = features;
        this.frames = frames;
        this.language = language;
        this.task = task;
    }

    /** Speech to be written down in its own language. */
    public static Utterance of(String id, float[] features, int frames, String language) {
        return new Utterance(id, features, frames, language, "TRANSCRIBE");
    }
}
