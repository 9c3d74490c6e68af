package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Pipelines that run in this JVM: on the DirectRunner, which checks that values can be encoded and are left alone, or on the runner that the
 * system property {@code beam.options} names.
 */
final class Pipelines {
    private static final String GIVEN = System.getProperty("beam.options", "");

    private Pipelines() {}

    /** Of so many workers. */
    static Pipeline of(int parallelism) {
        return GIVEN.isBlank() ? Pipeline.create(options(parallelism)) : Pipeline.create(given(parallelism));
    }

    private static PipelineOptions given(int parallelism) {
        return PipelineOptionsFactory.fromArgs((GIVEN + " --parallelism=" + parallelism).split(" "))
                .create();
    }

    static DirectOptions options(int parallelism) {
        DirectOptions options =
                PipelineOptionsFactory.fromArgs("--runner=DirectRunner").as(DirectOptions.class);
        options.setTargetParallelism(parallelism);
        assertThat(options.isEnforceEncodability() && options.isEnforceImmutability())
                .isTrue();
        return options;
    }
}
