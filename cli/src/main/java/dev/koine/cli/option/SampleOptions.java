package dev.koine.cli.option;

import dev.koine.speech.evaluation.EvaluationSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How much of an evaluation set is used. */
public final class SampleOptions {
    @Spec(Spec.Target.MIXEE)
    public CommandSpec spec;

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "Most utterances of each language and task (default: ${DEFAULT-VALUE}).",
            defaultValue = "50")
    public int most;

    @Option(names = "--seed", description = "Of the draw (default: ${DEFAULT-VALUE}).", defaultValue = "0")
    public long seed;

    public EvaluationSet draw(EvaluationSet set) {
        if (most < 1) {
            throw new ParameterException(spec.commandLine(), "A sample of " + most + " is none; give 1 or more.");
        }
        return set.sample(most, seed);
    }
}
