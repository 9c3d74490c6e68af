package dev.koine.cli.option;

import dev.koine.engine.Device;
import picocli.CommandLine.Option;

/** Where matrices are decomposed. */
public final class DeviceOption {
    @Option(
            names = {"--device", "--decomposition"},
            paramLabel = "auto|cpu|cuda",
            descriptionKey = "job.decomposition",
            defaultValue = "AUTO")
    public Device device;
}
