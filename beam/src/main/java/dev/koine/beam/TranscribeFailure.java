package dev.koine.beam;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** A dead letter: an utterance that gets no text, whoever asks again. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class TranscribeFailure {
    @SchemaFieldDescription("The utterance's id.")
    public final String id;

    @SchemaFieldDescription("What is wrong and what to do, in sentences.")
    public final String message;

    @SchemaFieldDescription("How many values its features have.")
    public final int values;

    @SchemaFieldDescription("How many frames it says they are.")
    public final int frames;

    @SchemaFieldDescription("Its language.")
    public final String language;

    @SchemaFieldDescription("Its task.")
    public final String task;

    @SchemaCreate
    public TranscribeFailure(String id, String message, int values, int frames, String language, String task) {
        this.id = id;
        this.message = message;
        this.values = values;
        this.frames = frames;
        this.language = language;
        this.task = task;
    }
}
