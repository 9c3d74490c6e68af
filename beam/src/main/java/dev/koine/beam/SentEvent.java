package dev.koine.beam;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** An expert event that the broker has. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class SentEvent {
    @SchemaFieldDescription("Id of the model.")
    public final String model;

    @SchemaFieldDescription("Id of the expert; empty for a rollback.")
    public final String expert;

    @SchemaFieldDescription("Revision of the expert.")
    public final long revision;

    @SchemaFieldDescription("Topic that the event stands in.")
    public final String topic;

    @SchemaFieldDescription("Its partition.")
    public final int partition;

    @SchemaFieldDescription("Its offset. Updates and rejections name it, so this tells what became of the event.")
    public final long offset;

    @SchemaCreate
    public SentEvent(String model, String expert, long revision, String topic, int partition, long offset) {
        this.model = model;
        this.expert = expert;
        this.revision = revision;
        this.topic = topic;
        this.partition = partition;
        this.offset = offset;
    }
}
