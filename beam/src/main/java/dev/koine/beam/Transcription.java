package dev.koine.beam;

import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaCreate;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;

/** What a version made of an utterance. */
@DefaultSchema(JavaFieldSchema.class)
@SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
public final class Transcription {
    @SchemaFieldDescription("The utterance's id.")
    public final String id;

    @SchemaFieldDescription("What was recognised; may be empty.")
    public final String text;

    @SchemaFieldDescription("The version that recognised it.")
    public final long version;

    @SchemaFieldDescription("Digest of that version's bundle, sha256:<hex>.")
    public final String digest;

    @SchemaCreate
    public Transcription(String id, String text, long version, String digest) {
        this.id = id;
        this.text = text;
        this.version = version;
        this.digest = digest;
    }
}
