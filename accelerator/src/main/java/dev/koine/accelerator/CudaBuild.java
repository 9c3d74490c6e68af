package dev.koine.accelerator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Which build of ONNX Runtime is here; looks at names only, so that nothing native is loaded to know. */
final class CudaBuild {
    private static final String RESOURCES = "/ai/onnxruntime/native/";
    private static final String LINUX = "libonnxruntime_providers_cuda.so";
    private static final String WINDOWS = "onnxruntime_providers_cuda.dll";

    private static final List<Path> DRIVERS = List.of(Path.of("/dev/nvidiactl"), Path.of("/dev/dxg"));

    private CudaBuild() {}

    /** Whether a GPU's driver may be here: on Linux its device, or that of Windows below it; elsewhere only trying tells. */
    static boolean mayHaveDriver() {
        return !System.getProperty("os.name").startsWith("Linux")
                || DRIVERS.stream().anyMatch(Files::exists);
    }

    /** Whether it has the CUDA provider, in its jar or where {@code onnxruntime.native.path} says. */
    static boolean isHere() {
        boolean inJar = Stream.of("linux-x64/" + LINUX, "linux-aarch64/" + LINUX, "win-x64/" + WINDOWS)
                .anyMatch(file -> CudaBuild.class.getResource(RESOURCES + file) != null);
        String unpacked = System.getProperty("onnxruntime.native.path");
        return inJar
                || unpacked != null
                        && Stream.of(LINUX, WINDOWS)
                                .anyMatch(file -> Files.exists(Path.of(unpacked).resolve(file)));
    }
}
