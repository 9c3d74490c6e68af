package dev.koine.cli.command;

import dev.koine.cli.option.MergeEventOptions;
import dev.koine.cli.topic.Sender;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code koine submit}. */
@Command(
        name = "submit",
        description = "Submits a language expert, or a newer revision of one.",
        footer = {
            "%nExample:",
            "  koine submit --model whisper --expert ca --language ca ./whisper-small-ca-onnx",
            "  koine submit --model whisper --expert ca --language ca --upload s3://bucket/models/ ./whisper-small-ca-onnx"
        })
public final class SubmitCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    MergeEventOptions merge;

    @Mixin
    Sender sender;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        return sender.sendExpert(merge.event(out, spec.commandLine().getErr()), out);
    }
}
