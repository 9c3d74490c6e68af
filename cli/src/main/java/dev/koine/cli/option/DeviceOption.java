package dev.koine.cli.option;

import dev.koine.engine.Device;
import picocli.CommandLine.Option;

/** Where matrices are decomposed. */
public final class DeviceOption {
    @Option(
            names = "--device",
            description = {
                "Where matrices are decomposed: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
                "AUTO is CUDA where it works, else the CPU. Results agree to about 1e-5; digests differ."
            },
            defaultValue = "AUTO")
    public Device device;
}
