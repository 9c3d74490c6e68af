package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.flink.topics.TopicCheck;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.schemas.Topics;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine topics}. */
@Command(
        name = "topics",
        description = "Makes Koine's topics where they are missing; leaves those that are there as they are, and"
                + " says, ending with 1, what in their settings would lose events.",
        footer = {"%nExample:", "  koine topics --partitions 8"})
public final class TopicsCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            description = "Partitions of each; a model's events keep to one (default: ${DEFAULT-VALUE}).",
            defaultValue = "2")
    int partitions;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        Topics topics = Topics.DEFAULT;
        TopicSetup.createMissing(kafka.properties(), topics, partitions);
        spec.commandLine()
                .getOut()
                .printf(
                        "%s, %s, %s, %s, %s and %s are there.%n",
                        topics.models(),
                        topics.experts(),
                        topics.updates(),
                        topics.rejections(),
                        Topics.SERVICES,
                        Topics.ARTIFACTS);
        List<String> problems = TopicCheck.problems(kafka.properties(), topics);
        for (String problem : problems) {
            spec.commandLine().getErr().println("koine: " + problem);
        }
        return problems.isEmpty() ? ExitCode.OK : ExitCode.TROUBLE;
    }
}
