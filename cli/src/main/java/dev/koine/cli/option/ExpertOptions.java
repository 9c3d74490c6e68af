package dev.koine.cli.option;

import picocli.CommandLine.Option;

/** Which expert of which model an event is about. */
public final class ExpertOptions {
    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    public String modelId;

    @Option(names = "--expert", required = true, paramLabel = "ID", description = "Name of the expert.")
    public String expertId;
}
