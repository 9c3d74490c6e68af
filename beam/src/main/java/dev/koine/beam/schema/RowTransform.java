package dev.koine.beam.schema;

import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.values.PCollectionRowTuple;

/** A transform of rows that a provider has built. */
final class RowTransform extends SchemaTransform {
    static final String INPUT = "input";
    static final String OUTPUT = "output";
    static final String ERRORS = "errors";
    private static final long serialVersionUID = 1L;

    private final transient Expansion expansion;

    /** What is built; runs where the pipeline is built and nowhere else. */
    @FunctionalInterface
    interface Expansion {
        PCollectionRowTuple of(PCollectionRowTuple input);
    }

    RowTransform(Expansion expansion) {
        this.expansion = expansion;
    }

    @Override
    public PCollectionRowTuple expand(PCollectionRowTuple input) {
        return expansion.of(input);
    }
}
