package dev.koine.cli.following;

import dev.koine.follower.Step;
import dev.koine.follower.triton.Instances;
import dev.koine.follower.triton.TritonStep;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.ExampleRun;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether Triton serves the versions, and how. */
public final class TritonOptions {
    /** Who reads the versions. */
    public enum Target {
        FOLDER,
        TRITON
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--to",
            paramLabel = "folder|triton",
            description = {
                "folder: whoever reads FOLDER/current.",
                "triton: a Triton server, too, that was started with --model-repository=FOLDER/models --model-control-mode=explicit.",
                "(default: ${DEFAULT-VALUE})"
            },
            defaultValue = "folder")
    Target target;

    @Option(
            names = "--triton-url",
            paramLabel = "URL",
            description = "triton: its HTTP interface, such as http://127.0.0.1:8000.")
    @Nullable
    URI url;

    @Option(
            names = "--instances",
            paramLabel = "N",
            description = "triton: instances of each model (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    int instances;

    @Option(
            names = "--kind",
            paramLabel = "auto|cpu|gpu",
            description = "triton: what they run on (default: ${DEFAULT-VALUE}).",
            defaultValue = "auto")
    Instances.Kind kind;

    /**
     * The step that has Triton serve a version; empty where that is not asked for.
     *
     * @param folder of versions and link
     * @param atMost how long a call may take
     */
    public Optional<Step> step(Path folder, Duration atMost) {
        @Nullable URI asked = url;
        if (target == Target.FOLDER) {
            if (asked != null) {
                throw wrong("--triton-url is for Triton: add --to triton.");
            }
            return Optional.empty();
        }
        if (asked == null
                || asked.getHost() == null
                || !String.valueOf(asked.getScheme()).matches("https?")) {
            throw wrong("--to triton needs the server: --triton-url http://127.0.0.1:8000.");
        }
        if (instances < 1) {
            throw wrong("--instances is " + instances + "; give 1 or more.");
        }
        return Optional.of(new TritonStep(
                folder.toAbsolutePath().normalize(),
                asked,
                new Instances(instances, kind),
                atMost,
                (directory, file) -> ExampleRun.of(directory, file, OnnxOptions.DEFAULT)));
    }

    private ParameterException wrong(String sentence) {
        return new ParameterException(spec.commandLine(), sentence);
    }
}
