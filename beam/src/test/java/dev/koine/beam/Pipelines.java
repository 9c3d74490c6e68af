package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** Pipelines that run in this JVM and check that values can be encoded and are left alone. */
final class Pipelines {
    private Pipelines() {}

    static Pipeline direct(int parallelism) {
        return Pipeline.create(options(parallelism));
    }

    static DirectOptions options(int parallelism) {
        DirectOptions options = PipelineOptionsFactory.create().as(DirectOptions.class);
        options.setRunner(DirectRunner.class);
        options.setTargetParallelism(parallelism);
        assertThat(options.isEnforceEncodability() && options.isEnforceImmutability())
                .isTrue();
        return options;
    }
}
