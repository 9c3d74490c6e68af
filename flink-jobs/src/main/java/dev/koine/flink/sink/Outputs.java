package dev.koine.flink.sink;

import dev.koine.schemas.Rejection;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.util.OutputTag;

/** Side outputs that every stage has. */
public final class Outputs {
    /** Events that a stage has refused. */
    public static final OutputTag<Rejection> REJECTIONS =
            new OutputTag<>("rejections", new AvroTypeInfo<>(Rejection.class));

    private Outputs() {}
}
