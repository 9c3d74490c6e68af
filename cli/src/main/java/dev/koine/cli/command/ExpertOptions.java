package dev.koine.cli.command;

import picocli.CommandLine.Option;

/** Which expert of which model an event is about. */
final class ExpertOptions {
    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Option(names = "--expert", required = true, paramLabel = "ID", description = "Name of the expert.")
    String expertId;
}
