package dev.koine.cli.command;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code koine completion}. */
@Command(
        name = "completion",
        description = "Prints what makes bash and zsh complete commands and options.",
        footer = {"%nExample:", "  source <(koine completion)"})
public final class CompletionCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        CommandSpec root = spec.root();
        spec.commandLine().getOut().print(AutoComplete.bash(root.name(), root.commandLine()));
    }
}
