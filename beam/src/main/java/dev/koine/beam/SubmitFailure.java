package dev.koine.beam;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ExpertEvent;
import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** A dead letter: an expert event that was not sent, since sending it again would fare no better. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class SubmitFailure {
    @SchemaFieldDescription("Id of the model, as far as it is known.")
    public final String model;

    @SchemaFieldDescription("Id of the expert, as far as it is known.")
    public final String expert;

    @SchemaFieldDescription("Revision of the expert.")
    public final long revision;

    @SchemaFieldDescription("What is wrong, as a rejection code.")
    public final String code;

    @SchemaFieldDescription("What is wrong and what to do, in sentences.")
    public final String message;

    @SchemaFieldDescription("The event, or the submission, as text.")
    public final String event;

    @SchemaCreate
    public SubmitFailure(String model, String expert, long revision, String code, String message, String event) {
        this.model = model;
        this.expert = expert;
        this.revision = revision;
        this.code = code;
        this.message = message;
        this.event = event;
    }

    static SubmitFailure of(ExpertEvent event, RejectedException reason) {
        return new SubmitFailure(
                text(event.getModelId()),
                text(event.getExpertId()),
                event.getRevision(),
                reason.code().name(),
                String.valueOf(reason.getMessage()),
                event.toString());
    }

    static SubmitFailure of(Submission submission, RejectedException reason) {
        return new SubmitFailure(
                submission.model,
                submission.expert,
                submission.revision,
                reason.code().name(),
                String.valueOf(reason.getMessage()),
                submission.toString());
    }

    /** Avro's setters take null where its schema does not. */
    @SuppressWarnings("ConstantConditions")
    private static String text(String value) {
        return value == null ? "" : value;
    }
}
